"""Reads the facts of a call in at most four statements (P8): flows, graphs, components, targets."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from app.domain.content import Content, read_graph, topic_fields
from app.domain.facts import ExportWish, Facts, OntoFlow
from app.domain.flow import FlowState, size_of_graphs
from app.domain.graph import Json, commands
from app.domain.model import Workspace
from app.offload import LARGE, offload
from app.storage.connections.connection import ReadConnection
from app.storage.facts.catalogue import read_catalogue, read_targets
from app.storage.facts.flows import FoundFlow, StateChoice, chosen_by, own_states, read_flows_and_workspaces
from app.storage.facts.locks import Touched, Wish


class SentGraph(NamedTuple):
    """A graph that a caller sent for a flow of a workspace."""

    graph: Json
    workspace: Workspace
    before: FlowState | None = None
    """The state that the graph takes the place of."""


async def gather(connection: ReadConnection, viewer: str, wishes: Sequence[Wish], touched: Touched) -> Facts:
    """The facts for all of the wishes: flows with the states that matter, workspaces, components and targets."""
    choices: dict[str, list[StateChoice]] = {}
    by_source = {wish.source: chosen_by(wish.source) for wish in wishes}
    for wish in wishes:
        choices.setdefault(wish.flow_id, []).append(by_source[wish.source])
        if isinstance(wish, ExportWish) and isinstance(wish.destination, OntoFlow):
            choices.setdefault(wish.destination.flow_id, []).append(own_states)
    found = await read_flows_and_workspaces(connection, viewer, choices, touched)
    facts = await facts_about(connection, viewer, found.flows, named_by(wishes))
    return replace(facts, accesses=found.accesses, flows_used=found.flows_used, number_of_wishes=len(wishes))


async def facts_about(
    connection: ReadConnection,
    viewer: str,
    flows: Mapping[str, FoundFlow],
    named: Iterable[str] = (),
    sent: SentGraph | None = None,
) -> Facts:
    """The facts about flows, references that are named besides, and a graph that was sent."""
    # Equal graphs of several flows are one object.
    graphs = {id(state.graph): state.graph for each in flows.values() for state in each.states}.values()
    size = size_of_graphs(*graphs)
    used = await offload(size, lambda: {command for graph in graphs for command in graph.commands})
    catalogue = await read_catalogue(connection, viewer, used.union(commands(sent and sent.graph)))
    graph = None
    if sent is not None:
        graph = await offload(LARGE, read_graph, sent.graph, topic_fields(catalogue, sent.workspace, sent.before))
    ids = await offload(size, lambda: {reference for graph in graphs for reference in graph.references})
    sent_ids = graph.graph.references if isinstance(graph, Content) else ()
    return Facts(
        flows={flow_id: each.flow for flow_id, each in flows.items()},
        versions={flow_id: each.named for flow_id, each in flows.items() if each.named},
        catalogue=catalogue,
        targets=await read_targets(connection, viewer, ids.union(sent_ids, named)),
        graph=graph,
    )


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
