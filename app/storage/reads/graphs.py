"""Graphs of drafts and versions: their bindings, and their content once for each hash however many share it."""

from collections.abc import Sequence

from sqlalchemy import Integer, Text, any_, bindparam, func, select, tuple_, union_all
from sqlalchemy.dialects.postgresql import ARRAY

from app.domain.component import Catalogue
from app.domain.model import TenantId
from app.storage.connections.connection import ReadConnection
from app.storage.facts.catalogue import read_catalogue
from app.storage.facts.visibility import FLOWS
from app.storage.reads.limit import bounded, read_bounded
from app.storage.reads.rows import GraphView
from app.storage.tables import CONTRACT, FLOW, FLOW_CONTENT, FLOW_DRAFT, FLOW_VERSION, WORKSPACE

IDS = bindparam("ids", type_=ARRAY(Text))

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
            .where(state.c.id == any_(IDS))
            for state in (FLOW_DRAFT, FLOW_VERSION)
        )
    ).subquery("graphs"),
    by="id",
    long=("bindings",),
)

CONTENTS = bounded(
    select(FLOW_CONTENT.c.hash, FLOW_CONTENT.c.graph).where(FLOW_CONTENT.c.hash == any_(IDS)).subquery("contents"),
    by="hash",
    long=("graph",),
)


VERSIONS_BY_NUMBER = select(FLOW_VERSION.c.flow_id, FLOW_VERSION.c.number, FLOW_VERSION.c.id).where(
    tuple_(FLOW_VERSION.c.flow_id, FLOW_VERSION.c.number).in_(
        select(
            func.unnest(bindparam("flows", type_=ARRAY(Text))), func.unnest(bindparam("numbers", type_=ARRAY(Integer)))
        )
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
