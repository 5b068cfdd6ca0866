"""A server on the world of trade: one for what reads, a fresh one for what writes."""

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


@pytest.fixture
async def api(databases: Server, loaded_trade: Loaded) -> AsyncIterator[Api]:
    async with databases.serving(loaded_trade) as served:
        yield served
