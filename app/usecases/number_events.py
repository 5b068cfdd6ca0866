"""Give events their positions in the feed, as long as the server runs."""

import asyncio
from contextlib import suppress

from app.storage.connections.database import DatabaseFailure
from app.storage.store import Store
from app.storage.upkeep import feed
from app.usecases.transaction import UnitOfWork, transaction

EVERY_SECONDS = 0.25
ANSWER_SECONDS = 5
"""Seconds without an answer of PostgreSQL after which the connection is replaced."""
BATCH_SECONDS = 60
"""Seconds that even a batch on an overloaded PostgreSQL takes."""


async def number_events_periodically(work: UnitOfWork) -> None:
    """Number committed events several times a second; while the database is away, try again."""
    while True:
        await asyncio.sleep(EVERY_SECONDS)
        with suppress(DatabaseFailure, OSError):
            await number_events(work)


async def number_events(work: UnitOfWork) -> None:
    """Number all committed events, unless another process does (E3)."""
    async with asyncio.timeout(ANSWER_SECONDS), work.database.probing() as connection:
        has_pending = await feed.has_pending_events(connection)
    while has_pending:
        async with asyncio.timeout(BATCH_SECONDS):
            has_pending = await number_batch(work, None) == feed.NUMBERED_AT_ONCE


@transaction()
async def number_batch(store: Store, _: None) -> int:
    return await feed.number_events(store.connection)
