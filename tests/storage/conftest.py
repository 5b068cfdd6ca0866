"""What the tests of the storage share."""

from collections.abc import AsyncIterator

import pytest

from app.storage.connections.database import Database
from tests.databases import Databases, run
from tests.storage.large_world import world


@pytest.fixture(scope="session")
async def large(databases: Databases) -> AsyncIterator[Database]:
    async with databases.made() as name:
        # With the default, meant for spinning disks, plans depend on how small the tables happen to be.
        cost = f"ALTER DATABASE {name} SET random_page_cost = 1.1"
        await run(databases.url_of(name), cost, world())
        database = Database(databases.url_of(name))
        yield database
        await database.close()
