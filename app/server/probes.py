"""Health, readiness and metrics."""

import asyncio
import os
import time
from collections.abc import Awaitable, Callable
from hmac import compare_digest

from prometheus_client import CONTENT_TYPE_LATEST
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from app.backoff import is_steady
from app.settings import Settings, is_loopback
from app.storage.connections.database import Database, DatabaseFailure
from app.storage.migrations.migrate import has_usable_schema
from app.telemetry import MULTIPROCESS_FOLDER
from app.telemetry.log import log
from app.telemetry.metrics import exposition

TRY_AGAIN = {"Retry-After": "1"}
LONGEST_SECONDS = 10
"""Seconds for the database to answer its schema's revision."""


async def health(_: Request) -> Response:
    """The process answers, and isn't the next one of several that have ended one after the other."""
    if not is_steady(time.monotonic()):
        raise HTTPException(503, "Server processes end one after the other; the log says how.", TRY_AGAIN)
    return JSONResponse({"status": "ok"})


def readiness(database: Database) -> Callable[[Request], Awaitable[Response]]:
    async def ready(_: Request) -> Response:
        """The database is reachable and takes writes, and its schema is one that this program works with."""
        try:
            async with asyncio.timeout(LONGEST_SECONDS):
                is_writable, current = await database.takes_writes(), await has_usable_schema(database)
        except (DatabaseFailure, OSError) as error:
            log().warning("database not reachable", error=type(error).__name__)
            raise HTTPException(503, "The database is not reachable.", TRY_AGAIN) from None
        if not is_writable:
            raise HTTPException(503, "The database is read-only.", TRY_AGAIN)
        if not current:
            raise HTTPException(503, "The database has a schema that this program doesn't work with.", TRY_AGAIN)
        return JSONResponse({"status": "ok"})

    return ready


def metrics_for(settings: Settings, measure: Callable[[], None]) -> Callable[[Request], Awaitable[Response]]:
    """Make the answer to `/metrics`: open on loopback, elsewhere to callers with the token, unless a setting says otherwise."""
    token = settings.metrics_token
    is_open = settings.metrics == "on" or (
        settings.metrics == "auto" and (is_loopback(settings.host) or token is not None)
    )

    async def metrics(request: Request) -> Response:
        if not is_open:
            raise HTTPException(404)
        if token is not None and not bears(request.headers.get("authorization", ""), token):
            raise HTTPException(401, headers={"WWW-Authenticate": "Bearer"})
        if settings.workers > 1 and MULTIPROCESS_FOLDER not in os.environ:
            raise HTTPException(503, "There was no room for metrics when the server started; the log says why.")
        measure()
        return Response(exposition(), media_type=CONTENT_TYPE_LATEST, headers={"Cache-Control": "no-store"})

    return metrics


def bears(header: str, token: str) -> bool:
    scheme, _, given = header.partition(" ")
    return scheme.lower() == "bearer" and compare_digest(given.strip(" ").encode(), token.encode())
