"""Where the things of each section are stored: their tables, and the columns of their properties."""

import re
from collections.abc import Mapping

from sqlalchemy import ColumnElement, FromClause, Table

from app.domain.world.sections import Property, Section
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
"""What lives in a workspace, and goes with it."""
INACTIVE = {"workspaceMembers": tables.INACTIVE_WORKSPACE_MEMBER, "contractMembers": tables.INACTIVE_CONTRACT_MEMBER}
"""Where memberships are while their user is deactivated in its own tenant."""
_ELSEWHERE = {"whitelistedContracts", "suspended"}
_OWNERS = {"contract_id": CONTRACT, "workspace_id": WORKSPACE, "team_id": TEAM}


def column_of(each: Property) -> str:
    """The name of the column that has a property: `contract_id`, `flow_quota`, `schema_text`."""
    snake = re.sub("([A-Z])", lambda match: f"_{match[1].lower()}", each.name)
    return "schema_text" if each.name == "schema" else f"{snake}_id" if each.refers_to else snake


def columns_of(section: Section) -> Mapping[str, str]:
    """The columns of a section's properties, by the properties' names."""
    return {each.name: column_of(each) for each in section.properties if each.name not in _ELSEWHERE}


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
