"""Reads what rests on things that a document removes, and which flows use them (W7)."""

from collections.abc import Iterable

from app.domain.world.things import Dependent, FlowUses, Planned
from app.storage.connections.connection import ReadConnection, statement
from app.storage.pages.uses import flows_using
from app.storage.world.section_tables import OF_WORKSPACES

_DEPENDENTS = statement(
    """
    SELECT 'contracts' AS section, id, tenant_id AS "on", NULL AS workspace, NULL AS holder
    FROM contract WHERE tenant_id = ANY($1)
    UNION ALL SELECT 'roles', id, tenant_id, NULL, NULL FROM role WHERE tenant_id = ANY($1)
    UNION ALL SELECT 'users', id, tenant_id, NULL, NULL FROM user_account WHERE tenant_id = ANY($1)
    UNION ALL SELECT 'workspaces', id, contract_id, NULL, NULL FROM workspace WHERE contract_id = ANY($1)
    UNION ALL SELECT 'teams', id, contract_id, NULL, NULL FROM team WHERE contract_id = ANY($1)
    UNION ALL SELECT 'components', id, team_id, NULL, NULL FROM component WHERE team_id = ANY($1)
    UNION ALL SELECT 'credentials', id, component_id, workspace_id, NULL FROM credential WHERE component_id = ANY($1)
    UNION ALL SELECT 'secrets', id, component_id, workspace_id, NULL FROM secret WHERE component_id = ANY($1)
    UNION ALL SELECT 'flows', id, workspace_id, NULL, NULL FROM flow WHERE workspace_id = ANY($1)
    UNION ALL SELECT 'tenantMembers', tenant_id || '/' || user_id, role_id, NULL, user_id
    FROM tenant_member WHERE role_id = ANY($1)
    UNION ALL SELECT 'workspaceMembers', workspace_id || '/' || user_id, role_id, workspace_id, user_id
    FROM workspace_access WHERE role_id = ANY($1)
    UNION ALL SELECT 'workspaceMembers', workspace_id || '/' || user_id, role_id, workspace_id, user_id
    FROM inactive_workspace_member WHERE role_id = ANY($1)
    UNION ALL SELECT 'contractMembers', contract_id || '/' || user_id, role_id, NULL, user_id
    FROM contract_access WHERE role_id = ANY($1)
    UNION ALL SELECT 'contractMembers', contract_id || '/' || user_id, role_id, NULL, user_id
    FROM inactive_contract_member WHERE role_id = ANY($1)
    """,
    "ids",
)


async def read_dependents(connection: ReadConnection, removed: Iterable[str]) -> list[Dependent]:
    """Read what rests on things that are to be removed."""
    ids = [*removed]
    rows = await connection.rows(_DEPENDENTS, {"ids": ids}) if ids else []
    return [Dependent(row.section, row.id, row.on, row.workspace, row.holder) for row in rows]


async def read_uses(connection: ReadConnection, removed: Iterable[Planned]) -> dict[str, FlowUses]:
    """Read which flows use things that are to be removed (W7)."""
    things = [(each.section.name, each.thing) for each in removed]
    placed = {each.id: each.values["workspace"] for section, each in things if section in OF_WORKSPACES}
    components = [each.id for section, each in things if section == "components"]
    return await flows_using(connection, placed, components) if placed or components else {}
