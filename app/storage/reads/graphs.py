"""Drafts and versions by their ids: as rules need them, with the place that they live in, and as graphs.

Content is read once for each hash however many share it.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import reduce
from operator import add
from typing import Any, NamedTuple

import orjson
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    FromClause,
    Integer,
    Select,
    Text,
    bindparam,
    case,
    cast,
    func,
    literal,
    null,
    select,
    tuple_,
    union_all,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSON

from app.domain.access import WorkspaceAccess
from app.domain.component import Catalogue
from app.domain.flow import (
    CopiedState,
    DraftNotFound,
    Flow,
    FlowState,
    SourceWish,
    StateOfFlow,
    VersionNotFound,
    copied_state,
)
from app.domain.model import ReferenceKind, Target, TenantId
from app.meter import current_meter
from app.offload import interruptible, offload
from app.storage.connections.connection import ReadConnection, Row, is_one_of, texts
from app.storage.facts.flows import FLOWS_WITH_STATES, STATES, chosen_by, flows_with_states, with_graphs
from app.storage.facts.gather import COMPONENT_COLUMNS, catalogue_of, read_catalogue, target_of
from app.storage.facts.locks import Touched
from app.storage.facts.states import States, graph_of, state_columns, state_of
from app.storage.facts.visibility import ACCESS_COLUMNS, FLOWS, access_of, is_member, with_access
from app.storage.reads.rows import GraphView
from app.storage.tables import (
    COMPONENT,
    CONTRACT,
    FLOW,
    FLOW_CONTENT,
    FLOW_CONTENT_COMPONENT,
    FLOW_DRAFT,
    FLOW_VERSION,
    TEAM,
    TOPIC,
    WORKSPACE,
)

MOST = bindparam("most", type_=BigInteger)


def bounded(rows: FromClause, *, by: str, long: Sequence[str]) -> Select[Any]:
    """Select rows with long texts, and the sum of their bytes up to each row, in the order of the column `by`.

    The texts of rows beyond the limit are null: PostgreSQL knows a text's size without reading it, since TOAST stores long
    texts apart.
    """
    size = reduce(add, (func.octet_length(rows.c[name]) for name in long))
    total = func.sum(size).over(order_by=rows.c[by])
    columns = [case((total <= MOST, column)).label(column.name) if column.name in long else column for column in rows.c]
    return select(*columns, total.label("total"))


async def read_bounded(
    connection: ReadConnection, statement: Select[Any], parameters: Mapping[str, Any]
) -> Sequence[Row]:
    """The rows of a statement that `bounded` made, counted."""
    meter = current_meter()
    rows = await connection.rows(statement, {**parameters, "most": meter.readable_bytes})
    meter.take_graphs(max((int(row.total) for row in rows), default=0))
    return rows


class StateView(NamedTuple):
    flow_id: str
    access: WorkspaceAccess
    state: FlowState


def _states(table: FromClause) -> Select[Any]:
    rows = with_access(FLOWS.join(table, table.c.flow_id == FLOW.c.id)).join(
        FLOW_CONTENT, FLOW_CONTENT.c.hash == table.c.content_hash
    )
    columns = (*ACCESS_COLUMNS, FLOW.c.id.label("flow_id"), *state_columns("state", table, FLOW_CONTENT))
    return select(*columns).select_from(rows).where(is_one_of(table.c.id))


STATES_BY_ID = bounded(
    union_all(_states(FLOW_DRAFT), _states(FLOW_VERSION)).subquery("states"),
    by="state_id",
    long=("state_bindings", "state_outline"),
)


async def read_states(
    connection: ReadConnection, viewer: str, ids: Sequence[str], *, counts_steps: bool = False
) -> dict[str, StateView]:
    """The drafts and versions with these ids that the viewer sees; their steps count too where each is looked at."""
    rows = await read_bounded(connection, STATES_BY_ID, {"viewer": viewer, "ids": list(ids)})
    size = max((int(row.total) for row in rows), default=0)
    return await offload(size, _views, rows, counts_steps=counts_steps)


def _views(rows: Sequence[Row], *, counts_steps: bool) -> dict[str, StateView]:
    views = {}
    for row in interruptible(rows):
        saved = state_of(row, "state", graph_of(row, "state"))
        # All of it is parsed here, in a thread where it is large.
        _ = saved.state.graph.parts
        if counts_steps:
            current_meter().take_objects(len(saved.state.graph.steps))
        views[saved.id] = StateView(row.flow_id, access_of(row), saved.state)
    return views


_HOMES = FLOWS.join(WORKSPACE, WORKSPACE.c.id == FLOW.c.workspace_id).join(
    CONTRACT, CONTRACT.c.id == WORKSPACE.c.contract_id
)

GRAPHS = bounded(
    union_all(
        *(
            select(
                state.c.id,
                state.c.content_hash,
                state.c.bindings,
                CONTRACT.c.tenant_id,
            )
            .select_from(_HOMES.join(state, state.c.flow_id == FLOW.c.id))
            .where(is_one_of(state.c.id))
            for state in (FLOW_DRAFT, FLOW_VERSION)
        )
    ).subquery("graphs"),
    by="id",
    long=("bindings",),
)

CONTENTS = bounded(
    select(FLOW_CONTENT.c.hash, FLOW_CONTENT.c.graph).where(is_one_of(FLOW_CONTENT.c.hash)).subquery("contents"),
    by="hash",
    long=("graph",),
)


VERSIONS_BY_NUMBER = select(FLOW_VERSION.c.flow_id, FLOW_VERSION.c.number, FLOW_VERSION.c.id).where(
    tuple_(FLOW_VERSION.c.flow_id, FLOW_VERSION.c.number).in_(
        select(func.unnest(texts("flows")), func.unnest(bindparam("numbers", type_=ARRAY(Integer))))
    )
)


async def read_graphs(connection: ReadConnection, viewer: str, ids: Sequence[str]) -> dict[str, GraphView]:
    """The graphs of drafts and versions, by the ids of these; their content is only named."""
    rows = await read_bounded(connection, GRAPHS, {"viewer": viewer, "ids": list(ids)})
    return {row.id: GraphView._make(row[: len(GraphView._fields)]) for row in rows}


async def read_contents(connection: ReadConnection, hashes: Sequence[str]) -> dict[str, str]:
    """The canonical JSON of content, for whoever came by its hash: only what the viewer sees names one."""
    return {row.hash: row.graph for row in await read_bounded(connection, CONTENTS, {"ids": list(hashes)})}


async def read_versions_by_number(
    connection: ReadConnection, keys: Sequence[tuple[str, int]]
) -> dict[tuple[str, int], str]:
    """The ids of versions by flow and number, for whoever sees the flow."""
    flow_ids, numbers = [flow_id for flow_id, _ in keys], [number for _, number in keys]
    rows = await connection.rows(VERSIONS_BY_NUMBER, {"flows": flow_ids, "numbers": numbers})
    return {(row.flow_id, row.number): row.id for row in rows}


async def read_meanings(
    connection: ReadConnection, viewer: str, keys: Sequence[tuple[str, str]]
) -> dict[tuple[str, str], str | None]:
    """The ids of the components that commands mean, each in a tenant (C0), if the viewer can see them."""
    catalogue: Catalogue = await read_catalogue(connection, viewer, {command for _, command in keys})
    components = {key: catalogue.resolve(key[1], TenantId(key[0])) for key in keys}
    return {key: None if component is None else component.id for key, component in components.items()}


NAMED_STATE: ColumnElement[str] = bindparam("state", type_=Text)


class ChosenFlow(NamedTuple):
    flow: Flow
    copied: CopiedState | VersionNotFound | DraftNotFound
    row: Row

    @property
    def catalogue(self) -> Catalogue:
        """The components that commands of the copied state may mean; of a row of `SOURCE`."""
        return catalogue_of(orjson.loads(self.row["components"] or "[]"))

    @property
    def topics(self) -> Mapping[str, Target]:
        """The topics that the copied state is bound to; of a row of `SOURCE_WITH_TOPICS`."""
        targets = map(target_of, orjson.loads(self.row["topics"] or "[]"))
        return {target.id: target for target in targets}


def _of_copied_state(states: States, column: str) -> ColumnElement[Any]:
    """A column of the state that is copied, as `domain.flow.copied_state` chooses it."""
    published, draft, named = (states[name][0].c[column] for name in STATES)
    of_state = {StateOfFlow.DRAFT.value: draft, StateOfFlow.PUBLISHED_VERSION.value: published}
    by_name = case(of_state, value=NAMED_STATE, else_=func.coalesce(published, draft))
    return func.coalesce(named, by_name)


def _components(states: States) -> ColumnElement[Any]:
    """Every component, of whichever tenant, that a command of the copied state may mean, as JSON."""
    named = select(FLOW_CONTENT_COMPONENT.c.team, FLOW_CONTENT_COMPONENT.c.name).where(
        FLOW_CONTENT_COMPONENT.c.hash == _of_copied_state(states, "content_hash")
    )
    rows = (
        select(func.json_agg(func.json_build_array(*COMPONENT_COLUMNS)))
        .join_from(COMPONENT, TEAM, COMPONENT.c.team_id == TEAM.c.id)
        .where(tuple_(TEAM.c.name, COMPONENT.c.name).in_(named.correlate(*_tables(states))))
    )
    return cast(rows.correlate(*_tables(states)).scalar_subquery(), Text).label("components")


def _topics(states: States) -> ColumnElement[Any]:
    """The topics that the steps of the copied state are bound to, as JSON."""
    bindings = func.json_array_elements(cast(_of_copied_state(states, "bindings"), JSON)).table_valued("value")
    ids = select(func.json_extract_path_text(bindings.c.value, ReferenceKind.TOPIC.value))
    topic = TOPIC.alias("source_topic")
    values = topic.c.id, literal(ReferenceKind.TOPIC.value), topic.c.workspace_id, topic.c.name, null()
    rows = select(func.json_agg(func.json_build_array(*values, topic.c.schema_text))).where(
        topic.c.id.in_(ids.correlate(*_tables(states))), is_member(topic.c.workspace_id)
    )
    return cast(rows.correlate(*_tables(states)).scalar_subquery(), Text).label("topics")


def _tables(states: States) -> Iterable[FromClause]:
    return [table for table, _ in states.values()]


SOURCE = flows_with_states(_components)
SOURCE_WITH_TOPICS = flows_with_states(_components, _topics)


async def read_chosen(
    connection: ReadConnection,
    viewer: str,
    flow_id: str,
    source: SourceWish,
    *,
    statement: Select[Any] = FLOWS_WITH_STATES,
    parses_all: bool = True,
) -> ChosenFlow | None:
    """Read a flow with the state that `source` names, whose steps count as objects; None if the flow isn't visible.

    The whole graph is parsed, in a thread where it is large, unless only commands and references are needed.
    """
    named = Touched(read=[flow_id], versions=[*filter(None, [source.version_id])]).parameters()
    rows = await connection.rows(statement, {"viewer": viewer, "state": source.state, **named}) if named["ids"] else []
    facts = await with_graphs(connection, rows, {flow_id: [chosen_by(source)]})
    flow = facts.flows.get(flow_id)
    if flow is None:
        return None
    copied = copied_state(flow, source, facts.version(flow_id, source.version_id))
    if isinstance(copied, CopiedState):
        graph = copied.state.graph
        if parses_all:
            await offload(graph.size, lambda: graph.parts)
        current_meter().take_objects(len(graph.commands))
    return ChosenFlow(flow, copied, rows[0])
