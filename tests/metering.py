"""A meter for work that no request does."""

from collections.abc import Iterator
from contextlib import contextmanager

from app.meter import METER, Meter


@contextmanager
def counted_by(meter: Meter) -> Iterator[None]:
    """Have this task, and those that it starts, count with this meter."""
    before = METER.set(meter)
    try:
        yield
    finally:
        METER.reset(before)
