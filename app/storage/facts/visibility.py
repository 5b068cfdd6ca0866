"""Workspaces as a caller stands in them, and who can see what (A4, A5).

Every statement about flows and what belongs to them goes through `BY_VIEWER` or `is_member`, so that what a caller can't
see doesn't exist for it.
"""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import ColumnElement, FromClause, Text, and_, any_, bindparam, exists, literal, or_, select

from app.domain.access import VisibleWorkspace, WorkspaceAccess
from app.domain.model import Kind, is_id
from app.storage.connections.connection import Query, ReadConnection, Row, views_of
from app.storage.tables import (
    CONTRACT,
    CONTRACT_ACCESS,
    FLOW,
    ROLE,
    TENANT,
    TENANT_MEMBER,
    USER,
    WORKSPACE,
    WORKSPACE_ACCESS,
)

VIEWER: ColumnElement[str] = bindparam("viewer", type_=Text)
"""The caller; every statement that reads for a caller has this parameter."""

MEMBER = WORKSPACE_ACCESS.c.role_id.is_not(None)
"""Membership in the workspace, a condition on `WORKSPACE_ACCESS`: only members read flows."""


def with_access(rows: FromClause) -> FromClause:
    """Rows that are joined to `WORKSPACE_ACCESS` already, with workspace, contract, tenant and the viewer's role."""
    return (
        rows.join(WORKSPACE, WORKSPACE_ACCESS.c.workspace_id == WORKSPACE.c.id)
        .join(CONTRACT, WORKSPACE.c.contract_id == CONTRACT.c.id)
        .join(TENANT, CONTRACT.c.tenant_id == TENANT.c.id)
        .outerjoin(ROLE, WORKSPACE_ACCESS.c.role_id == ROLE.c.id)
    )


ACCESSES = with_access(WORKSPACE_ACCESS)
"""Workspaces that somebody can see; statements on it say who: `BY_VIEWER`."""

BY_VIEWER = WORKSPACE_ACCESS.c.user_id == VIEWER

FLOWS = FLOW.join(WORKSPACE_ACCESS, and_(WORKSPACE_ACCESS.c.workspace_id == FLOW.c.workspace_id, BY_VIEWER, MEMBER))
"""The flows of the workspaces of which the viewer is a member."""

ACCESS_COLUMNS: tuple[ColumnElement[Any], ...] = (
    WORKSPACE.c.id.label("workspace_id"),
    WORKSPACE.c.name.label("workspace_name"),
    WORKSPACE.c.type.label("workspace_type"),
    CONTRACT.c.id.label("contract_id"),
    CONTRACT.c.status.label("contract_status"),
    ROLE.c.permissions,
    CONTRACT.c.name.label("contract_name"),
    TENANT.c.id.label("tenant_id"),
    TENANT.c.component_whitelist,
    CONTRACT.c.flow_quota,
    WORKSPACE.c.publish_policy,
)


def is_member(workspace_id: ColumnElement[str]) -> ColumnElement[bool]:
    """Whether the viewer is a member of the workspace with this id."""
    access = WORKSPACE_ACCESS.alias()
    return exists(
        select(literal(1)).where(
            access.c.user_id == VIEWER, access.c.workspace_id == workspace_id, access.c.role_id.is_not(None)
        )
    )


def sees_workspace(workspace_id: ColumnElement[str]) -> ColumnElement[bool]:
    """Whether the viewer sees the workspace with this id, as a member or not."""
    access = WORKSPACE_ACCESS.alias()
    return exists(select(literal(1)).where(access.c.user_id == VIEWER, access.c.workspace_id == workspace_id))


def sees_flow(flow_id: ColumnElement[str]) -> ColumnElement[bool]:
    """Whether the viewer is a member of the workspace of the flow with this id."""
    flow = FLOW.alias()
    return exists(select(literal(1)).where(flow.c.id == flow_id, is_member(flow.c.workspace_id)))


GET_EVENTS = "tenants.event.get"
"""The permission to read the events of a tenant."""


def reads_tenant(tenant_id: ColumnElement[str]) -> ColumnElement[bool]:
    """Whether the viewer may read the events of the tenant with this id (E6), and isn't deactivated there (W9)."""
    member, user = TENANT_MEMBER.c, USER.c
    members = TENANT_MEMBER.join(ROLE, ROLE.c.id == member.role_id).join(USER, user.id == member.user_id)
    return exists(
        select(literal(1))
        .select_from(members)
        .where(member.user_id == VIEWER, member.tenant_id == tenant_id, any_(ROLE.c.permissions) == GET_EVENTS)
        .where(or_(user.active_at_home, user.tenant_id != tenant_id))
    )


def holds_one(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    """Whether a workspace of the contract meets a condition on `ACCESSES`; for rows of `CONTRACT_ACCESS`.

    With OFFSET, PostgreSQL answers this for each contract of the page; as a join, it would read all workspaces of the user.
    """
    access = CONTRACT_ACCESS.c
    return exists(
        select(literal(1))
        .select_from(ACCESSES)
        .where(WORKSPACE_ACCESS.c.user_id == access.user_id, WORKSPACE_ACCESS.c.contract_id == access.contract_id)
        .where(condition)
        .correlate(CONTRACT_ACCESS)
        .offset(0)
    )


VISIBLE = views_of(VisibleWorkspace)
"""The workspaces of rows that start with `ACCESS_COLUMNS`: their fields are these columns."""


def access_of(row: Row) -> WorkspaceAccess:
    """The access in a row that starts with `ACCESS_COLUMNS`."""
    return VISIBLE.make(row).access


async def rows_by_id(
    connection: ReadConnection, statement: Query, viewer: str, kind: Kind, ids: Iterable[str]
) -> list[Row]:
    """The rows of a statement about `ids`, for a viewer; a text that can't be an id of the kind finds none."""
    possible = [id_ for id_ in ids if is_id(kind, id_)]
    return await connection.rows(statement, {"viewer": viewer, "ids": possible}) if possible else []
