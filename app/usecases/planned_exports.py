"""What a call of many exports plans, counted while it is planned."""

from collections.abc import Iterable, Iterator

from app.domain.errors import Refused
from app.domain.export_batch import Decided
from app.domain.flow import CHARACTERS_PER_PART
from app.meter import current_meter
from app.offload import interruptible


def counted(decided: Iterable[Decided]) -> Iterator[Decided]:
    """The decisions, as long as the operation may go on. What several of them share counts once."""
    meter, shared = current_meter(), set[tuple[int, int]]()
    for each in interruptible(decided):
        if not isinstance(each.decision, Refused):
            found = each.decision.references, each.decision.state.bindings
            ids = id(found[0]), id(found[1])
            if ids not in shared:
                shared.add(ids)
                meter.take_planned(CHARACTERS_PER_PART * sum(map(len, found)))
        yield each
