"""The credentials and secrets of a workspace that fit steps, each list from its start: for many steps in two statements."""

from collections.abc import Collection, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import Integer, Select, Table, Text, any_, bindparam, func, select, true, union

from app.domain.model import ReferenceKind
from app.storage.connections.connection import ReadConnection, is_one_of, texts
from app.storage.facts.visibility import is_member
from app.storage.pages.paging import matching, searching
from app.storage.reads.rows import CredentialView, SecretView, columns
from app.storage.tables import CREDENTIAL, FLOW_EXPORT, SECRET

TABLES: Mapping[ReferenceKind, tuple[Table, type[CredentialView | SecretView]]] = {
    ReferenceKind.CREDENTIAL: (CREDENTIAL, CredentialView),
    ReferenceKind.SECRET: (SECRET, SecretView),
}

WORKSPACE = bindparam("workspace", type_=Text)
COMPONENTS = texts("components")
LIMIT = bindparam("first", type_=Integer)

MOST_FLOWS = 20
"""Flows exported from a flow that are read, the latest first."""

EXPORTED_FLOWS = (
    select(FLOW_EXPORT.c.destination_flow_id)
    .where(
        FLOW_EXPORT.c.source_flow_id == bindparam("flow", type_=Text),
        FLOW_EXPORT.c.destination_workspace_id == WORKSPACE,
        FLOW_EXPORT.c.destination_flow_id.is_not(None),
        FLOW_EXPORT.c.undone_at.is_(None),
    )
    .group_by(FLOW_EXPORT.c.destination_flow_id)
    .order_by(func.max(FLOW_EXPORT.c.id).desc())
    .limit(MOST_FLOWS)
)


class WantedCredentials(NamedTuple):
    """Credentials or secrets that are read besides the first ones by name of each component."""

    components: Collection[str]
    ids: Collection[str]
    name_keys: Collection[str]


async def read_exported_flows(connection: ReadConnection, flow_id: str, workspace_id: str) -> list[str]:
    """The flows of a workspace that a flow was exported to, the latest first; whether they can be seen isn't asked."""
    rows = await connection.rows(EXPORTED_FLOWS, {"flow": flow_id, "workspace": workspace_id})
    return [row.destination_flow_id for row in rows]


async def read_first(
    connection: ReadConnection,
    viewer: str,
    workspace_id: str,
    kind: ReferenceKind,
    credentials: WantedCredentials,
    *,
    search: str | None,
    first: int,
) -> list[CredentialView | SecretView]:
    """Read the credentials or secrets that may rank among the first of each component."""
    _, view = TABLES[kind]
    parameters = {
        "viewer": viewer,
        "workspace": workspace_id,
        "first": first,
        **searching(search),
        **{name: sorted(values) for name, values in credentials._asdict().items()},
    }
    rows = await connection.rows(_first(kind, has_search=bool(search)), parameters)
    return [view._make(row) for row in rows]


async def count_each(
    connection: ReadConnection, viewer: str, workspace_id: str, kind: ReferenceKind, components: Sequence[str]
) -> dict[str, int]:
    """How many there are of each component."""
    parameters = {"viewer": viewer, "workspace": workspace_id, "components": sorted(components)}
    return {row.component_id: row.number for row in await connection.rows(_counts(kind), parameters)}


@cache
def _first(kind: ReferenceKind, *, has_search: bool) -> Select[Any]:
    table, view = TABLES[kind]
    there = select(*columns(table, view)).where(table.c.workspace_id == WORKSPACE, is_member(WORKSPACE))
    fitting = there.where(*matching(table.c.name_key, "any" if has_search else None))
    component = select(func.unnest(COMPONENTS).label("id")).subquery("component")
    by_name = (
        fitting.where(table.c.component_id == component.c.id)
        .correlate(component)
        .order_by(table.c.name_key, table.c.id)
        .limit(LIMIT)
        .lateral("by_name")
    )
    same_name = (
        fitting.where(
            table.c.component_id == component.c.id,
            is_one_of(table.c.name_key, "name_keys"),
        )
        .correlate(component)
        .order_by(table.c.name_key, table.c.id)
        .limit(LIMIT)
        .lateral("same_name")
    )
    by_id = fitting.where(is_one_of(table.c.id))
    found = union(
        select(*by_name.c).select_from(component.join(by_name, true())),
        select(*same_name.c).select_from(component.join(same_name, true())),
        by_id,
    ).subquery("found")
    return select(*found.c)


@cache
def _counts(kind: ReferenceKind) -> Select[Any]:
    table, _ = TABLES[kind]
    return (
        select(table.c.component_id, func.count().label("number"))
        .where(table.c.workspace_id == WORKSPACE, table.c.component_id == any_(COMPONENTS), is_member(WORKSPACE))
        .group_by(table.c.component_id)
    )
