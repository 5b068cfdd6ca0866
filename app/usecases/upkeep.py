"""Upkeep, for nobody: remove what is kept for a time only, and contents that nothing refers to; number events; watch the replica."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from contextlib import suppress
from datetime import timedelta
from functools import partial

from app.domain.model import UserId
from app.storage.connections.failures import DatabaseFailure
from app.storage.connections.replicas import replica as replicas
from app.storage.migrations.migrate import has_usable_schema_on
from app.storage.store import Store
from app.storage.upkeep import periodic
from app.telemetry.log import log
from app.usecases.transaction import UnitOfWork, transaction

BATCH = 500


RemoveBatch = Callable[[UnitOfWork, timedelta], Awaitable[int]]


async def expire(work: UnitOfWork, remove_batch: RemoveBatch, kept: timedelta) -> int:
    """Remove what is older, batch by batch, each in a transaction of its own; how many went is logged and returned."""
    total = 0
    while removed := await remove_batch(work, kept):
        total += removed
        log().info(f"{NAMES[remove_batch]} were removed", removed=removed, kept_days=kept / timedelta(days=1))
    return total


@transaction()
async def remove_drafts(store: Store, kept: timedelta) -> int:
    """Drafts that were set aside longer ago than they are kept (H8)."""
    return await periodic.remove_drafts(store.connection, before=store.at - kept, now=store.at, batch=BATCH)


@transaction()
async def remove_keys(store: Store, kept: timedelta) -> int:
    """Idempotency keys that were used longer ago (P5)."""
    return await periodic.remove_keys(store.connection, before=store.at - kept, batch=BATCH)


@transaction()
async def remove_records(store: Store, kept: timedelta) -> int:
    """Records of exports that were undone longer ago, or whose destination was deleted (P6)."""
    return await periodic.remove_records(store.connection, before=store.at - kept, batch=BATCH)


@transaction()
async def remove_events(store: Store, kept: timedelta) -> int:
    """Events that are older (E2)."""
    return await periodic.remove_events(store.connection, before=store.at - kept)


NAMES: Mapping[RemoveBatch, str] = {
    remove_drafts: "drafts set aside",
    remove_keys: "old idempotency keys",
    remove_records: "records of exports",
    remove_events: "old events",
}


CONTENTS_AT_ONCE = 500
CONTENTS_KEPT = timedelta(hours=1)
"""Longer than any call takes that may have found a content referred to."""
CONTENTS_EVERY = timedelta(minutes=59)
"""How often all contents are looked through, by whichever server process is the first to be due."""


async def remove_contents(work: UnitOfWork) -> int:
    """Remove contents that nothing refers to, slice by slice, each in a transaction of its own; their number is logged and returned."""
    if not await begin(work, CONTENTS_EVERY):
        return 0
    total, after = 0, ""
    while True:
        done = await remove_next(work, after)
        total += len(done.removed)
        if done.last is None:
            break
        after = done.last
    if total:
        log().info("contents that nothing refers to were removed", removed=total)
    return total


@transaction()
async def begin(store: Store, every: timedelta) -> bool:
    """Begin to look through all contents, unless somebody has begun to within this time."""
    return await periodic.begin_looking(store.connection, now=store.at, before=store.at - every)


@transaction()
async def remove_next(store: Store, after: str) -> periodic.Slice:
    return await periodic.remove_slice(
        store.connection, after=after, size=CONTENTS_AT_ONCE, now=store.at, before=store.at - CONTENTS_KEPT
    )


EVENTS_EVERY_SECONDS = 0.25
ANSWER_SECONDS = 5
"""Seconds without an answer of PostgreSQL after which the connection is replaced."""
BATCH_SECONDS = 60
"""Seconds that even a batch on an overloaded PostgreSQL takes."""


async def number_events_periodically(work: UnitOfWork) -> None:
    """Number committed events several times a second; while the database is away, try again."""
    while True:
        await asyncio.sleep(EVENTS_EVERY_SECONDS)
        with suppress(DatabaseFailure, OSError):
            await number_events(work)


async def number_events(work: UnitOfWork) -> None:
    """Number all committed events, unless another process does (E3)."""
    async with asyncio.timeout(ANSWER_SECONDS), work.database.probing() as connection:
        has_pending = await periodic.has_pending_events(connection)
    while has_pending:
        async with asyncio.timeout(BATCH_SECONDS):
            has_pending = await number_batch(work, None) == periodic.NUMBERED_AT_ONCE


@transaction()
async def number_batch(store: Store, _: None) -> int:
    return await periodic.number_events(store.connection)


async def watch_replica(work: UnitOfWork) -> None:
    """Take the replica in when it is good, and leave it out when it isn't, as long as the server runs."""
    replica = work.database.replica
    if replica is not None:
        await replica.watch(partial(look_once, work, replica))


async def look_once(work: UnitOfWork, replica: replicas.Replica) -> None:
    callers = await replica.look(work.database.probing, has_usable_schema_on)
    if callers is None:
        return
    # Until their positions are noted, these callers read from the primary.
    with suppress(DatabaseFailure, OSError):
        async with asyncio.timeout(replicas.ANSWER_SECONDS):
            await note_positions(work, callers)


@transaction()
async def note_positions(store: Store, callers: Collection[UserId]) -> None:
    """Note up to where everybody, and each of these callers, may have written, where that isn't noted."""
    await replicas.settle(store.connection, callers)
