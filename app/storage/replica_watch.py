"""Looking how far a replica has come, and whether it has what this release reads."""

import asyncio
import time

from app.storage.compatibility import schema_on, works_with
from app.storage.engine import Database, DatabaseFailure
from app.storage.failures import ConnectionLost
from app.storage.positions import CURRENT, REPLAYED
from app.storage.replica import ANSWER_SECONDS, Replica


async def watch_replica(database: Database) -> None:
    """Take the replica in when it is good, and leave it out when it isn't, as long as the server runs."""
    replica = database.replica
    if replica is not None:
        await replica.watch(lambda: look(database, replica))


async def look(database: Database, replica: Replica) -> None:
    """Compare both servers once. A primary that is lost has forgotten what callers have written, if it crashed."""
    asked_at = time.monotonic()
    try:
        async with asyncio.timeout(ANSWER_SECONDS), database.probing() as connection:
            current = int(await connection.value(CURRENT))
    except ConnectionLost as error:
        replica.leave_out(f"the primary is lost: {error}")
        return
    except (DatabaseFailure, OSError):
        replica.note_silence()
        return
    try:
        async with asyncio.timeout(ANSWER_SECONDS), database.probing_replica() as connection:
            found = await connection.row(REPLAYED)
            has_schema = replica.is_in_use or works_with(await schema_on(connection))
    except (DatabaseFailure, OSError) as error:
        replica.leave_out(f"{type(error).__name__}: {error}".removesuffix(": "))
        return
    if has_schema and found is not None:
        replica.note(current=current, asked_at=asked_at, is_standby=found.is_standby, replayed=int(found.replayed or 0))
