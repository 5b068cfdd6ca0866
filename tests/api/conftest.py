"""Servers on loaded worlds: one that is shared by all tests that leave it as it is, and fresh ones for those that write."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.api.client import Api
from tests.api.databases import Loaded, Server
from tests.api.trade import trade


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
        for user in served.tokens:
            # The first use of a token is noted; from then on nothing changes.
            await served.caller(user).ask("{ __typename }")
        yield served


@pytest.fixture
async def fresh(databases: Server, loaded_trade: Loaded) -> AsyncIterator[Api]:
    """The world of trade, for one test to write in."""
    async with databases.serving(loaded_trade) as served:
        yield served
