"""Health, readiness and metrics."""

import asyncio
import os
import time
from hmac import compare_digest

from prometheus_client import CONTENT_TYPE_LATEST
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from app.backoff import is_steady
from app.http.endpoint import Endpoint
from app.http.responses import AGAIN_SOON
from app.settings import is_loopback
from app.storage.connections.database import Database
from app.storage.connections.failures import DatabaseFailure
from app.storage.migrations.migrate import has_usable_schema
from app.telemetry import MULTIPROCESS_FOLDER
from app.telemetry.log import log
from app.telemetry.metrics import exposition

LONGEST_SECONDS = 10
"""Seconds for the database to answer its schema's revision."""


async def health(_: Request) -> Response:
    """The process answers, and isn't the next one of several that have ended one after the other."""
    if not is_steady(time.monotonic()):
        raise HTTPException(503, "Server processes end one after the other; the log says how.", AGAIN_SOON)
    return JSONResponse({"status": "ok"})


async def readiness(request: Request) -> Response:
    """The database is reachable and takes writes, and its schema is one that this program works with."""
    database: Database = request.app.endpoint.database
    try:
        async with asyncio.timeout(LONGEST_SECONDS):
            is_writable, current = await database.takes_writes(), await has_usable_schema(database)
    except (DatabaseFailure, OSError) as error:
        log().warning("database not reachable", error=type(error).__name__)
        raise HTTPException(503, "The database is not reachable.", AGAIN_SOON) from None
    if not is_writable:
        raise HTTPException(503, "The database is read-only.", AGAIN_SOON)
    if not current:
        raise HTTPException(503, "The database has a schema that this program doesn't work with.", AGAIN_SOON)
    return JSONResponse({"status": "ok"})


async def metrics(request: Request) -> Response:
    """Metrics: open on loopback, elsewhere to callers with the token, unless a setting says otherwise."""
    endpoint: Endpoint = request.app.endpoint
    settings, token = endpoint.settings, endpoint.settings.metrics_token
    is_open = settings.metrics == "on" or (
        settings.metrics == "auto" and (is_loopback(settings.host) or token is not None)
    )
    if not is_open:
        raise HTTPException(404)
    if token is not None and not bears(request.headers.get("authorization", ""), token):
        raise HTTPException(401, headers={"WWW-Authenticate": "Bearer"})
    if settings.workers > 1 and MULTIPROCESS_FOLDER not in os.environ:
        raise HTTPException(503, "There was no room for metrics when the server started; the log says why.")
    endpoint.measure()
    return Response(exposition(), media_type=CONTENT_TYPE_LATEST, headers={"Cache-Control": "no-store"})


def bears(header: str, token: str) -> bool:
    scheme, _, credentials = header.partition(" ")
    return scheme.lower() == "bearer" and compare_digest(credentials.strip(" ").encode(), token.encode())
