"""Reads the facts of a call in at most four statements (P8): flows, graphs, components, targets.

Statements find only rows that the viewer can see (A4, A5).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Text,
    func,
    literal,
    null,
    select,
    tuple_,
    union_all,
)

from app.domain.component import (
    Catalogue,
    Component,
    ComponentAccess,
    ComponentName,
    ComponentRequirement,
    read_command,
)
from app.domain.content import Content, read_graph, topic_fields
from app.domain.facts import ExportWish, Facts, OntoFlow
from app.domain.flow import FlowState, size_of_graphs
from app.domain.graph import Json, commands
from app.domain.model import ComponentId, ContractId, ReferenceKind, Target, TenantId, Workspace, kind_of
from app.offload import LARGE, offload
from app.storage.connections.connection import ReadConnection, is_one_of, texts
from app.storage.facts.flows import StateChoice, chosen_by, own_states, read_flow_facts
from app.storage.facts.locks import Touched, Wish
from app.storage.facts.mirrored_rules import is_visible_component
from app.storage.facts.visibility import VIEWER, is_member
from app.storage.tables import (
    AGENT,
    COMPONENT,
    COMPONENT_WHITELIST,
    CONTRACT_ACCESS,
    CREDENTIAL,
    SECRET,
    TEAM,
    TOPIC,
)


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
    flows = await read_flow_facts(connection, viewer, choices, touched)
    return await facts_about(connection, viewer, replace(flows, number_of_wishes=len(wishes)), named_by(wishes))


async def facts_about(
    connection: ReadConnection,
    viewer: str,
    facts: Facts,
    named: Iterable[str] = (),
    sent: SentGraph | None = None,
) -> Facts:
    """Add the facts about flows, references that are named besides, and a graph that was sent."""
    # Equal graphs of several flows are one object.
    graphs = {id(graph): graph for flow_id in facts.flows for graph in facts.graphs_of(flow_id)}.values()
    size = size_of_graphs(*graphs)
    used = await offload(size, lambda: {command for graph in graphs for command in graph.commands})
    catalogue = await read_catalogue(connection, viewer, used.union(commands(sent and sent.graph)))
    graph = None
    if sent is not None:
        graph = await offload(
            LARGE, read_graph, sent.graph, topic_fields(catalogue, sent.workspace.contract.tenant_id, sent.before)
        )
    ids = await offload(size, lambda: {reference for graph in graphs for reference in graph.references})
    sent_ids = graph.graph.references if isinstance(graph, Content) else ()
    targets = await read_targets(connection, viewer, ids.union(sent_ids, named))
    return replace(facts, catalogue=catalogue, targets=targets, graph=graph)


def named_by(wishes: Iterable[Wish]) -> Iterator[str]:
    """The references that exports bind steps to, and those that they replace."""
    exports = [wish for wish in wishes if isinstance(wish, ExportWish)]
    for wish in exports:
        yield from filter(None, [wish.topic_id])
        yield from (id_ for mapping in wish.mappings for id_ in (mapping.from_id, mapping.to_id))
        yield from (chosen for step in wish.bindings for chosen in step.choices.values() if chosen is not None)
    for shared in {id(wish.shared_mappings): wish.shared_mappings for wish in exports}.values():
        yield from (id_ for mapping in shared.values() for id_ in (mapping.from_id, mapping.to_id))


_WHITELISTED = (
    select(func.array_agg(COMPONENT_WHITELIST.c.contract_id))
    .join_from(COMPONENT_WHITELIST, CONTRACT_ACCESS, CONTRACT_ACCESS.c.contract_id == COMPONENT_WHITELIST.c.contract_id)
    .where(COMPONENT_WHITELIST.c.component_id == COMPONENT.c.id, CONTRACT_ACCESS.c.user_id == VIEWER)
    .scalar_subquery()
)
"""The contracts that a component names, of those that the viewer sees: a flow can go to no other (A4, C3)."""
COMPONENT_COLUMNS: tuple[ColumnElement[Any], ...] = (
    COMPONENT.c.id,
    TEAM.c.name.label("team"),
    COMPONENT.c.name,
    COMPONENT.c.access,
    TEAM.c.contract_id,
    TEAM.c.tenant_id,
    COMPONENT.c.requires,
    COMPONENT.c.pub_sub,
    COMPONENT.c.topic_field,
    _WHITELISTED.label("whitelisted"),
    COMPONENT.c.title,
    is_visible_component().label("visible"),
)
"""The columns of a component that rules need, and whether the viewer can see it."""
COMPONENTS_BY_NAME = (
    select(*COMPONENT_COLUMNS)
    .join_from(COMPONENT, TEAM, COMPONENT.c.team_id == TEAM.c.id)
    .where(
        tuple_(TEAM.c.name, COMPONENT.c.name).in_(
            select(
                func.unnest(texts("teams")),
                func.unnest(texts("names")),
            )
        )
    )
)


_OF_KINDS = {
    ReferenceKind.CREDENTIAL: (CREDENTIAL, CREDENTIAL.c.component_id, null()),
    ReferenceKind.SECRET: (SECRET, SECRET.c.component_id, null()),
    ReferenceKind.AGENT: (AGENT, null(), null()),
    ReferenceKind.TOPIC: (TOPIC, null(), TOPIC.c.schema_text),
}
TARGETS = union_all(
    *(
        select(
            table.c.id,
            literal(kind.value, Text).label("kind"),
            table.c.workspace_id,
            table.c.name,
            component.label("component_id"),
            schema.label("schema_text"),
        ).where(is_one_of(table.c.id), is_member(table.c.workspace_id))
        for kind, (table, component, schema) in _OF_KINDS.items()
    )
)
"""Everything with these ids that lives in workspaces of which the viewer is a member."""


async def read_catalogue(connection: ReadConnection, viewer: str, commands: Iterable[str]) -> Catalogue:
    """Every component, of whichever tenant, that one of these commands may mean; what isn't visible only shadows."""
    different = {*commands}
    size = sum(map(len, different))
    reads = await offload(size, lambda: [read_command(command) for command in different])
    names = {read.component for read in reads if read is not None}
    if not names:
        return Catalogue()
    teams, components = zip(*names, strict=True)
    named = {"viewer": viewer, "teams": list(teams), "names": list(components)}
    return catalogue_of(await connection.rows(COMPONENTS_BY_NAME, named))


def catalogue_of(rows: Iterable[Any]) -> Catalogue:
    """The catalogue of components whose rows have `COMPONENT_COLUMNS`."""
    components: dict[bool, list[Component]] = {True: [], False: []}
    for *columns, is_visible in rows:
        components[is_visible].append(component_of(columns))
    return Catalogue(components[True], invisible=components[False])


async def read_targets(connection: ReadConnection, viewer: str, ids: Iterable[str]) -> Mapping[str, Target]:
    """The credentials, secrets, agents and topics with these ids."""
    different = {*ids}
    size = sum(map(len, different))
    possible = await offload(size, lambda: sorted(each for each in different if kind_of(each) is not None))
    if not possible:
        return {}
    rows = await connection.rows(TARGETS, {"viewer": viewer, "ids": possible})
    return {row.id: target_of(row) for row in rows}


def component_of(columns: Iterable[Any]) -> Component:
    id_, team, name, access, contract_id, tenant_id, requires, pub_sub, topic_field, whitelisted, title = columns
    return Component(
        ComponentId(id_),
        ComponentName(team, name),
        ComponentAccess(access),
        ContractId(contract_id),
        TenantId(tenant_id),
        ComponentRequirement(requires),
        pub_sub,
        topic_field,
        frozenset(whitelisted or ()),
        title,
    )


def target_of(row: Iterable[Any]) -> Target:
    """The target in a row of `TARGETS`."""
    id_, kind, workspace_id, name, component_id, schema = row
    return Target(id_, ReferenceKind(kind), workspace_id, name, component_id, schema)
