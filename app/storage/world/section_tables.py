"""The tables of the sections, and the columns of their properties."""

import re
from collections.abc import Mapping
from functools import cache

from sqlalchemy import ColumnElement, FromClause, Table

from app.domain.world.sections import SECTIONS, Property
from app.storage import tables
from app.storage.tables import CONTRACT, TEAM, WORKSPACE

TABLES: Mapping[str, Table] = {
    "tenants": tables.TENANT,
    "contracts": tables.CONTRACT,
    "workspaces": tables.WORKSPACE,
    "users": tables.USER,
    "roles": tables.ROLE,
    "tenantMembers": tables.TENANT_MEMBER,
    "workspaceMembers": tables.WORKSPACE_ACCESS,
    "contractMembers": tables.CONTRACT_ACCESS,
    "teams": tables.TEAM,
    "components": tables.COMPONENT,
    "topics": tables.TOPIC,
    "credentials": tables.CREDENTIAL,
    "secrets": tables.SECRET,
    "agents": tables.AGENT,
    "flows": tables.FLOW,
}
OF_WORKSPACES = ("topics", "credentials", "secrets", "agents")
"""Sections whose things live in a workspace, and are removed with it."""
INACTIVE = {"workspaceMembers": tables.INACTIVE_WORKSPACE_MEMBER, "contractMembers": tables.INACTIVE_CONTRACT_MEMBER}
"""The tables of memberships whose user is deactivated in its own tenant."""
_OWNERS = {"contract_id": CONTRACT, "workspace_id": WORKSPACE, "team_id": TEAM}


@cache
def columns_of(name: str) -> Mapping[str, str]:
    """The columns of a section's properties in its table, without those that count only for the creation of a flow."""
    columns = {part.name: _column_of(part) for part in SECTIONS[name].properties}
    initial = SECTIONS[name].initial - {"status"}
    return {part: column for part, column in columns.items() if column in TABLES[name].c and part not in initial}


def _column_of(part: Property) -> str:
    """The name of the column that has a property: `contract_id`, `flow_quota`, `schema_text`."""
    snake = re.sub("([A-Z])", lambda match: f"_{match[1].lower()}", part.name)
    return "schema_text" if part.name == "schema" else f"{snake}_id" if part.refers_to else snake


def with_tenant(table: Table) -> tuple[FromClause, ColumnElement[str]]:
    """The table of a section, joined with what leads to the tenant of its things."""
    source = table
    if table is tables.TENANT:
        return source, table.c.id
    joined: FromClause = source
    while "tenant_id" not in table.c:
        column, owner = next((name, owner) for name, owner in _OWNERS.items() if name in table.c)
        joined = joined.join(owner, owner.c.id == table.c[column])
        table = owner
    return joined, table.c.tenant_id
