"""When a standby is read from, by what is known of it and of the primary."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

from app.storage.connections.connection import ReadConnection
from app.storage.connections.failures import DatabaseUnavailable
from app.storage.connections.replicas.replica import Replica


async def nowhere() -> NoReturn:
    raise AssertionError("nobody connects here")


async def never_asked(_: ReadConnection) -> bool:
    raise AssertionError("the primary hasn't answered")


def busy() -> NoReturn:
    raise DatabaseUnavailable("all connections are at work")


@contextmanager
def replica(*, most_lag_seconds: float = 60) -> Iterator[Replica]:
    """One that is in use, and has everything up to 100."""
    made = Replica(nowhere, 1, 1, most_lag_seconds=most_lag_seconds)
    note(made, current=100, replayed=100)
    assert made.is_in_use
    yield made
    made.leave_out("nobody reads any more")


def note(of: Replica, *, current: int, replayed: int, asked_at: float | None = None) -> None:
    of.note(current, asked_at or time.monotonic(), replayed)


def test_one_that_was_left_out_comes_back_with_all_that_was_written_before() -> None:
    """Of what was committed just before, the position may not have been noted."""
    before = time.monotonic()
    with replica() as standby:
        standby.leave_out("it couldn't be noted what was written")
        note(standby, current=150, replayed=150, asked_at=before)
        assert not standby.is_in_use
        note(standby, current=200, replayed=199)
        note(standby, current=300, replayed=199)
        assert not standby.is_in_use
        note(standby, current=300, replayed=200)
        assert standby.is_in_use


async def test_one_is_left_out_once_the_primary_has_not_said_for_too_long_where_it_is() -> None:
    with replica() as patient, replica(most_lag_seconds=0) as strict:
        for standby in (patient, strict):
            await standby.look(busy, never_asked)
        assert [standby.is_in_use for standby in (patient, strict)] == [True, False]
        note(strict, current=100, replayed=100)
        assert strict.is_in_use
