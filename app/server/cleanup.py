"""Periodic cleanup of what is kept for a while only."""

import asyncio
from datetime import UTC, datetime, timedelta

from app.storage.engine import Database, DatabaseUnavailable, StatementTookTooLong
from app.telemetry.log import log
from app.usecases.expire_drafts import expire_drafts
from app.usecases.expire_keys import expire_keys
from app.usecases.remove_contents import remove_contents

CLEANUP_SECONDS = 3600


async def clean_up_periodically(database: Database, kept: timedelta, keys_kept: timedelta) -> None:
    """Remove old drafts, idempotency keys and contents now and then, as long as the server runs; what goes wrong is logged and tried again."""
    while True:
        try:
            async with asyncio.timeout(CLEANUP_SECONDS):
                await expire_drafts(database, kept=kept, now=lambda: datetime.now(UTC))
                await expire_keys(database, kept=keys_kept, now=lambda: datetime.now(UTC))
                await remove_contents(database, now=lambda: datetime.now(UTC))
        except DatabaseUnavailable as error:
            log().warning("old drafts could not be removed", reason=str(error))
        except (StatementTookTooLong, TimeoutError) as error:
            log().warning("old drafts could not be removed", reason=type(error).__name__)
        except Exception:  # noqa: BLE001 - whatever it is, the next time is tried
            log().exception("old drafts could not be removed")
        await asyncio.sleep(CLEANUP_SECONDS)
