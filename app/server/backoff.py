"""How long what has ended by itself waits before it is started again."""

FIRST_DELAY_SECONDS = 0.1
LONGEST_DELAY_SECONDS = 10.0
"""Where one after the other ends."""
STEADY_SECONDS = 10.0
"""What ran so long is started again without a longer delay."""


def delay_after(delay_seconds: float, *, served_seconds: float) -> float:
    """How long something waits whose predecessor waited so long, and served so long after that."""
    if served_seconds >= STEADY_SECONDS:
        return FIRST_DELAY_SECONDS
    return min(max(2 * delay_seconds, FIRST_DELAY_SECONDS), LONGEST_DELAY_SECONDS)
