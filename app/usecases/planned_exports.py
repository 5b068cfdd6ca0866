"""What a call of many exports plans, counted while it is planned."""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence

from app.domain.errors import Refused
from app.domain.export import ExportPlan
from app.domain.export_batch import Decided
from app.domain.flow import CHARACTERS_PER_PART, Graph
from app.domain.graph import Bindings
from app.meter import current_meter
from app.offload import interruptible

RECENT_GRAPHS = 16
"""So many stay as they were read; a call may be about a thousand flows, and items about one of them often follow each other."""

WRITTEN_AT_ONCE = 40_000
"""So many references are written in one statement: the driver needs several times the memory of what it sends."""
CHARACTERS_AT_ONCE = 4_000_000
"""So many characters of what steps are bound to, likewise: each draft has its own."""


def counted(decided: Iterable[Decided]) -> Iterator[Decided]:
    """The decisions, as long as the operation may go on. What several of them share counts once."""
    meter, planned, recent = current_meter(), dict[int, Graph](), deque[Graph]()
    for each in interruptible(decided):
        plan = each.decision
        if not isinstance(plan, Refused) and id(plan.state.graph) not in planned:
            graph = planned[id(plan.state.graph)] = plan.state.graph
            meter.take_planned(CHARACTERS_PER_PART * (len(plan.references) + len(graph.bindings)))
            recent.append(graph)
            if len(recent) > RECENT_GRAPHS:
                recent.popleft().forget()
        yield each


def in_parts(plans: Iterable[ExportPlan]) -> Iterator[Sequence[ExportPlan]]:
    """All of them, as a rule. Whoever exports very many references, or long data samples, has them written a part at a time."""
    part, references, characters = list[ExportPlan](), 0, 0
    known: dict[int, tuple[Bindings, int]] = {}
    for plan in plans:
        bindings = plan.state.bindings
        if id(bindings) not in known:
            known[id(bindings)] = bindings, _characters_of(bindings)
        part.append(plan)
        references += len(plan.references)
        characters += known[id(bindings)][1]
        if references >= WRITTEN_AT_ONCE or characters >= CHARACTERS_AT_ONCE:
            yield part
            part, references, characters = [], 0, 0
    if part:
        yield part


def _characters_of(bindings: Bindings) -> int:
    """About as many as their values have, of which data samples may be long."""
    return sum(len(str(value)) for step in bindings for value in step.values.values())
