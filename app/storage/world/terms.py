"""Whose document it is (W11), and the locks that let two documents of one tenant take turns (W12)."""

from collections.abc import Iterable

from app.domain.world.things import COMMAND, Planned, Terms, WorldChange
from app.storage.connections.connection import ReadConnection, WriteConnection, statement

EDIT_WORLD = "tenants.world.edit"
"""The permission of provisioners."""

_PROVISIONED = statement(
    "SELECT member.tenant_id AS id, NULL AS key FROM tenant_member AS member JOIN role ON role.id = role_id "
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
_LOCKS = {
    f"{table}s": statement(f"SELECT id FROM {table} WHERE id = ANY($1) ORDER BY id FOR UPDATE", "ids")  # noqa: S608 - our own names
    for table in ("flow", "contract", "workspace")
}


async def read_terms(connection: ReadConnection, user: str, tenant: str | None, prune: frozenset[str]) -> Terms | None:
    """The terms of a service account for the one tenant that it provisions, or of the command for one tenant or all.

    The command names a tenant by its key or id. None for an unknown tenant, or one that the account doesn't provision.
    """
    provisioned = await connection.rows(_PROVISIONED, {"user": user, "permission": EDIT_WORLD}) if user else None
    rows = await connection.rows(_TENANTS) if provisioned is None else provisioned
    ids = frozenset(row.id for row in rows if tenant in {None, row.id, row.key})
    if tenant is None and not user:
        return Terms(tenants=ids, prune=prune)
    return Terms(not user, next(iter(ids)), ids, prune) if len(ids) == 1 else None


async def lock_tenants(connection: WriteConnection, tenants: Iterable[str]) -> None:
    """Wait for other documents of these tenants."""
    await connection.rows(_LOCK_TENANTS, {"ids": [*tenants]})


async def lock_command(connection: WriteConnection) -> None:
    """Wait, however long, for other documents of the command: which tenants there are is known only then."""
    await connection.execute("SET LOCAL statement_timeout = 0")
    await lock_tenants(connection, [COMMAND])


async def lock_what_changes(connection: WriteConnection, planned: Iterable[Planned]) -> None:
    """Lock flows and contracts that change or go, and workspaces that go, in the order in which other calls lock them."""
    existing = [(each.section.name, each.thing.id, each.change) for each in planned if each.before is not None]
    for section, lock in _LOCKS.items():
        locked = {WorldChange.REMOVED} if section == "workspaces" else {WorldChange.REMOVED, WorldChange.CHANGED}
        ids = [thing_id for name, thing_id, change in existing if name == section and change in locked]
        if ids:
            await connection.rows(lock, {"ids": ids})
