"""The application: settings, database, schema and routes put together, here and nowhere else."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import cast

from starlette.routing import Route, Router
from starlette.types import ASGIApp

from app.http.authentication.authenticator import Authenticator
from app.http.authentication.json_web_tokens import JsonWebTokens, KeySet
from app.http.documents import Documents
from app.http.endpoint import Endpoint
from app.http.explorer.page import Explorer, RedirectToPage
from app.http.front_controller import FrontController
from app.http.hosts_and_origins import AllowedHosts, Cors
from app.http.limits.admission import Admission, UntakenAnswers
from app.http.limits.rate_limit import RateLimiter, SharedRateLimiter
from app.server.background import clean_up_periodically, keep_running
from app.server.database import pool_size_of
from app.server.probes import health, metrics, readiness
from app.settings import Settings, is_loopback
from app.storage.connections.database import Database
from app.telemetry.log import configure_log
from app.telemetry.tracing import start_tracing, stop_tracing
from app.usecases.transaction import UnitOfWork
from app.usecases.upkeep import (
    number_events_periodically,
    watch_replica,
)


def create_app(settings: Settings) -> FrontController:
    """The ASGI application, on the database of the settings."""
    configure_log(log_format=settings.log_format, level=settings.log_level)
    database = database_of(settings)
    work = UnitOfWork(
        database,
        clock=lambda: datetime.now(UTC),
        keys_kept=timedelta(hours=settings.idempotency_key_hours),
        drafts_kept=timedelta(days=settings.set_aside_days),
    )
    json_web_tokens, is_local = json_web_tokens_of(settings), is_loopback(settings.host)
    authenticator = Authenticator(database, now=work.clock, demo_tokens=is_local, json_web_tokens=json_web_tokens)
    endpoint = endpoint_of(settings, database, work, authenticator)

    @asynccontextmanager
    async def lifespan(_: object) -> AsyncIterator[None]:
        start_tracing()
        tasks = [asyncio.create_task(keep_running(name, run)) for name, run in background_of(settings, work).items()]
        yield
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await authenticator.close()
        if endpoint.rate_limiter is not None:
            await endpoint.rate_limiter.close()
        await database.close()
        await asyncio.to_thread(stop_tracing)

    explorer = explorer_of(settings, authenticator, work)
    # With slashes redirected, it would tell an address that rests on what the request says of its own.
    router = Router(other_routes(settings, explorer), redirect_slashes=False, lifespan=lifespan)
    hosts = AllowedHosts(settings.allowed_hosts, on_loopback=is_local)
    return FrontController(endpoint, router, explorer=explorer, hosts=hosts, cors=cors_of(settings))


def database_of(settings: Settings) -> Database:
    return Database(
        # `flowport serve` has set it, to that of the embedded database if need be.
        cast("str", settings.database_url),
        pool_size=pool_size_of(settings),
        statement_timeout_seconds=settings.statement_timeout_seconds,
        lock_timeout_seconds=settings.lock_timeout_seconds,
        # So that who waits in vain can be told before its own time is over.
        connection_wait_seconds=settings.request_timeout_seconds / 2,
        pool_wait_seconds=min(settings.max_wait_seconds, settings.request_timeout_seconds / 2),
        pooler_mode=settings.pooler_mode,
        replica_url=settings.replica_url,
        replica_lag_seconds=settings.replica_max_lag_seconds,
    )


def background_of(settings: Settings, work: UnitOfWork) -> dict[str, Callable[[], Awaitable[None]]]:
    """The background tasks of a server, which run until it stops."""
    records, events = timedelta(days=settings.record_days), timedelta(days=settings.event_days)
    background: dict[str, Callable[[], Awaitable[None]]] = {
        "cleanup": partial(clean_up_periodically, work, records=records, events=events),
        "events": partial(number_events_periodically, work),
    }
    if work.database.replica is not None:
        background["replica"] = partial(watch_replica, work)
    return background


def endpoint_of(settings: Settings, database: Database, work: UnitOfWork, authenticator: Authenticator) -> Endpoint:
    documents = Documents(
        max_tokens=settings.max_tokens,
        max_characters=settings.max_document_characters,
        hides_suggestions=settings.introspection == "off",
    )
    limiter, cost_per_minute = None, settings.rate_limit_cost_per_minute
    if cost_per_minute is not None:
        url = settings.rate_limit_url
        limiter = SharedRateLimiter(cost_per_minute, url=url) if url else RateLimiter(cost_per_minute)
    # On loopback everybody may read the schema, elsewhere callers with a token, unless a setting says otherwise.
    for_all = settings.introspection == "on" or (settings.introspection == "auto" and is_loopback(settings.host))
    return Endpoint(
        database,
        work,
        authenticator,
        documents,
        admission_of(settings),
        limiter,
        settings,
        introspection_for_all=for_all,
    )


def other_routes(settings: Settings, explorer: Explorer | None) -> list[Route]:
    routes = [
        Route("/health", health, methods=["GET"]),
        Route("/ready", readiness, methods=["GET"]),
        Route("/metrics", metrics, methods=["GET"]),
    ]
    if explorer is not None:
        routes += [Route(path, RedirectToPage()) for path in ("/", "/graphql/")]
        routes.append(Route("/graphql/static/{name}", explorer.part, methods=["GET"]))
        if is_loopback(settings.host):
            # Elsewhere no demo world is served.
            routes.append(Route("/graphql/demo/reset", explorer.reset_demo, methods=["POST"]))
    return routes


def json_web_tokens_of(settings: Settings) -> JsonWebTokens | None:
    """Make the authenticator of JWTs; None without a URL for keys: every JWT is refused."""
    if settings.jwks_url is None or settings.jwt_issuer is None or settings.jwt_audience is None:
        return None
    return JsonWebTokens(
        keys=KeySet(settings.jwks_url, life_seconds=settings.jwks_cache_seconds),
        issuer=settings.jwt_issuer,
        audience=settings.jwt_audience,
        user_claim=settings.jwt_user_claim,
        leeway_seconds=settings.jwt_leeway_seconds,
    )


def admission_of(settings: Settings) -> Admission:
    """The admission of requests, with as many slots as the process can work on at once."""
    running = settings.max_running_requests or max(2, pool_size_of(settings) * 8 // 5)
    return Admission(
        running=running,
        costly=min(running, settings.max_running_costly),
        waiting=settings.max_waiting_requests,
        wait_seconds=settings.max_wait_seconds,
        untaken=UntakenAnswers(
            most_of_one=settings.max_untaken_bytes,
            most=settings.max_untaken_bytes_in_all,
            piece_seconds=settings.request_timeout_seconds,
        ),
    )


def explorer_of(settings: Settings, authenticator: Authenticator, work: UnitOfWork) -> Explorer | None:
    """The page for browsers: open to everybody on loopback, to callers with a token elsewhere, unless it is set."""
    if settings.graphiql == "off":
        return None
    is_open_to_all = settings.graphiql == "on" or is_loopback(settings.host)
    return Explorer(authenticator, is_open_to_all=is_open_to_all, work=work)


def cors_of(settings: Settings) -> Callable[[ASGIApp], ASGIApp] | None:
    """The middleware that lets pages of other origins call, where a setting names some; there are no cookies."""
    if settings.cors_origins is None:
        return None
    return partial(
        Cors,
        allow_origins=settings.cors_origins.split(","),
        allow_methods=["GET", "POST"],
        allow_headers=["Authorization", "Content-Type", "X-Request-Id", "Traceparent", "Tracestate"],
        expose_headers=["X-Request-Id", "RateLimit", "RateLimit-Policy", "Retry-After"],
    )
