"""The signals that stop a server."""

import signal
from types import FrameType

SIGNALS = (signal.SIGTERM, signal.SIGINT)
EXIT_SECONDS = 2
"""Seconds that workers may take to end, beyond those of requests, before they are killed."""


def stop_on_signals() -> None:
    """Turn the signals that stop us into SystemExit: by default SIGTERM ends a process without any cleaning up.

    Uvicorn catches them while it serves, and raises them again afterwards. More of them don't disturb the cleaning up.
    """

    def stop(_number: int, _frame: FrameType | None) -> None:
        ignore_signals()
        raise SystemExit(0)

    for number in SIGNALS:
        signal.signal(number, stop)


def ignore_signals() -> None:
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)
