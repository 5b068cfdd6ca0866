"""Remove idempotency keys that were used longer ago than they are kept."""

from collections.abc import Callable
from datetime import datetime, timedelta

from app.storage.engine import Database
from app.storage.idempotency_keys import remove_old_keys
from app.telemetry.log import log

BATCH = 1000


async def expire_keys(database: Database, *, kept: timedelta, now: Callable[[], datetime]) -> int:
    """Remove them batch by batch (P5); how many went is logged and returned."""
    total = 0
    while removed := await remove_old_keys(database, before=now() - kept, batch=BATCH):
        total += removed
    if total:
        log().info("old idempotency keys were removed", removed=total)
    return total
