"""A server on a copy of the world of trade, for each test; whatever it was sent, nothing went astray in it."""

import asyncio
import gc
from collections.abc import AsyncIterator

import pytest

from tests.api.client import Api
from tests.databases import Databases, Loaded


@pytest.fixture
async def api(databases: Databases, loaded_trade: Loaded) -> AsyncIterator[Api]:
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
