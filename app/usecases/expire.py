"""Remove what is kept for a time only."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from app.storage import expiry
from app.storage.connections.database import Database
from app.storage.idempotency_keys import remove_old_keys
from app.telemetry.log import log

Now = Callable[[], datetime]
BATCH = 500


async def expire_drafts(database: Database, *, kept: timedelta, now: Now) -> int:
    """Remove drafts that were set aside longer ago than they are kept (H8); how many went is logged and returned."""
    return await _expire("drafts set aside", expiry.remove_drafts, database, kept, now)


async def expire_keys(database: Database, *, kept: timedelta, now: Now) -> int:
    """The same of idempotency keys that were used longer ago (P5)."""
    return await _expire("old idempotency keys", remove_old_keys, database, kept, now)


async def expire_records(database: Database, *, kept: timedelta, now: Now) -> int:
    """The same of records of exports that were undone longer ago, or whose destination was deleted (P6)."""
    return await _expire("records of exports", expiry.remove_records, database, kept, now)


async def _expire(
    what: str, remove_batch: Callable[..., Awaitable[int]], database: Database, kept: timedelta, now: Now
) -> int:
    """Batch by batch, each in a transaction of its own."""
    total = 0
    while removed := await remove_batch(database, before=now() - kept, batch=BATCH):
        total += removed
        log().info(f"{what} were removed", removed=removed, kept_days=kept / timedelta(days=1))
    return total
