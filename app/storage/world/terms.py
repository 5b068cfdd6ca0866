"""Whose document it is (W11), and the locks that let two documents of one tenant take turns (W12)."""

from collections.abc import Iterable

from app.domain.world.things import COMMAND, Planned, Terms, WorldChange
from app.storage.connections.connection import ReadConnection, WriteConnection, statement

EDIT_WORLD = "tenants.world.edit"
"""The permission of provisioners."""

_PROVISIONED = statement(
    "SELECT member.tenant_id FROM tenant_member AS member JOIN role ON role.id = role_id "
    "JOIN user_account ON user_account.id = user_id WHERE user_id = $1 AND $2 = ANY(permissions) "
    "AND (active_at_home OR user_account.tenant_id <> member.tenant_id)",
    *("user", "permission"),
)
_TENANTS = statement(
    "SELECT tenant.id, external_key.key FROM tenant LEFT JOIN external_key "
    "ON external_key.id = tenant.id AND scope_id = '' AND section = 'tenants' ORDER BY tenant.id"
)
# In one order, so that two documents of several tenants don't wait for each other.
_LOCK_TENANTS = statement(
    "SELECT pg_advisory_xact_lock(hashtextextended(id, 20)) FROM unnest($1::text[]) AS tenant (id) ORDER BY id", "ids"
)
# In this order others lock them too: a new flow its contract, and its workspace when the row is inserted.
_LOCK_FLOWS = statement("SELECT id FROM flow WHERE id = ANY($1) ORDER BY id FOR UPDATE", "ids")
_LOCK_CONTRACTS = statement("SELECT id FROM contract WHERE id = ANY($1) ORDER BY id FOR UPDATE", "ids")
_LOCK_WORKSPACES = statement("SELECT id FROM workspace WHERE id = ANY($1) ORDER BY id FOR UPDATE", "ids")


async def terms_of_provisioner(
    connection: ReadConnection, user: str, tenant: str | None, prune: frozenset[str]
) -> Terms | None:
    """The terms of a service account for its one tenant; None where it doesn't provision this tenant, or not just one."""
    rows = await connection.rows(_PROVISIONED, {"user": user, "permission": EDIT_WORLD})
    ids = [row.tenant_id for row in rows if tenant in {None, row.tenant_id}]
    if len(ids) != 1:
        return None
    return Terms(by_command=False, tenant=ids[0], tenants=frozenset(ids), prune=prune)


async def terms_of_command(connection: ReadConnection, tenant: str | None, prune: frozenset[str]) -> Terms | None:
    """The terms of the command for a tenant's key or id, or for all tenants; None for an unknown tenant."""
    rows = await connection.rows(_TENANTS)
    if tenant is None:
        return Terms(tenants=frozenset(row.id for row in rows), prune=prune)
    ids = [row.id for row in rows if tenant in {row.id, row.key}]
    return Terms(tenant=ids[0], tenants=frozenset(ids), prune=prune) if ids else None


async def take_turns(connection: WriteConnection, tenants: Iterable[str]) -> None:
    """Wait for other documents of these tenants."""
    await connection.rows(_LOCK_TENANTS, {"ids": [*tenants]})


async def take_turn_of_command(connection: WriteConnection) -> None:
    """Wait, however long, for other documents of the command: which tenants there are is known only then."""
    await connection.execute("SET LOCAL statement_timeout = 0")
    await take_turns(connection, [COMMAND])


async def lock_what_changes(connection: WriteConnection, planned: Iterable[Planned]) -> None:
    """Lock flows and contracts that change or go, and workspaces that go, in the order in which other calls lock them."""
    existing = [(each.section.name, each.before.id, each.change) for each in planned if each.before is not None]
    for section, unlocked, lock in (
        ("flows", {WorldChange.UNCHANGED}, _LOCK_FLOWS),
        ("contracts", {WorldChange.UNCHANGED}, _LOCK_CONTRACTS),
        ("workspaces", {WorldChange.UNCHANGED, WorldChange.CHANGED}, _LOCK_WORKSPACES),
    ):
        ids = [thing_id for name, thing_id, change in existing if name == section and change not in unlocked]
        if ids:
            await connection.rows(lock, {"ids": ids})
