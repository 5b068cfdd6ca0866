"""Watching several units of work at once."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from sqlalchemy import text

from app.storage.connections.engine import engine_of
from app.storage.store import Store
from tests.usecases.company_database import CompanyDatabase

Outcome = TypeVar("Outcome")

PATIENCE_SECONDS = 20
WAITING = text("select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'")


@asynccontextmanager
async def holding(world: CompanyDatabase) -> AsyncIterator[Store]:
    """A unit of work of Ada's that stays open: what it locks stays locked."""
    async with world.work.of(world.user("ada")).begin() as store:
        yield store


@asynccontextmanager
async def waiting(world: CompanyDatabase, work: Coroutine[Any, Any, Outcome]) -> AsyncIterator["asyncio.Task[Outcome]"]:
    """Start some work and see that it waits for a lock."""
    task = asyncio.create_task(work)
    async with asyncio.timeout(PATIENCE_SECONDS), engine_of(world.url).connect() as connection:
        while not (await connection.execute(WAITING)).scalar_one():
            assert not task.done(), "nothing was waited for"
            await connection.rollback()  # Within one transaction the view of activity keeps what it showed first.
            await asyncio.sleep(0.01)
    yield task


async def at_once(*work: Coroutine[Any, Any, Outcome]) -> list[Outcome]:
    async with asyncio.timeout(PATIENCE_SECONDS):
        return list(await asyncio.gather(*work))


async def without_waiting(work: Coroutine[Any, Any, Outcome]) -> Outcome:
    """Do some work while others hold what they hold; whoever has to wait for them waits for ever."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        return await work
