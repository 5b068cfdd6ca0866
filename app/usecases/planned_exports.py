"""Counts what a call of many exports plans, item by item, so that it ends at the operation's limits."""

from collections import OrderedDict
from collections.abc import Iterable, Iterator

from app.domain.errors import Refused
from app.domain.export_batch import Decided
from app.domain.flow import Graph
from app.meter import current_meter
from app.offload import interruptible

RECENT_GRAPHS = 16
"""Graphs that stay parsed: a call may be about a thousand flows, and items about one flow often follow each other."""


def counted(decided: Iterable[Decided]) -> Iterator[Decided]:
    """Pass the decisions on while the operation is within its limits; a graph shared by several of them counts once."""
    meter, planned = current_meter(), dict[int, Graph]()
    for each in forgetting_graphs(decided):
        plan = each.decision
        if not isinstance(plan, Refused) and id(plan.state.graph) not in planned:
            planned[id(plan.state.graph)] = plan.state.graph
            meter.take_planned(plan.size)
        yield each


def forgetting_graphs(decided: Iterable[Decided]) -> Iterator[Decided]:
    """Pass the decisions on while the operation is within its limits; only the last few graphs stay parsed."""
    recent: OrderedDict[int, Graph] = OrderedDict()
    for each in interruptible(decided):
        yield each
        for graph in _graphs_of(each):
            recent[id(graph)] = graph
            recent.move_to_end(id(graph))
        while len(recent) > RECENT_GRAPHS:
            recent.popitem(last=False)[1].forget()


def _graphs_of(decided: Decided) -> Iterator[Graph]:
    flows = (flow for flow in (decided.facts.source, decided.facts.overridden) if flow is not None)
    yield from (saved.state.graph for flow in flows for saved in flow.states)
    yield from (each.state.graph for each in (decided.facts.named_version, decided.plan) if each is not None)
