"""Servers on the world of trade."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.api.databases import Loaded, Server
from tests.api.trade import trade


@pytest.fixture(scope="session")
def databases(server: AsyncEngine, server_url: str, template: str) -> Server:
    return Server(server, server_url, template)


@pytest.fixture(scope="session")
async def loaded(databases: Server) -> AsyncIterator[Loaded]:
    async with databases.loaded(trade()) as world:
        yield world
