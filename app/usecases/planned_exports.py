"""What a call of many exports plans, counted while it is planned."""

from collections import deque
from collections.abc import Iterable, Iterator

from app.domain.errors import Refused
from app.domain.export_batch import Decided
from app.domain.flow import CHARACTERS_PER_PART, Graph
from app.meter import current_meter
from app.offload import interruptible

RECENT_GRAPHS = 16
"""So many stay as they were read; a call may be about a thousand flows, and items about one of them often follow each other."""


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
