"""How long what has ended by itself waits before it is restarted."""

import math
import time

FIRST_DELAY_SECONDS = 0.1
LONGEST_DELAY_SECONDS = 10.0
"""Where one after the other ends."""
STEADY_SECONDS = 10.0
"""What ran so long is restarted without a longer delay."""
SUSPICIOUS_DELAY_SECONDS = 1.0
"""Who waited so long comes after several that ended one after the other."""

_suspected_until = -math.inf


def delay_after(delay_seconds: float, *, served_seconds: float) -> float:
    """How long something waits whose predecessor waited so long, and served so long after that."""
    if served_seconds >= STEADY_SECONDS:
        return FIRST_DELAY_SECONDS
    return min(max(2 * delay_seconds, FIRST_DELAY_SECONDS), LONGEST_DELAY_SECONDS)


def started_after(delay_seconds: float) -> None:
    """Note in a worker how long it has waited."""
    global _suspected_until  # noqa: PLW0603 - it is that of the process
    suspected = delay_seconds >= SUSPICIOUS_DELAY_SECONDS
    _suspected_until = time.monotonic() + STEADY_SECONDS if suspected else -math.inf


def is_steady(now: float) -> bool:
    """Whether this process will probably go on serving: it has for a while, or those before it did not end in a row."""
    return now >= _suspected_until
