"""The application: settings, database, schema and routes put together, here and nowhere else."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import cast

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from app.http.admission import Admission, Capacity
from app.http.authentication.authenticator import Authenticator
from app.http.authentication.json_web_tokens import JsonWebTokens
from app.http.authentication.jwks import KeySet
from app.http.documents import Documents
from app.http.endpoint import Access, Bounds, Endpoint
from app.http.explorer.page import Explorer, RedirectToPage, wants_page
from app.http.in_flight import InFlightRequests
from app.http.limits import Limits
from app.http.middleware.allowed_hosts import AllowedHosts
from app.http.middleware.cors import Cors
from app.http.middleware.error_handlers import as_refused
from app.http.middleware.graceful_shutdown import GracefulShutdown
from app.http.middleware.request_id import RequestId
from app.http.rate_limit import RateLimiter
from app.http.refused_requests import RequestError
from app.server.background import keep_running
from app.server.cleanup import clean_up_periodically
from app.server.database import pool_size_of
from app.server.probes import health, metrics_for, readiness
from app.settings import Settings, is_loopback
from app.storage.connections.database import Database, open_database
from app.telemetry.log import configure_log
from app.telemetry.metrics import CONNECTIONS, REPLICAS_IN_USE
from app.telemetry.tracing import start_tracing, stop_tracing
from app.usecases.transaction import UnitOfWork
from app.usecases.watch_replica import watch_replica


def create_app(settings: Settings) -> Starlette:
    """The ASGI application, on the database of the settings."""
    configure_log(log_format=settings.log_format, level=settings.log_level)
    database = database_of(settings)
    work = work_of(settings, database)
    authenticator = authenticator_of(settings, database, work.clock)
    endpoint = endpoint_of(settings, database, work, authenticator)
    in_flight = InFlightRequests()

    @asynccontextmanager
    async def lifespan(_: object) -> AsyncIterator[dict[str, InFlightRequests]]:
        start_tracing()
        background = {"cleanup": partial(clean_up_periodically, work, records=timedelta(days=settings.record_days))}
        if database.replica is not None:
            background["replica"] = partial(watch_replica, work)
        tasks = [asyncio.create_task(keep_running(name, run)) for name, run in background.items()]
        # The server process looks there when it is to stop.
        yield {"in_flight": in_flight}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await authenticator.close()
        await endpoint.bounds.rate_limiter.close()
        await database.close()
        await asyncio.to_thread(stop_tracing)

    explorer = explorer_of(settings, authenticator)
    app = Starlette(
        routes=[Route("/graphql", GraphQLRoute(endpoint, explorer)), *other_routes(settings, database, explorer)],
        middleware=middleware_of(settings, in_flight),
        exception_handlers={RequestError: as_refused, HTTPException: as_refused},
        lifespan=lifespan,
    )
    # With slashes redirected, it would tell an address that rests on what the request says of its own.
    app.router.redirect_slashes = False
    return app


def database_of(settings: Settings) -> Database:
    return open_database(
        # `flowport serve` has set it, to that of the embedded database if need be.
        cast("str", settings.database_url),
        pool_size=pool_size_of(settings),
        statement_timeout_seconds=settings.statement_timeout_seconds,
        lock_timeout_seconds=settings.lock_timeout_seconds,
        # So that who waits in vain can be told before its own time is over.
        connection_wait_seconds=settings.request_timeout_seconds / 2,
        pool_wait_seconds=min(settings.max_wait_seconds, settings.request_timeout_seconds / 2),
        pooler_mode=settings.pooler_mode,
        count_in_use=CONNECTIONS.inc,
        replica_url=settings.replica_url,
        replica_lag_seconds=settings.replica_max_lag_seconds,
        count_replicas=REPLICAS_IN_USE.inc,
    )


def work_of(settings: Settings, database: Database) -> UnitOfWork:
    keys_kept = timedelta(hours=settings.idempotency_key_hours)
    drafts_kept = timedelta(days=settings.set_aside_days)
    return UnitOfWork(database, clock=lambda: datetime.now(UTC), keys_kept=keys_kept, drafts_kept=drafts_kept)


def middleware_of(settings: Settings, in_flight: InFlightRequests) -> list[Middleware]:
    """The middleware, in the order in which a request passes it."""
    names = None if settings.allowed_hosts is None else tuple(settings.allowed_hosts.split(","))
    hosts = Middleware(AllowedHosts, names=names, on_loopback=is_loopback(settings.host))
    return [Middleware(RequestId), hosts, *cors_of(settings), Middleware(GracefulShutdown, in_flight=in_flight)]


def endpoint_of(settings: Settings, database: Database, work: UnitOfWork, authenticator: Authenticator) -> Endpoint:
    access = access_of(settings)
    documents = Documents(
        max_tokens=settings.max_tokens,
        max_characters=settings.max_document_characters,
        hides_suggestions=not access.introspection,
    )
    return Endpoint(database, work, authenticator, access, bounds_of(settings), documents)


@dataclass(frozen=True, slots=True)
class GraphQLRoute:
    """Answers `/graphql` for every method: browsers get the page, all others the endpoint."""

    endpoint: Endpoint
    explorer: Explorer | None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive, send)
        response: Response
        if self.explorer is not None and wants_page(request):
            response = self.explorer.page(request)
        else:
            response = await self.endpoint(request)
        await response(scope, receive, send)


def other_routes(settings: Settings, database: Database, explorer: Explorer | None) -> list[Route]:
    routes = [
        Route("/health", health, methods=["GET"]),
        Route("/ready", readiness(database), methods=["GET"]),
        Route("/metrics", metrics_for(settings), methods=["GET"]),
    ]
    if explorer is not None:
        routes += [Route(path, RedirectToPage()) for path in ("/", "/graphql/")]
        routes.append(Route("/graphql/static/{name}", explorer.part, methods=["GET"]))
    return routes


def authenticator_of(settings: Settings, database: Database, now: Callable[[], datetime]) -> Authenticator:
    is_local = is_loopback(settings.host)
    return Authenticator(database, now=now, demo_tokens=is_local, json_web_tokens=json_web_tokens_of(settings))


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


def access_of(settings: Settings) -> Access:
    """Open introspection to everybody on loopback and to callers with a token elsewhere, unless a setting says otherwise."""
    for_all = settings.introspection == "on" or (settings.introspection == "auto" and is_loopback(settings.host))
    return Access(introspection_for_all=for_all, introspection=settings.introspection != "off")


def bounds_of(settings: Settings) -> Bounds:
    """The most that a request may take of the server."""
    limits = Limits(
        depth=settings.max_depth,
        fields=settings.max_fields,
        aliases=settings.max_aliases,
        directives=settings.max_directives,
        root_fields=settings.max_root_fields,
        mutations=settings.max_mutations,
        cost=settings.max_cost,
        page_size=settings.max_page_size,
        answer_bytes=settings.max_answer_bytes,
        input_elements=settings.max_input_elements,
        cpu_seconds=settings.max_cpu_seconds,
    )
    return Bounds(
        body_bytes=settings.max_body_bytes,
        seconds=settings.request_timeout_seconds,
        limits=limits,
        rate_limiter=RateLimiter(settings.rate_limit_cost_per_minute, url=settings.rate_limit_url),
        admission=Admission(capacity_of(settings)),
    )


def capacity_of(settings: Settings) -> Capacity:
    """The limits of concurrent work in a process."""
    running = settings.max_running_requests or max(2, pool_size_of(settings) * 8 // 5)
    return Capacity(
        running=running,
        costly=min(running, settings.max_running_costly),
        waiting=settings.max_waiting_requests,
        wait_seconds=settings.max_wait_seconds,
        untaken_bytes=settings.max_untaken_bytes,
        untaken_bytes_in_all=settings.max_untaken_bytes_in_all,
        piece_seconds=settings.request_timeout_seconds,
    )


def explorer_of(settings: Settings, authenticator: Authenticator) -> Explorer | None:
    """The page for browsers: open to everybody on loopback, to callers with a token elsewhere, unless it is set."""
    if settings.graphiql == "off":
        return None
    return Explorer(authenticator, is_open_to_all=settings.graphiql == "on" or is_loopback(settings.host))


def cors_of(settings: Settings) -> list[Middleware]:
    """The middleware that lets pages of other origins call, where a setting names some; there are no cookies."""
    if settings.cors_origins is None:
        return []
    return [
        Middleware(
            Cors,
            allow_origins=settings.cors_origins.split(","),
            allow_methods=["GET", "POST"],
            allow_headers=["Authorization", "Content-Type", "X-Request-Id", "Traceparent", "Tracestate"],
            expose_headers=["X-Request-Id", "RateLimit", "RateLimit-Policy", "Retry-After"],
        )
    ]
