"""How each section is stored: its table, the way to the tenant, the columns of its properties, what a document may be about."""

import re
from collections.abc import Mapping
from functools import cache
from typing import NamedTuple

from sqlalchemy import Table

from app.domain.component import ComponentAccess
from app.domain.model import FlowStatus
from app.domain.world.sections import SECTIONS, Property
from app.storage import tables

_NAMED = """thing.id = ANY(CAST(:ids AS text[]) || ARRAY(
    SELECT id FROM external_key WHERE section = :section AND scope_id = ANY(:scopes) AND key = ANY(:keys)
))"""
_NAMED_FLOW = """thing.id = ANY(CAST(:ids AS text[]) || ARRAY(
    SELECT id FROM unnest(CAST(:places AS text[]), CAST(:keys AS text[])) AS named (scope_id, key)
    JOIN external_key USING (scope_id, key) WHERE section = :section
))"""
_OF_TENANTS = "{tenant} = ANY(:tenants)"
_USER_OF_TENANTS = f"""
    {_OF_TENANTS} OR external_key.key IS NOT NULL OR EXISTS (
        SELECT FROM contract_access JOIN contract ON contract.id = contract_id
        WHERE user_id = thing.id AND contract.tenant_id = ANY(:tenants)
    )"""
_IS_GLOBAL = f"access = '{ComponentAccess.GLOBAL}'"
_CONTRACT = "JOIN contract ON contract.id = {}.contract_id"
_OF_WORKSPACE = f"JOIN workspace ON workspace.id = thing.workspace_id {_CONTRACT.format('workspace')}"


class Stored(NamedTuple):
    """How the things of a section are stored. In SQL they are called `thing`."""

    table: Table
    joins: str = ""
    """The tables on the way to the tenant."""
    tenant: str = "thing.tenant_id"
    condition: str = f"{_NAMED} AND {_OF_TENANTS}"
    """Whether a document may be about a thing, or refer to it."""
    inactive: tuple[Table, ...] = ()
    """Memberships whose user is deactivated in its own tenant."""


def _of_workspace(table: Table) -> Stored:
    """Things that live in a workspace. The steps of a new flow may name all of its workspace."""
    condition = f"({_NAMED} OR thing.workspace_id = ANY(:new_in)) AND {_OF_TENANTS}"
    return Stored(table, _OF_WORKSPACE, "contract.tenant_id", condition)


OF_WORKSPACES = {
    "topics": _of_workspace(tables.TOPIC),
    "credentials": _of_workspace(tables.CREDENTIAL),
    "secrets": _of_workspace(tables.SECRET),
    "agents": _of_workspace(tables.AGENT),
}
"""Sections whose things live in a workspace, and are removed with it."""
STORED: Mapping[str, Stored] = {
    "tenants": Stored(tables.TENANT, tenant="thing.id"),
    "contracts": Stored(tables.CONTRACT),
    "workspaces": Stored(tables.WORKSPACE, _CONTRACT.format("thing"), "contract.tenant_id"),
    "users": Stored(
        tables.USER,
        condition=f"thing.email_key = ANY(:emails) OR {_NAMED} AND (:everyone OR {_USER_OF_TENANTS})",
    ),
    "roles": Stored(tables.ROLE, condition=f"{_OF_TENANTS} OR thing.tenant_id IS NULL"),
    "teams": Stored(
        tables.TEAM,
        condition=f"{_OF_TENANTS} OR EXISTS (SELECT FROM component WHERE team_id = thing.id AND {_IS_GLOBAL})",
    ),
    "components": Stored(
        tables.COMPONENT,
        "JOIN team ON team.id = thing.team_id",
        "team.tenant_id",
        f"{_OF_TENANTS} OR {_IS_GLOBAL}",
    ),
    "flows": Stored(tables.FLOW, _OF_WORKSPACE, "contract.tenant_id", f"{_NAMED_FLOW} AND {_OF_TENANTS}"),
    **OF_WORKSPACES,
    "tenantMembers": Stored(tables.TENANT_MEMBER),
    "workspaceMembers": Stored(
        tables.WORKSPACE_ACCESS, _OF_WORKSPACE, "contract.tenant_id", inactive=(tables.INACTIVE_WORKSPACE_MEMBER,)
    ),
    "contractMembers": Stored(
        tables.CONTRACT_ACCESS,
        _CONTRACT.format("thing"),
        "contract.tenant_id",
        inactive=(tables.INACTIVE_CONTRACT_MEMBER,),
    ),
}
"""In the order in which they are read: keys of flows lie in workspaces."""
COMPUTED: Mapping[str, dict[str, str]] = {
    # Of other tenants' users it is told here alone whether they provision one of these tenants.
    "users": {
        "active": "thing.active AND thing.active_at_home",
        "isBarred": "NOT thing.active",
        "isActiveAtHome": "thing.active_at_home",
        "isProvisioner": """EXISTS (
            SELECT FROM tenant_member WHERE user_id = thing.id
            AND (thing.tenant_id = ANY(:tenants) OR tenant_id = ANY(:tenants))
        )""",
    },
    "components": {
        "whitelistedContracts": """ARRAY(
            SELECT contract_id FROM component_whitelist WHERE component_id = thing.id ORDER BY contract_id
        )"""
    },
    "flows": {"suspended": f"thing.status = '{FlowStatus.SUSPENDED}'"},
}
"""SQL that computes further values of rows, besides the columns of properties."""


@cache
def columns_of(name: str) -> Mapping[str, str]:
    """The columns of a section's properties in its table, without those that count only for the creation of a flow."""
    lasting = (part for part in SECTIONS[name].properties if part.name == "status" or not part.is_initial)
    columns = {part.name: _column_of(part) for part in lasting}
    return {part: column for part, column in columns.items() if column in STORED[name].table.c}


def _column_of(part: Property) -> str:
    """The name of the column that has a property: `contract_id`, `flow_quota`, `schema_text`."""
    snake = re.sub("([A-Z])", lambda match: f"_{match[1].lower()}", part.name)
    return "schema_text" if part.name == "schema" else f"{snake}_id" if part.refers_to else snake
