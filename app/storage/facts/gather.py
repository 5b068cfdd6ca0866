"""Reads the facts of all copies or exports of a call in at most four statements (P8): flows, graphs, components, targets."""

from collections.abc import Iterable, Iterator, Sequence

from app.domain.export_facts import ExportWish, GatheredFacts, OntoFlow
from app.domain.flow import Flow, FlowState, SavedState
from app.storage.connections.connection import ReadConnection
from app.storage.facts.catalogue import read_catalogue, read_targets
from app.storage.facts.flows import StateChoice, chosen_by, own_states, read_flows_and_workspaces
from app.storage.facts.locks import Touched, Wish


async def gather(connection: ReadConnection, viewer: str, wishes: Sequence[Wish], touched: Touched) -> GatheredFacts:
    """The facts for all of the wishes: flows with the states that matter, workspaces, components and targets."""
    choices: dict[str, list[StateChoice]] = {}
    by_source = {wish.source: chosen_by(wish.source) for wish in wishes}
    for wish in wishes:
        choices.setdefault(wish.flow_id, []).append(by_source[wish.source])
        if isinstance(wish, ExportWish) and isinstance(wish.destination, OntoFlow):
            choices.setdefault(wish.destination.flow_id, []).append(own_states)
    found = await read_flows_and_workspaces(connection, viewer, choices, touched)
    states = [state for each in found.flows.values() for state in states_at_hand(each.flow, *each.named.values())]
    graphs = {id(state.graph): state.graph for state in states}.values()
    catalogue = await read_catalogue(connection, viewer, {each for graph in graphs for each in graph.commands})
    bound = {reference for graph in graphs for reference in graph.references}
    named = bound.union(named_by(wishes))
    return GatheredFacts(
        flows={flow_id: each.flow for flow_id, each in found.flows.items()},
        versions={(flow_id, one): state for flow_id, each in found.flows.items() for one, state in each.named.items()},
        accesses=found.accesses,
        flows_used=found.flows_used,
        catalogue=catalogue,
        targets=await read_targets(connection, viewer, named),
        number_of_wishes=len(wishes),
    )


def states_at_hand(flow: Flow, *named: SavedState) -> list[FlowState]:
    """Every state of the flow that was read, whichever is chosen."""
    return [saved.state for saved in (flow.published, flow.draft, *named) if saved is not None]


def named_by(wishes: Iterable[Wish]) -> Iterator[str]:
    """The references that exports bind steps to, and those that they replace."""
    exports = [wish for wish in wishes if isinstance(wish, ExportWish)]
    for wish in exports:
        yield from filter(None, [wish.topic_id])
        yield from (id_ for mapping in wish.mappings for id_ in (mapping.from_id, mapping.to_id))
        yield from (chosen for step in wish.bindings for chosen in step.choices.values() if chosen is not None)
    for shared in {id(wish.shared_mappings): wish.shared_mappings for wish in exports}.values():
        yield from (
            id_ for mappings in shared.values() for each in mappings.values() for id_ in (each.from_id, each.to_id)
        )
