"""The log as it is written."""

import io
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr

from app.telemetry.log import configure_log


@contextmanager
def logging() -> Iterator[io.StringIO]:
    """What is written to the log, in full."""
    written = io.StringIO()
    with redirect_stderr(written):
        yield written
    configure_log(log_format="json", level="info")
