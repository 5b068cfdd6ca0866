"""A server on a copy of the world of trade, for each test; whatever it was sent, nothing went astray in it."""

import asyncio
import gc
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


@pytest.fixture(autouse=True)
async def nothing_goes_astray() -> AsyncIterator[None]:
    """What the loop is told besides: of tasks that nobody ended, and of exceptions that nobody saw."""
    loop, told = asyncio.get_running_loop(), list[str]()
    loop.set_exception_handler(lambda _, context: told.append(f"{context['message']}: {context}"))
    yield
    gc.collect()
    loop.set_exception_handler(None)
    assert told == []
