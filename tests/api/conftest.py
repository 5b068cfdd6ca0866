"""Servers on loaded worlds: one that is shared by all tests that leave it as it is, and fresh ones for those that write."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.api.client import Api
from tests.api.databases import Loaded, Server, run_sql
from tests.api.lists import COPIED
from tests.api.shelves import shelves
from tests.api.trade import trade
from tests.api.writing import export


@pytest.fixture(scope="session")
def databases(server: AsyncEngine, server_url: str, template: str) -> Server:
    return Server(server, server_url, template)


@pytest.fixture(scope="session")
async def loaded_trade(databases: Server) -> AsyncIterator[Loaded]:
    async with databases.loaded(trade()) as loaded:
        yield loaded


@pytest.fixture(scope="session")
async def api(databases: Server, loaded_trade: Loaded) -> AsyncIterator[Api]:
    """The world of trade, shared: tests that use it write nothing."""
    async with databases.serving(loaded_trade) as served:
        yield served


@pytest.fixture
async def fresh(databases: Server, loaded_trade: Loaded) -> AsyncIterator[Api]:
    """The world of trade, for one test to write in."""
    async with databases.serving(loaded_trade) as served:
        yield served


# So that flows differ by a microsecond, or not at all.
_CHANGED_AT_ONCE = "update flow set updated_at = now() - (ascii(right(id, 1)) % 3) * interval '1 microsecond'"


@pytest.fixture(scope="session")
async def on_shelves(databases: Server) -> AsyncIterator[Api]:
    """The world of lists, shared: tests that use it write nothing."""
    async with databases.loaded(shelves()) as loaded, databases.serving(loaded) as served:
        for flow in COPIED:
            await export(served, "history", "lea", onto=flow)
        await run_sql(served.database_url, _CHANGED_AT_ONCE)
        yield served
