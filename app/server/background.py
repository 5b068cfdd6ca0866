"""Background tasks: what is old is removed periodically; a task that ends unexpectedly is logged, counted and restarted."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial

from app.backoff import delay_after
from app.storage.connections.failures import DatabaseUnavailable, StatementTookTooLong
from app.telemetry.log import log
from app.telemetry.metrics import BACKGROUND_TASKS_ENDED
from app.usecases.transaction import UnitOfWork
from app.usecases.upkeep import expire, remove_contents, remove_drafts, remove_events, remove_keys, remove_records

CLEANUP_SECONDS = 3600


async def keep_running(name: str, work: Callable[[], Awaitable[None]]) -> None:
    """Run an endless task while the server runs; restart it after a failure, each time after a longer delay."""
    delay = 0.0
    while True:
        began = time.monotonic()
        try:
            await work()
            reason = None
        except Exception as error:  # noqa: BLE001 - whatever it is, the next time is tried
            reason = error
        delay = delay_after(delay, served_seconds=time.monotonic() - began)
        BACKGROUND_TASKS_ENDED.labels(name).inc()
        log().error("background task ended and is restarted", task=name, delay=delay, exc_info=reason)
        await asyncio.sleep(delay)


async def clean_up_periodically(work: UnitOfWork, *, records: timedelta, events: timedelta) -> None:
    """Remove old drafts, idempotency keys, records of exports, events and contents periodically."""
    steps = {
        "drafts": partial(expire, work, remove_drafts, work.drafts_kept),
        "keys": partial(expire, work, remove_keys, work.keys_kept),
        "records": partial(expire, work, remove_records, records),
        "events": partial(expire, work, remove_events, events),
        "contents": partial(remove_contents, work),
    }
    while True:
        for what, step in steps.items():
            await clean_up(what, step)
        await asyncio.sleep(CLEANUP_SECONDS)


async def clean_up(what: str, step: Callable[[], Awaitable[int]]) -> None:
    """Clean up one kind of rows; a failure is logged, and doesn't stop the cleanup of others."""
    try:
        async with asyncio.timeout(CLEANUP_SECONDS):
            await step()
    except (DatabaseUnavailable, StatementTookTooLong, TimeoutError) as error:
        reason = str(error) if isinstance(error, DatabaseUnavailable) else type(error).__name__
        log().warning("cleanup not done", of=what, reason=reason)
    except Exception:  # noqa: BLE001 - whatever it is, the next time is tried
        BACKGROUND_TASKS_ENDED.labels("cleanup").inc()
        log().exception("cleanup not done", of=what)
