"""Roles are data: the default ones hold what the rules say (A1)."""

from sqlalchemy import select

from app.domain.access import FLOW_RELEASE, FLOW_REVIEW
from app.storage.connections.database import Database
from app.storage.tables import ROLE
from tests.domain.permissions import READ_PERMISSIONS, WRITE_PERMISSIONS


async def test_the_default_workspace_roles_hold_what_the_law_says(database_url: str) -> None:
    database = Database(database_url, pool_size=1)
    roles = select(ROLE.c.name, ROLE.c.permissions).where(ROLE.c.scope == "WORKSPACE", ROLE.c.tenant_id.is_(None))
    async with database.reading() as connection:
        held = {name: frozenset(permissions) for name, permissions in await connection.rows(roles)}
    await database.close()
    everything = READ_PERMISSIONS | WRITE_PERMISSIONS
    reviewer = everything | {FLOW_REVIEW}
    assert held == {
        "owner": reviewer | {FLOW_RELEASE},
        "admin": reviewer,
        "integrator": everything,
        "guest": READ_PERMISSIONS,
    }


async def test_provisioners_may_edit_worlds_and_read_events(database_url: str) -> None:
    database = Database(database_url, pool_size=1)
    roles = select(ROLE.c.name, ROLE.c.permissions).where(ROLE.c.scope == "TENANT", ROLE.c.tenant_id.is_(None))
    async with database.reading() as connection:
        held = {name: frozenset(permissions) for name, permissions in await connection.rows(roles)}
    await database.close()
    assert held == {"provisioner": {"tenants.world.edit", "tenants.event.get"}}
