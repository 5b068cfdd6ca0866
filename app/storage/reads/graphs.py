"""Drafts and versions by their ids: as rules need them, with the place that they live in, and as graphs.

Content is read once for each hash however many share it.
"""

from collections.abc import Mapping, Sequence
from functools import reduce
from operator import add
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    FromClause,
    Integer,
    Select,
    bindparam,
    case,
    func,
    select,
    tuple_,
    union_all,
)
from sqlalchemy.dialects.postgresql import ARRAY

from app.domain.access import WorkspaceAccess
from app.domain.component import Catalogue
from app.domain.flow import FlowState
from app.domain.model import TenantId
from app.meter import current_meter
from app.offload import interruptible, offload
from app.storage.connections.connection import ReadConnection, Row, is_one_of, texts
from app.storage.facts.catalogue import read_catalogue
from app.storage.facts.states import graph_of, state_columns, state_of
from app.storage.facts.visibility import ACCESS_COLUMNS, FLOWS, access_of, with_access
from app.storage.reads.rows import GraphView
from app.storage.tables import CONTRACT, FLOW, FLOW_CONTENT, FLOW_DRAFT, FLOW_VERSION, WORKSPACE

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


STATES = bounded(
    union_all(_states(FLOW_DRAFT), _states(FLOW_VERSION)).subquery("states"),
    by="state_id",
    long=("state_bindings", "state_outline"),
)


async def read_states(
    connection: ReadConnection, viewer: str, ids: Sequence[str], *, counts_steps: bool = False
) -> dict[str, StateView]:
    """The drafts and versions with these ids that the viewer sees; their steps count too where each is looked at."""
    rows = await read_bounded(connection, STATES, {"viewer": viewer, "ids": list(ids)})
    size = max((int(row.total) for row in rows), default=0)
    return await offload(size, _views, rows, counts_steps=counts_steps)


def _views(rows: Sequence[Row], *, counts_steps: bool) -> dict[str, StateView]:
    found = {}
    for row in interruptible(rows):
        saved = state_of(row, "state", graph_of(row, "state").whole())
        if saved is not None:
            if counts_steps:
                current_meter().take_objects(len(saved.state.graph.steps))
            found[saved.id] = StateView(row.flow_id, access_of(row), saved.state)
    return found


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
    meant = {key: catalogue.resolve(key[1], TenantId(key[0])) for key in keys}
    return {key: None if component is None else component.id for key, component in meant.items()}
