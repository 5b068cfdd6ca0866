"""Remove what is kept for a time only."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta

from app.storage.facts.idempotency_keys import remove_old_keys
from app.storage.store import Store
from app.storage.upkeep import expiry, feed
from app.telemetry.log import log
from app.usecases.transaction import UnitOfWork, transaction

BATCH = 500


RemoveBatch = Callable[[UnitOfWork, timedelta], Awaitable[int]]


async def expire(work: UnitOfWork, remove_batch: RemoveBatch, kept: timedelta) -> int:
    """Remove what is older, batch by batch, each in a transaction of its own; how many went is logged and returned."""
    total = 0
    while removed := await remove_batch(work, kept):
        total += removed
        log().info(f"{NAMES[remove_batch]} were removed", removed=removed, kept_days=kept / timedelta(days=1))
    return total


@transaction()
async def remove_drafts(store: Store, kept: timedelta) -> int:
    """Drafts that were set aside longer ago than they are kept (H8)."""
    return await expiry.remove_drafts(store.connection, before=store.at - kept, now=store.at, batch=BATCH)


@transaction()
async def remove_keys(store: Store, kept: timedelta) -> int:
    """Idempotency keys that were used longer ago (P5)."""
    return await remove_old_keys(store.connection, before=store.at - kept, batch=BATCH)


@transaction()
async def remove_records(store: Store, kept: timedelta) -> int:
    """Records of exports that were undone longer ago, or whose destination was deleted (P6)."""
    return await expiry.remove_records(store.connection, before=store.at - kept, batch=BATCH)


@transaction()
async def remove_events(store: Store, kept: timedelta) -> int:
    """Events that are older (E2)."""
    return await feed.remove_events(store.connection, before=store.at - kept)


NAMES: Mapping[RemoveBatch, str] = {
    remove_drafts: "drafts set aside",
    remove_keys: "old idempotency keys",
    remove_records: "records of exports",
    remove_events: "old events",
}
