"""Remove contents that no draft and no version has referred to for a while."""

from collections.abc import Callable
from datetime import datetime, timedelta

from app.storage.connections.database import Database
from app.storage.unreferenced_contents import begin_looking, remove_slice
from app.telemetry.log import log

SLICE = 500
KEPT = timedelta(hours=1)
"""Longer than any call takes that may have found a content referred to."""
EVERY = timedelta(minutes=59)
"""How often all contents are looked through, by whichever server process is the first to be due."""


async def remove_contents(database: Database, *, now: Callable[[], datetime]) -> int:
    """Remove them slice by slice, each in a transaction of its own; how many went is logged and returned."""
    if not await begin_looking(database, now=now(), before=now() - EVERY):
        return 0
    total, after = 0, ""
    while True:
        done = await remove_slice(database, after=after, size=SLICE, now=now(), before=now() - KEPT)
        total += len(done.removed)
        if done.last is None:
            break
        after = done.last
    if total:
        log().info("contents that nothing refers to were removed", removed=total)
    return total
