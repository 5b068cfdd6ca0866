"""Remove what is kept for a time only."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

from app.storage import expiry
from app.storage.idempotency_keys import remove_old_keys
from app.storage.store import Store
from app.telemetry.log import log
from app.usecases.transaction import UnitOfWork, transaction

BATCH = 500


async def expire_drafts(work: UnitOfWork) -> int:
    """Remove drafts that were set aside longer ago than they are kept (H8); how many went is logged and returned."""
    return await _expire("drafts set aside", remove_drafts, work, work.drafts_kept)


async def expire_keys(work: UnitOfWork) -> int:
    """Remove idempotency keys that were used longer ago than they are kept (P5), in the same way."""
    return await _expire("old idempotency keys", remove_keys, work, work.keys_kept)


async def expire_records(work: UnitOfWork, kept: timedelta) -> int:
    """Remove records of exports that were undone longer ago, or whose destination was deleted (P6), in the same way."""
    return await _expire("records of exports", remove_records, work, kept)


@transaction()
async def remove_drafts(store: Store, kept: timedelta) -> int:
    return await expiry.remove_drafts(store.connection, before=store.at - kept, batch=BATCH)


@transaction()
async def remove_keys(store: Store, kept: timedelta) -> int:
    return await remove_old_keys(store.connection, before=store.at - kept, batch=BATCH)


@transaction()
async def remove_records(store: Store, kept: timedelta) -> int:
    return await expiry.remove_records(store.connection, before=store.at - kept, batch=BATCH)


async def _expire(
    what: str, remove_batch: Callable[[UnitOfWork, timedelta], Awaitable[int]], work: UnitOfWork, kept: timedelta
) -> int:
    """Batch by batch, each in a transaction of its own."""
    total = 0
    while removed := await remove_batch(work, kept):
        total += removed
        log().info(f"{what} were removed", removed=removed, kept_days=kept / timedelta(days=1))
    return total
