"""Looking how far a replica has come, and whether it has what this release reads."""

import asyncio

from app.storage.compatibility import schema_on, works_with
from app.storage.engine import Database, DatabaseFailure
from app.storage.positions import CURRENT, REPLAYED
from app.storage.replica import ANSWER_SECONDS, Replica


async def watch_replica(database: Database) -> None:
    """Take the replica in when it is good, and leave it out when it isn't, as long as the server runs."""
    replica = database.replica
    if replica is not None:
        await replica.watch(lambda: look(database, replica))


async def look(database: Database, replica: Replica) -> None:
    """Compare both servers once. While the primary can't tell where it is, nothing is known, and nothing changes."""
    try:
        async with asyncio.timeout(ANSWER_SECONDS), database.probing() as connection:
            current = int(await connection.value(CURRENT))
    except (DatabaseFailure, OSError):
        return
    try:
        async with asyncio.timeout(ANSWER_SECONDS), database.probing_replica() as connection:
            found = await connection.row(REPLAYED)
            has_schema = replica.is_in_use or works_with(await schema_on(connection))
    except (DatabaseFailure, OSError) as error:
        replica.leave_out(f"{type(error).__name__}: {error}".removesuffix(": "))
        return
    if has_schema and found is not None:
        replica.note(current=current, is_standby=found.is_standby, replayed=int(found.replayed or 0))
