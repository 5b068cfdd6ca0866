"""Looking how far a replica has come, and whether it has what this release reads."""

import asyncio
import time

from app.storage.compatibility import schema_on, works_with
from app.storage.engine import Database, DatabaseFailure
from app.storage.failures import ConnectionLost
from app.storage.positions import CURRENT, REPLAYED, begin_positions, settle
from app.storage.replica import ANSWER_SECONDS, Replica


async def watch_replica(database: Database) -> None:
    """Take the replica in when it is good, and leave it out when it isn't, as long as the server runs."""
    replica = database.replica
    if replica is not None:
        await replica.watch(lambda: look(database, replica))


async def look(database: Database, replica: Replica) -> None:
    """Compare both servers once. A primary that is lost may be another one when it comes back."""
    asked_at = time.monotonic()
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            current = await current_position(database)
            await settle_callers(database, replica)
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


async def current_position(database: Database) -> int:
    """Of the primary; which notes from there on up to where everybody has written, if it doesn't."""
    async with database.probing() as connection:
        found = await connection.row(CURRENT)
    if found is None:
        raise LookupError("the primary doesn't say where it is")
    if found.of_everybody is None or found.of_everybody > found.position:
        async with database.writing() as connection:
            await begin_positions(connection)
    return int(found.position)


async def settle_callers(database: Database, replica: Replica) -> None:
    callers = replica.take_unsettled()
    if callers:
        async with database.writing() as connection:
            await settle(connection, callers)
