"""Looking how far a replica has come, and whether it has what this release reads."""

import asyncio
import time
from contextlib import suppress

from app.storage.compatibility import schema_on, works_with
from app.storage.connections.database import Database, DatabaseFailure
from app.storage.connections.failures import ConnectionLost
from app.storage.connections.replicas.positions import CURRENT, REPLAYED, begin_positions, settle
from app.storage.connections.replicas.replica import ANSWER_SECONDS, Replica


async def watch_replica(database: Database) -> None:
    """Take the replica in when it is good, and leave it out when it isn't, as long as the server runs."""
    replica = database.replica
    if replica is not None:
        await replica.watch(lambda: look(database, replica))


async def look(database: Database, replica: Replica) -> None:
    """Compare both servers once. A primary that is lost may be another one when it comes back."""
    asked_at = time.monotonic()
    try:
        async with asyncio.timeout(ANSWER_SECONDS), database.probing() as connection:
            primary = await connection.row(CURRENT)
    except ConnectionLost as error:
        replica.leave_out(f"the primary is lost: {error}")
        return
    except (DatabaseFailure, OSError):
        replica.note_silence()
        return
    try:
        async with asyncio.timeout(ANSWER_SECONDS), replica.pool_of_probes.reading() as connection:
            found = await connection.row(REPLAYED)
            has_schema = replica.is_in_use or works_with(await schema_on(connection))
    except (DatabaseFailure, OSError) as error:
        replica.leave_out(f"{type(error).__name__}: {error}".removesuffix(": "))
        return
    if has_schema and found is not None and primary is not None:
        current, replayed = int(primary.position), int(found.replayed or 0)
        replica.note(current=current, asked_at=asked_at, is_standby=found.is_standby, replayed=replayed)
        of_everybody = primary.of_everybody
        await note_positions(database, replica, are_begun=of_everybody is not None and of_everybody <= current)


async def note_positions(database: Database, replica: Replica, *, are_begun: bool) -> None:
    """Note what isn't known of where callers have written to. Until that can be done, they read from the primary."""
    callers = replica.take_unsettled()
    if are_begun and not callers:
        return
    with suppress(DatabaseFailure, OSError):
        async with asyncio.timeout(ANSWER_SECONDS), database.writing() as connection:
            if not are_begun:
                await begin_positions(connection)
            await settle(connection, callers)
