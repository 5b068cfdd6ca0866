"""What was killed, and how calls were answered afterwards."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from tests.crashes.wire import Moment

ANSWERED, CUT_OFF = "answered", "not answered"
"""The latter where nobody saw how far a call had come."""
PHASES = {
    Moment.NOT_BEGUN: "before it began",
    Moment.BEGUN: "at work, before its commit",
    Moment.COMMITTING: "within its commit",
    Moment.COMMITTED: "committed, before its answer",
}


@dataclass
class Tally:
    """What was killed, and how the calls were answered afterwards."""

    kills: Counter[str] = field(default_factory=Counter)
    phases: Counter[str] = field(default_factory=Counter)
    """Where each of the calls was when the server was killed."""
    repeated: Counter[str] = field(default_factory=Counter)
    """Whether calls had been committed, by phase: what their repetition showed."""
    wrong: list[str] = field(default_factory=list)


def told(tally: Tally) -> Iterator[str]:
    """A tally in lines."""
    for title, counts in (
        ("Kills", tally.kills),
        ("Calls when they were cut off", tally.phases),
        ("When they were repeated", tally.repeated),
    ):
        yield f"{title}: {sum(counts.values())}"
        yield from (f"{number:8}  {what}" for what, number in sorted(counts.items()))
