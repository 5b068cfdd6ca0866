"""Several clients at once before a server on a socket: what one reads, another is changing."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest

from tests.databases import Databases, Loaded
from tests.fuzz.session import TIMES, Session, session_of
from tests.fuzz.writes import nothing_written
from tests.serving.real import Real, real_server, soon_true

CLIENTS = 6
QUERIES_EACH = 10 * TIMES
MIXED_EACH = 15 * TIMES
MUTATIONS = 0.4
FEWEST_WRITES = 2


@pytest.fixture
async def real(databases: Databases, loaded_trade: Loaded) -> AsyncIterator[Real]:
    async with real_server(databases, loaded_trade) as real:
        yield real
        assert await soon_true(lambda: real.is_at_work(0))


@pytest.fixture
async def clients(real: Real) -> AsyncIterator[list[Session]]:
    async with AsyncExitStack() as sessions:
        opening = (session_of(real.api.http, real.api.tokens, f"client {number}") for number in range(CLIENTS))
        yield [await sessions.enter_async_context(each) for each in opening]


async def test_what_several_ask_at_once_is_answered_as_foreseen_and_writes_nothing(
    real: Real, clients: list[Session]
) -> None:
    async def ask(client: Session) -> None:
        for _ in range(QUERIES_EACH):
            await client.query()

    async with nothing_written(real.api.database_url):
        await asyncio.gather(*map(ask, clients))


async def test_what_several_change_at_once_is_answered_as_foreseen(clients: list[Session]) -> None:
    async def change(client: Session) -> int:
        writes = 0
        for _ in range(MIXED_EACH):
            if client.values.chance(MUTATIONS):
                writes += await client.mutate()
            else:
                await client.query()
        return writes

    assert sum(await asyncio.gather(*map(change, clients))) > FEWEST_WRITES
