"""Remove contents that no draft and no version has referred to for a while."""

from datetime import timedelta

from app.storage.store import Store
from app.storage.upkeep.expiry import Slice, begin_looking, remove_slice
from app.telemetry.log import log
from app.usecases.transaction import UnitOfWork, transaction

SLICE = 500
KEPT = timedelta(hours=1)
"""Longer than any call takes that may have found a content referred to."""
EVERY = timedelta(minutes=59)
"""How often all contents are looked through, by whichever server process is the first to be due."""


async def remove_contents(work: UnitOfWork) -> int:
    """Remove them slice by slice, each in a transaction of its own; how many went is logged and returned."""
    if not await begin(work, EVERY):
        return 0
    total, after = 0, ""
    while True:
        done = await remove_next(work, after)
        total += len(done.removed)
        if done.last is None:
            break
        after = done.last
    if total:
        log().info("contents that nothing refers to were removed", removed=total)
    return total


@transaction()
async def begin(store: Store, every: timedelta) -> bool:
    """Begin to look through all contents, unless somebody has begun to within this time."""
    return await begin_looking(store.connection, now=store.at, before=store.at - every)


@transaction()
async def remove_next(store: Store, after: str) -> Slice:
    return await remove_slice(store.connection, after=after, size=SLICE, now=store.at, before=store.at - KEPT)
