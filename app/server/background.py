"""Background tasks: one that ends by an unexpected exception is logged, counted and restarted."""

import asyncio
import time
from collections.abc import Awaitable, Callable

from app.backoff import delay_after
from app.telemetry.log import log
from app.telemetry.metrics import BACKGROUND_TASKS_ENDED


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
