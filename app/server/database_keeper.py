"""The keeper of the embedded database: starts its server again when it has ended, as after a SIGKILL or on a full disk."""

import asyncio
import math
import time
from pathlib import Path
from threading import Event

from app.server.backoff import delay_after
from app.storage.embedded import EmbeddedDatabaseError, is_down, start_again
from app.telemetry.log import log

LOOK_SECONDS = 0.2


async def keep_database(data_dir: Path, forking: asyncio.Lock) -> None:
    """Start the server of a data directory in a thread whenever it has ended, after a growing delay, until cancelled."""
    delay, started_at, is_given_up = 0.0, -math.inf, Event()
    try:
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            if not is_down(data_dir):
                continue
            delay = delay_after(delay, served_seconds=time.monotonic() - started_at)
            log().error("embedded database ended and is restarted", delay=delay)
            await asyncio.sleep(delay)
            begun = time.monotonic()
            async with forking:
                try:
                    if await asyncio.to_thread(start_again, data_dir, is_given_up=is_given_up.is_set):
                        log().warning("embedded database restarted", seconds=round(time.monotonic() - begun, 1))
                except EmbeddedDatabaseError as error:
                    log().error("embedded database could not be started", reason=str(error))
            started_at = time.monotonic()
    finally:
        # The event loop waits for the thread.
        is_given_up.set()
