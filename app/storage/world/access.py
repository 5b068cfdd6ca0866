"""Writes memberships, and which contracts and workspaces their users see (A4).

A membership is a row with a role: in `workspace_access`, or in `contract_access`. A member of a contract also sees its
workspaces, and a member of a workspace its contract: by a row without a role, unless a membership of that place makes one
with a role. `_SIGHT` says so for pairs of users and contracts, and writes what differs. A user that is deactivated in its
own tenant has no such rows there: tables of their own, which no query reads, keep the memberships meanwhile (W9).
"""

from collections.abc import Iterable, Mapping, Sequence

from app.domain.graph import Json
from app.domain.world.things import Planned, Terms, WorldChange
from app.storage.connections.connection import CompiledStatement, Row, WriteConnection, statement

_PAIRS = statement(
    """
    SELECT user_id, contract_id FROM unnest($1::text[], $2::text[]) AS changed (user_id, contract_id)
    UNION SELECT user_id, contract_id FROM unnest($3::text[], $4::text[]) AS member (user_id, workspace_id)
          JOIN workspace ON workspace.id = workspace_id
    UNION SELECT user_id, contract_id FROM contract_access WHERE contract_id = ANY($5) AND role_id IS NOT NULL
    UNION SELECT user_id, contract_id FROM contract_access WHERE contract_id = ANY($6)
    """,
    *("users", "contracts", "members", "workspaces", "added_to", "removed_from"),
)
"""Users whose sight of a contract may change: its members where it gets a workspace, and everybody who sees it where it loses one."""
_SENT = "WITH sent AS (SELECT * FROM unnest($1::text[], $2::text[], $3::text[]) AS sent (user_id, place, role_id)) "
_WRITES = {
    section_and_revokes: statement(_SENT + text, "users", "places", "roles")
    for section_and_revokes, text in {
        ("tenantMembers", True): "DELETE FROM tenant_member USING sent "
        "WHERE tenant_member.user_id = sent.user_id AND tenant_id = place",
        ("workspaceMembers", True): "UPDATE workspace_access SET role_id = NULL, updated_at = now() FROM sent "
        "WHERE workspace_access.user_id = sent.user_id AND workspace_id = place",
        ("contractMembers", True): "UPDATE contract_access SET role_id = NULL, updated_at = now() FROM sent "
        "WHERE contract_access.user_id = sent.user_id AND contract_id = place",
        ("tenantMembers", False): "INSERT INTO tenant_member (user_id, tenant_id, role_id) "
        "SELECT user_id, place, role_id FROM sent "
        "ON CONFLICT (tenant_id, user_id) DO UPDATE SET role_id = excluded.role_id, updated_at = now()",
        (
            "workspaceMembers",
            False,
        ): "INSERT INTO workspace_access (user_id, workspace_id, contract_id, name_key, role_id) "
        "SELECT user_id, id, contract_id, name_key, role_id FROM sent JOIN workspace ON id = place "
        "ON CONFLICT (user_id, workspace_id) DO UPDATE SET role_id = excluded.role_id, updated_at = now()",
        ("contractMembers", False): "INSERT INTO contract_access (user_id, contract_id, name_key, role_id) "
        "SELECT user_id, id, name_key, role_id FROM sent JOIN contract ON id = place "
        "ON CONFLICT (user_id, contract_id) DO UPDATE SET role_id = excluded.role_id, updated_at = now()",
    }.items()
}
"""How memberships of each section are revoked (True) or granted."""
_PLACES = ("workspace", "contract")
_INACTIVE = statement(
    "SELECT id FROM user_account WHERE id = ANY($1) AND NOT active_at_home AND tenant_id = ANY($2)", "users", "tenants"
)
_TAKE_BACK = tuple(
    statement(
        f"""
        WITH back AS (
            DELETE FROM inactive_{place}_member USING {place} WHERE user_id = ANY($1) AND {place}.id = {place}_id
            RETURNING user_id, {columns}, name_key, role_id
        )
        INSERT INTO {place}_access (user_id, {columns}, name_key, role_id) SELECT * FROM back
        ON CONFLICT (user_id, {place}_id) DO UPDATE SET role_id = excluded.role_id RETURNING user_id, contract_id
        """,  # noqa: S608 - our own names
        "users",
    )
    for place, columns in zip(_PLACES, ("workspace_id, contract_id", "contract_id"), strict=True)
)
_PUT_AWAY = tuple(
    statement(
        f"""
        WITH gone AS (
            DELETE FROM {place}_access AS seen USING user_account, contract
            WHERE user_account.id = ANY($1) AND seen.user_id = user_account.id
            AND contract.id = contract_id AND contract.tenant_id = user_account.tenant_id
            RETURNING seen.user_id, {place}_id, role_id
        )
        INSERT INTO inactive_{place}_member (user_id, {place}_id, role_id) SELECT * FROM gone WHERE role_id IS NOT NULL
        """,  # noqa: S608 - our own names
        "users",
    )
    for place in _PLACES
)
LET_GO_OF_ROLES = tuple(
    statement(text, "roles")
    for place in _PLACES
    for text in (
        f"UPDATE {place}_access SET role_id = NULL WHERE role_id = ANY($1)",  # noqa: S608 - our own names
        f"DELETE FROM inactive_{place}_member WHERE role_id = ANY($1)",  # noqa: S608 - our own names
    )
)
"""Takes roles that are to be removed from all memberships, each of which ends in the same plan or gets another role."""
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


async def run_each(
    connection: WriteConnection, statements: Iterable[CompiledStatement], **parameters: Sequence[str]
) -> list[Row]:
    """Run statements about the same things, one after the other; where a parameter is empty there are none."""
    rows: list[Row] = []
    for each in statements if all(parameters.values()) else ():
        rows += await connection.rows(each, parameters)
    return rows


async def write_members(connection: WriteConnection, differing: Sequence[Planned], terms: Terms) -> None:
    """Write the memberships of a plan, and what users see by them; after what the plan removes."""
    members = [each.thing.values for each in differing if each.section.kind is None]
    switched = [each.thing.id for each in differing if each.changes("active")]
    users = sorted({*switched, *(values["user"] for values in members)})
    rows = await run_each(connection, [_INACTIVE], users=users, tenants=[*terms.tenants])
    inactive = [row.id for row in rows]
    back = await run_each(connection, _TAKE_BACK, users=sorted({*switched, *inactive}))
    for (section, revokes), write in _WRITES.items():
        of_section = [each for each in differing if each.section.name == section]
        written = [each.thing.values for each in of_section if (each.change is WorldChange.REMOVED) is revokes]
        columns = {"users": "user", "places": section.removesuffix("Members"), "roles": "role"}
        sent = {name: [values[column] for values in written] for name, column in columns.items()}
        await run_each(connection, [write], **sent)
    await _write_sight(connection, members, differing, [(row.user_id, row.contract_id) for row in back])
    await run_each(connection, _PUT_AWAY, users=inactive)


async def _write_sight(
    connection: WriteConnection,
    members: Sequence[Mapping[str, Json]],
    differing: Sequence[Planned],
    back: Sequence[Pair],
) -> None:
    of_workspaces = [each for each in members if "workspace" in each]
    pairs = [*back, *((each["user"], each["contract"]) for each in members if "contract" in each)]
    places = [(each.thing.values["contract"], each.change) for each in differing if each.section.name == "workspaces"]
    parameters = {
        "users": [user for user, _ in pairs],
        "contracts": [contract for _, contract in pairs],
        "members": [each["user"] for each in of_workspaces],
        "workspaces": [each["workspace"] for each in of_workspaces],
        "added_to": [contract for contract, change in places if change is WorldChange.CREATED],
        "removed_from": [contract for contract, change in places if change is WorldChange.REMOVED],
    }
    if any(parameters.values()):
        rows = await connection.rows(_PAIRS, parameters)
        users, contracts = ([row[place] for row in rows] for place in (0, 1))
        await run_each(connection, _SIGHT, users=users, contracts=contracts)
