"""Remove drafts that were set aside longer ago than they are kept."""

from collections.abc import Callable
from datetime import datetime, timedelta

from app.storage.engine import Database
from app.storage.expiry import remove_batch
from app.telemetry.log import log

BATCH = 500


async def expire_drafts(database: Database, *, kept: timedelta, now: Callable[[], datetime]) -> int:
    """Remove them batch by batch (H8); how many went is logged and returned."""
    total = 0
    while removed := await remove_batch(database, before=now() - kept, batch=BATCH):
        total += removed
        log().info("drafts set aside were removed", removed=removed, kept_days=kept.days)
    return total
