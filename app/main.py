"""The application: settings, database, schema and routes put together, here and nowhere else."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

from prometheus_client import CONTENT_TYPE_LATEST
from sqlalchemy.exc import SQLAlchemyError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from app.graphql import explorer
from app.graphql.authentication import Authenticator
from app.graphql.budget import Budget
from app.graphql.http import Access, Bounds, Endpoint
from app.graphql.json_web_tokens import JsonWebTokens
from app.graphql.jwks import KeySet
from app.graphql.limits import Limits
from app.metrics import exposition
from app.observability import configure_log, log
from app.settings import Settings, is_loopback, read_settings
from app.storage.engine import Database, open_database
from app.storage.migrate import is_current
from app.storage.store import UnitOfWork
from app.usecases.expire_drafts import expire_drafts

HOUSEKEEPING_SECONDS = 3600

METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"]
"""The endpoint answers all of them, most with 405."""


def create_app(settings: Settings | None = None) -> Starlette:
    """The ASGI application; without settings it reads them from the environment."""
    settings = read_settings() if settings is None else settings
    if settings.database_url is None:
        raise RuntimeError("FLOWPORT_DATABASE_URL is needed; `flowport serve` sets it for the embedded database.")
    configure_log(log_format=settings.log_format, level=settings.log_level)
    database = open_database(
        settings.database_url,
        pool_size=settings.pool_size,
        statement_timeout_seconds=settings.statement_timeout_seconds,
    )
    work = UnitOfWork(database, clock=lambda: datetime.now(UTC))
    authenticator = Authenticator(database, now=work.now, json_web_tokens=json_web_tokens_of(settings))
    endpoint = Endpoint(database, work, authenticator, access_of(settings), bounds_of(settings))

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        housekeeping = asyncio.create_task(keep_house(database, timedelta(days=settings.set_aside_days)))
        yield
        housekeeping.cancel()
        await asyncio.gather(housekeeping, return_exceptions=True)
        await authenticator.close()
        await database.close()

    async def graphql(request: Request) -> Response:
        show_page = graphiql_is_open(settings) and explorer.wants_page(request)
        return explorer.page() if show_page else await endpoint(request)

    return Starlette(
        routes=[
            Route("/graphql", graphql, methods=METHODS),
            Route("/graphql/static/{name}", explorer.part, methods=["GET"]),
            Route("/health", health, methods=["GET"]),
            Route("/ready", readiness(database), methods=["GET"]),
            Route("/metrics", metrics, methods=["GET"]),
        ],
        exception_handlers={404: not_found},
        lifespan=lifespan,
    )


async def keep_house(database: Database, kept: timedelta) -> None:
    """Remove old drafts now and then, as long as the server runs; what goes wrong is logged and tried again."""
    while True:
        try:
            await expire_drafts(database, kept=kept, now=lambda: datetime.now(UTC))
        except (SQLAlchemyError, OSError):
            log().warning("old drafts could not be removed", exc_info=True)
        await asyncio.sleep(HOUSEKEEPING_SECONDS)


def json_web_tokens_of(settings: Settings) -> JsonWebTokens | None:
    """What JWTs are checked against; None where there is no URL for keys, and they are refused."""
    if settings.jwks_url is None or settings.jwt_issuer is None or settings.jwt_audience is None:
        return None
    return JsonWebTokens(
        keys=KeySet(settings.jwks_url, life_seconds=settings.jwks_cache_seconds),
        issuer=settings.jwt_issuer,
        audience=settings.jwt_audience,
        user_claim=settings.jwt_user_claim,
        leeway_seconds=settings.jwt_leeway_seconds,
    )


def access_of(settings: Settings) -> Access:
    """Who gets answers about the schema: everybody on loopback, callers with a token elsewhere, unless it is set."""
    for_all = settings.introspection == "on" or (settings.introspection == "auto" and is_loopback(settings.host))
    return Access(introspection_for_all=for_all, introspection=settings.introspection != "off")


def bounds_of(settings: Settings) -> Bounds:
    """What a request may take of the server at the most."""
    limits = Limits(
        depth=settings.max_depth,
        fields=settings.max_fields,
        aliases=settings.max_aliases,
        directives=settings.max_directives,
        root_fields=settings.max_root_fields,
        mutations=settings.max_mutations,
        cost=settings.max_cost,
    )
    return Bounds(
        body_bytes=settings.max_body_bytes,
        tokens=settings.max_tokens,
        seconds=settings.request_timeout_seconds,
        limits=limits,
        budget=Budget(settings.cost_per_minute),
    )


def graphiql_is_open(settings: Settings) -> bool:
    """Whether browsers get the page: it holds no secret, but off loopback it is shown only where that is set."""
    return settings.graphiql == "on" or (settings.graphiql == "auto" and is_loopback(settings.host))


async def health(_: Request) -> Response:
    """The process answers."""
    return JSONResponse({"status": "ok"})


async def metrics(_: Request) -> Response:
    """What is measured, for Prometheus."""
    return Response(exposition(), media_type=CONTENT_TYPE_LATEST)


def readiness(database: Database) -> Callable[[Request], Awaitable[Response]]:
    async def ready(_: Request) -> Response:
        """The database is reachable, and its schema is the one that this program knows."""
        try:
            current = await is_current(database.engine)
        except (SQLAlchemyError, OSError) as error:
            log().warning("database not reachable", error=type(error).__name__)
            return JSONResponse({"status": "database not reachable"}, 503)
        return JSONResponse(
            {"status": "ok"} if current else {"status": "database not migrated"}, 200 if current else 503
        )

    return ready


async def not_found(_: Request, __: Exception) -> Response:
    error = {"message": "There is nothing here. GraphQL is served on /graphql.", "extensions": {"code": "NOT_FOUND"}}
    return JSONResponse({"errors": [error]}, 404)
