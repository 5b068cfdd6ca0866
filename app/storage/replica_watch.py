"""Looking how far a replica has come, and whether it has what this release reads."""

import asyncio
import time
from collections.abc import Collection

from app.domain.model import UserId
from app.storage.compatibility import schema_on, works_with
from app.storage.connections.database import Database, DatabaseFailure
from app.storage.connections.failures import ConnectionLost
from app.storage.connections.replicas.positions import CURRENT, REPLAYED
from app.storage.connections.replicas.replica import ANSWER_SECONDS, Replica


async def look(database: Database, replica: Replica) -> Collection[UserId] | None:
    """Compare both servers once. A primary that is lost may be another one when it comes back.

    Returns the callers whose positions are to be noted; None where there is nothing to note.
    """
    asked_at = time.monotonic()
    try:
        async with asyncio.timeout(ANSWER_SECONDS), database.probing() as connection:
            primary = await connection.row(CURRENT)
    except ConnectionLost as error:
        replica.leave_out(f"the primary is lost: {error}")
        return None
    except (DatabaseFailure, OSError):
        replica.note_silence()
        return None
    try:
        async with asyncio.timeout(ANSWER_SECONDS), replica.pool_of_probes.reading() as connection:
            found = await connection.row(REPLAYED)
            has_schema = replica.is_in_use or works_with(await schema_on(connection))
    except (DatabaseFailure, OSError) as error:
        replica.leave_out(f"{type(error).__name__}: {error}".removesuffix(": "))
        return None
    if has_schema and found is not None and primary is not None:
        current, replayed = int(primary.position), int(found.replayed or 0)
        replica.note(current=current, asked_at=asked_at, is_standby=found.is_standby, replayed=replayed)
        callers, of_everybody = replica.take_unsettled(), primary.of_everybody
        if callers or of_everybody is None or of_everybody > current:
            return callers
    return None
