"""What was killed, and how calls were answered afterwards."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from tests.crashes.watched_wire import Moment

ANSWERED, CUT_OFF = "answered", "not answered"
"""The latter where nobody saw how far a call had come."""
PHASES = {
    Moment.NOT_BEGUN: "before it began",
    Moment.BEGUN: "at work, before its commit",
    Moment.COMMITTING: "within its commit",
    Moment.COMMITTED: "committed, before its answer",
}


PASSING = {"SERVICE_UNAVAILABLE", "SHUTTING_DOWN", "TIMEOUT"}
"""The codes of what may be sent again as it is."""


@dataclass
class KillTally:
    """What was killed, and how the calls were answered afterwards."""

    kills: Counter[str] = field(default_factory=Counter)
    phases: Counter[str] = field(default_factory=Counter)
    """Where each of the calls was when the server was killed."""
    repeated: Counter[str] = field(default_factory=Counter)
    """Whether calls had been committed, by phase: what their repetition showed."""
    told_to_try_again: Counter[str] = field(default_factory=Counter)
    """Answers with such a code: of a server that is busy, or has only just been started."""
    wrong: list[str] = field(default_factory=list)


def told(tally: KillTally) -> Iterator[str]:
    """A tally in lines."""
    for title, counts in (
        ("Kills", tally.kills),
        ("Calls when they were cut off", tally.phases),
        ("When they were repeated", tally.repeated),
        ("Answers that said to try again", tally.told_to_try_again),
    ):
        yield f"{title}: {sum(counts.values())}"
        yield from (f"{number:8}  {what}" for what, number in sorted(counts.items()))
