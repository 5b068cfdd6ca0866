"""The delay before a process or task that has ended by itself is restarted."""

import math
import time

FIRST_DELAY_SECONDS = 0.1
LONGEST_DELAY_SECONDS = 10.0
"""The longest delay, after many restarts in a row."""
STEADY_SECONDS = 10.0
"""A process that served for this long is restarted after the first delay."""
SUSPICIOUS_DELAY_SECONDS = 1.0
"""A longer delay means that several ended in a row."""

_suspected_until = -math.inf


def delay_after(delay_seconds: float, *, served_seconds: float) -> float:
    """The next delay, after a process that waited for `delay_seconds` and then served for `served_seconds`."""
    if served_seconds >= STEADY_SECONDS:
        return FIRST_DELAY_SECONDS
    return min(max(2 * delay_seconds, FIRST_DELAY_SECONDS), LONGEST_DELAY_SECONDS)


def started_after(delay_seconds: float) -> None:
    """Note in a worker the delay before its start."""
    global _suspected_until  # noqa: PLW0603 - it is that of the process
    suspected = delay_seconds >= SUSPICIOUS_DELAY_SECONDS
    _suspected_until = time.monotonic() + STEADY_SECONDS if suspected else -math.inf


def is_steady(now: float) -> bool:
    """Whether this process will probably go on serving: it has served for a while, or is no replacement in a row."""
    return now >= _suspected_until
