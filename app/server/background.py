"""Background tasks: what ends by an unexpected exception is said, counted and restarted."""

import asyncio
import time
from collections.abc import Awaitable, Callable

from app.server.backoff import delay_after
from app.telemetry.log import log
from app.telemetry.metrics import BACKGROUND_TASKS_ENDED


async def keep_running(name: str, work: Callable[[], Awaitable[None]]) -> None:
    """Do work that has no end for as long as the server runs; each time that it fails, after a longer delay."""
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
