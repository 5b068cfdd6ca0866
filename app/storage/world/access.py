"""Who sees what: memberships as they are stored, and the sight of contracts and workspaces that follows from them (A4).

A membership is a row with a role: in `workspace_access`, or in `contract_access`. A member of a contract also sees its
workspaces, and a member of a workspace its contract: by a row without a role, unless a membership of that place makes one
with a role. `_SIGHT` says so for pairs of users and contracts, and writes what differs.
"""

from collections.abc import Sequence

from app.domain.world.things import Planned, Thing, WorldChange
from app.storage.connections.connection import WriteConnection
from app.storage.world.raw_statements import statement

_LEAVING = statement(
    "SELECT DISTINCT user_id, contract_id FROM workspace_access WHERE workspace_id = ANY($1)", "workspaces"
)
"""Users, and the contracts that they may see by the workspaces that go."""
_PAIRS = statement(
    """
    SELECT user_id, contract_id FROM unnest($1::text[], $2::text[]) AS changed (user_id, contract_id)
    UNION SELECT user_id, contract_id FROM unnest($3::text[], $4::text[]) AS member (user_id, workspace_id)
          JOIN workspace ON workspace.id = workspace_id
    UNION SELECT user_id, contract_id FROM contract_access WHERE contract_id = ANY($5) AND role_id IS NOT NULL
    """,
    *("users", "contracts", "members", "workspaces", "new_in"),
)
_SENT = "WITH sent AS (SELECT * FROM unnest($1::text[], $2::text[], $3::text[]) AS sent (user_id, place, role_id)) "
_REVOKE, _GRANT = (
    {section: statement(_SENT + text, "users", "places", "roles") for section, text in texts.items()}
    for texts in (
        {
            "tenantMembers": "DELETE FROM tenant_member USING sent "
            "WHERE tenant_member.user_id = sent.user_id AND tenant_id = place",
            "workspaceMembers": "UPDATE workspace_access SET role_id = NULL, updated_at = now() FROM sent "
            "WHERE workspace_access.user_id = sent.user_id AND workspace_id = place",
            "contractMembers": "UPDATE contract_access SET role_id = NULL, updated_at = now() FROM sent "
            "WHERE contract_access.user_id = sent.user_id AND contract_id = place",
        },
        {
            "tenantMembers": "INSERT INTO tenant_member (user_id, tenant_id, role_id) "
            "SELECT user_id, place, role_id FROM sent "
            "ON CONFLICT (tenant_id, user_id) DO UPDATE SET role_id = excluded.role_id, updated_at = now()",
            "workspaceMembers": "INSERT INTO workspace_access (user_id, workspace_id, contract_id, name_key, role_id) "
            "SELECT user_id, id, contract_id, name_key, role_id FROM sent JOIN workspace ON id = place "
            "ON CONFLICT (user_id, workspace_id) DO UPDATE SET role_id = excluded.role_id, updated_at = now()",
            "contractMembers": "INSERT INTO contract_access (user_id, contract_id, name_key, role_id) "
            "SELECT user_id, id, name_key, role_id FROM sent JOIN contract ON id = place "
            "ON CONFLICT (user_id, contract_id) DO UPDATE SET role_id = excluded.role_id, updated_at = now()",
        },
    )
)
_OF_PAIRS = "WITH pair AS (SELECT * FROM unnest($1::text[], $2::text[]) AS sent (user_id, contract_id)) "
_SIGHT = tuple(
    statement(_OF_PAIRS + text, "users", "contracts")
    for text in (
        """
        DELETE FROM workspace_access AS seen USING pair
        WHERE (seen.user_id, seen.contract_id) = (pair.user_id, pair.contract_id) AND role_id IS NULL AND NOT EXISTS (
            SELECT FROM contract_access AS member WHERE member.role_id IS NOT NULL
            AND (member.user_id, member.contract_id) = (pair.user_id, pair.contract_id)
        )
        """,
        """
        INSERT INTO workspace_access (user_id, workspace_id, contract_id, name_key)
        SELECT user_id, workspace.id, contract_id, workspace.name_key
        FROM pair JOIN contract_access AS member USING (user_id, contract_id) JOIN workspace USING (contract_id)
        WHERE member.role_id IS NOT NULL ON CONFLICT DO NOTHING
        """,
        """
        DELETE FROM contract_access AS seen USING pair
        WHERE (seen.user_id, seen.contract_id) = (pair.user_id, pair.contract_id) AND role_id IS NULL AND NOT EXISTS (
            SELECT FROM workspace_access AS member WHERE member.role_id IS NOT NULL
            AND (member.user_id, member.contract_id) = (pair.user_id, pair.contract_id)
        )
        """,
        """
        INSERT INTO contract_access (user_id, contract_id, name_key)
        SELECT DISTINCT user_id, contract.id, contract.name_key
        FROM pair JOIN workspace_access AS member USING (user_id, contract_id)
        JOIN contract ON contract.id = contract_id WHERE member.role_id IS NOT NULL ON CONFLICT DO NOTHING
        """,
    )
)
Pair = tuple[str, str]
"""The ids of a user and a contract."""


async def members_of(connection: WriteConnection, workspaces: Sequence[str]) -> list[Pair]:
    """Who sees workspaces that are to be removed, with their contracts."""
    rows = await connection.rows(_LEAVING, {"workspaces": workspaces}) if workspaces else []
    return [(row.user_id, row.contract_id) for row in rows]


async def write_members(
    connection: WriteConnection, planned: Sequence[Planned], new_workspaces: Sequence[Thing], left: Sequence[Pair]
) -> None:
    """Write the memberships of a plan, and what their users see by them; `left` are those of removed workspaces."""
    differing = [each for each in planned if each.section.kind is None and each.change is not WorldChange.UNCHANGED]
    for revokes, statements in ((True, _REVOKE), (False, _GRANT)):
        for section, write in statements.items():
            members = [
                each.thing
                for each in differing
                if each.section.name == section and each.thing and (each.change is WorldChange.REMOVED) is revokes
            ]
            if members:
                place = section.removesuffix("Members")
                users, places, roles = ([each.values[name] for each in members] for name in ("user", place, "role"))
                await connection.rows(write, {"users": users, "places": places, "roles": roles})
    await _write_sight(connection, [each.thing for each in differing if each.thing], new_workspaces, left)


async def _write_sight(
    connection: WriteConnection, members: Sequence[Thing], new_workspaces: Sequence[Thing], left: Sequence[Pair]
) -> None:
    of_workspaces = [each.values for each in members if "workspace" in each.values]
    pairs = [*left, *((each.values["user"], each.values["contract"]) for each in members if "contract" in each.values)]
    parameters = {
        "users": [user for user, _ in pairs],
        "contracts": [contract for _, contract in pairs],
        "members": [values["user"] for values in of_workspaces],
        "workspaces": [values["workspace"] for values in of_workspaces],
        "new_in": sorted({each.values["contract"] for each in new_workspaces}),
    }
    if any(parameters.values()):
        rows = await connection.rows(_PAIRS, parameters)
        sight = {"users": [row.user_id for row in rows], "contracts": [row.contract_id for row in rows]}
        for each in _SIGHT:
            await connection.rows(each, sight)
