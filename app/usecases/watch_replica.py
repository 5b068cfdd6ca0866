"""Watch how far a replica has come, and note up to where callers have written."""

import asyncio
from collections.abc import Collection
from contextlib import suppress
from functools import partial

from app.domain.model import UserId
from app.storage.connections.database import DatabaseFailure
from app.storage.connections.replicas.replica import ANSWER_SECONDS, Replica, begin_positions, settle
from app.storage.migrations.compatibility import has_usable_schema_on
from app.storage.store import Store
from app.usecases.transaction import UnitOfWork, transaction


async def watch_replica(work: UnitOfWork) -> None:
    """Take the replica in when it is good, and leave it out when it isn't, as long as the server runs."""
    replica = work.database.replica
    if replica is not None:
        await replica.watch(partial(look_once, work, replica))


async def look_once(work: UnitOfWork, replica: Replica) -> None:
    callers = await replica.look(work.database.probing, has_usable_schema_on)
    if callers is None:
        return
    # Until their positions are noted, these callers read from the primary.
    with suppress(DatabaseFailure, OSError):
        async with asyncio.timeout(ANSWER_SECONDS):
            await note_positions(work, callers)


@transaction()
async def note_positions(store: Store, callers: Collection[UserId]) -> None:
    """Note up to where everybody, and each of these callers, may have written, where that isn't noted."""
    await begin_positions(store.connection)
    await settle(store.connection, callers)
