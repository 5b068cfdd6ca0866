"""The application: settings, database, schema and routes put together, here and nowhere else."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http import HTTPStatus

from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from app.graphql.authentication.callers import Authenticator
from app.graphql.authentication.json_web_tokens import JsonWebTokens
from app.graphql.authentication.jwks import KeySet
from app.graphql.explorer.page import Explorer, wants_page
from app.graphql.http.budget import Budget
from app.graphql.http.documents import Documents
from app.graphql.http.draining import Draining, Named
from app.graphql.http.endpoint import Access, Bounds, Endpoint, note_refusal, refused
from app.graphql.http.hosts import AllowedHosts
from app.graphql.http.limits import Limits
from app.graphql.refused import Refusal, RequestCode
from app.metrics import CONNECTIONS
from app.observability import configure_log, log
from app.probes import health, metrics_for, readiness
from app.settings import Settings, is_loopback, read_settings
from app.stopping import Work
from app.storage.engine import Database, DatabaseUnavailable, StatementTookTooLong, open_database
from app.storage.store import UnitOfWork
from app.usecases.expire_drafts import expire_drafts

HOUSEKEEPING_SECONDS = 3600
MOST_PARAMETERS = 100
"""Of a URL: there are four that mean something."""

REFUSED = {
    401: (RequestCode.UNAUTHENTICATED, "Send `Authorization: Bearer <token>`."),
    404: (RequestCode.NOT_FOUND, "There is nothing here. GraphQL is served on /graphql."),
    405: (RequestCode.METHOD_NOT_ALLOWED, "That can't be done here; the header `Allow` says what can."),
    503: (RequestCode.SERVICE_UNAVAILABLE, ""),
}
"""By status; where there is no message, whoever refuses says it."""


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
        # So that who waits in vain can be told before its own time is over.
        connection_wait_seconds=settings.request_timeout_seconds / 2,
        in_use=CONNECTIONS,
    )
    work = UnitOfWork(database, clock=lambda: datetime.now(UTC))
    authenticator = authenticator_of(settings, database, work.now)
    endpoint = endpoint_of(settings, database, work, authenticator)
    at_work = Work()

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[dict[str, Work]]:
        housekeeping = asyncio.create_task(keep_house(database, timedelta(days=settings.set_aside_days)))
        # The server process looks there when it is to stop.
        yield {"work": at_work}
        housekeeping.cancel()
        await asyncio.gather(housekeeping, return_exceptions=True)
        await authenticator.close()
        await database.close()

    explorer = explorer_of(settings, authenticator)
    app = Starlette(
        routes=[Route("/graphql", Entrance(endpoint, explorer)), *other_routes(settings, database, explorer)],
        middleware=[Middleware(Named), hosts_of(settings), *cors_of(settings), Middleware(Draining, work=at_work)],
        exception_handlers={Refusal: as_refused, HTTPException: as_refused},
        lifespan=lifespan,
    )
    # It would tell an address that rests on what the request says of its own.
    app.router.redirect_slashes = False
    return app


def endpoint_of(settings: Settings, database: Database, work: UnitOfWork, authenticator: Authenticator) -> Endpoint:
    access = access_of(settings)
    documents = Documents(
        max_tokens=settings.max_tokens,
        max_characters=settings.max_document_characters,
        hides_suggestions=not access.introspection,
    )
    return Endpoint(database, work, authenticator, access, bounds_of(settings), documents)


@dataclass(frozen=True, slots=True)
class Entrance:
    """What answers on `/graphql`, by every method that there is: the page for browsers, the endpoint for all others."""

    endpoint: Endpoint
    explorer: Explorer | None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["query_string"].count(b"&") >= MOST_PARAMETERS:
            message = f"The URL has more than {MOST_PARAMETERS} parameters."
            raise Refusal(HTTPStatus.BAD_REQUEST, RequestCode.BAD_REQUEST, message)
        request = Request(scope, receive, send)
        if self.explorer is not None and wants_page(request):
            response = self.explorer.page()
        else:
            response = await self.endpoint(request)
        await response(scope, receive, send)


def other_routes(settings: Settings, database: Database, explorer: Explorer | None) -> list[Route]:
    page = [] if explorer is None else [Route("/graphql/static/{name}", explorer.part, methods=["GET"])]
    return [
        *page,
        Route("/health", health, methods=["GET"]),
        Route("/ready", readiness(database), methods=["GET"]),
        Route("/metrics", metrics_for(settings), methods=["GET"]),
    ]


async def keep_house(database: Database, kept: timedelta) -> None:
    """Remove old drafts now and then, as long as the server runs; what goes wrong is logged and tried again."""
    while True:
        try:
            async with asyncio.timeout(HOUSEKEEPING_SECONDS):
                await expire_drafts(database, kept=kept, now=lambda: datetime.now(UTC))
        except DatabaseUnavailable as error:
            log().warning("old drafts could not be removed", reason=str(error))
        except (StatementTookTooLong, TimeoutError) as error:
            log().warning("old drafts could not be removed", reason=type(error).__name__)
        except Exception:  # noqa: BLE001 - whatever it is, the next time is tried
            log().exception("old drafts could not be removed")
        await asyncio.sleep(HOUSEKEEPING_SECONDS)


def authenticator_of(settings: Settings, database: Database, now: Callable[[], datetime]) -> Authenticator:
    is_local = is_loopback(settings.host)
    return Authenticator(database, now=now, demo_tokens=is_local, json_web_tokens=json_web_tokens_of(settings))


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
        values=settings.max_values,
        page_size=settings.max_page_size,
        answer_bytes=settings.max_answer_bytes,
        input_elements=settings.max_input_elements,
    )
    return Bounds(
        body_bytes=settings.max_body_bytes,
        seconds=settings.request_timeout_seconds,
        limits=limits,
        budget=Budget(settings.cost_per_minute),
    )


def explorer_of(settings: Settings, authenticator: Authenticator) -> Explorer | None:
    """The page for browsers: open to everybody on loopback, to callers with a token elsewhere, unless it is set."""
    if settings.graphiql == "off":
        return None
    return Explorer(authenticator, is_open_to_all=settings.graphiql == "on" or is_loopback(settings.host))


def hosts_of(settings: Settings) -> Middleware:
    names = None if settings.allowed_hosts is None else tuple(settings.allowed_hosts.split(","))
    return Middleware(AllowedHosts, names=names, on_loopback=is_loopback(settings.host))


class Cors(CORSMiddleware):
    """What Starlette has, with refusals said like everything else that is refused."""

    def preflight_response(self, request_headers: Headers) -> Response:
        response = super().preflight_response(request_headers)
        if response.status_code == HTTPStatus.OK:
            return response
        allowed = {name: value for name, value in response.headers.items() if not name.startswith("content-")}
        message = "Pages of this origin may not do that."
        return told(Refusal(response.status_code, RequestCode.CORS_REFUSED, message, allowed))


def cors_of(settings: Settings) -> list[Middleware]:
    """What lets pages of other origins call, where some are named; cookies there are none."""
    if settings.cors_origins is None:
        return []
    return [
        Middleware(
            Cors,
            allow_origins=settings.cors_origins.split(","),
            allow_methods=["GET", "POST"],
            allow_headers=["Authorization", "Content-Type", "X-Request-Id"],
            expose_headers=["X-Request-Id", "RateLimit", "RateLimit-Policy", "Retry-After"],
        )
    ]


async def as_refused(_: Request, error: Exception) -> Response:
    """What is refused outside the endpoint, which answers its own refusals."""
    return told(error if isinstance(error, Refusal) else refusal_of(error))


def refusal_of(error: Exception) -> Refusal:
    """What Starlette refuses, said like everything else that is refused."""
    if not isinstance(error, HTTPException):
        raise error
    code, message = REFUSED.get(error.status_code, (RequestCode.BAD_REQUEST, "The request can't be answered."))
    return Refusal(error.status_code, code, message or error.detail, dict(error.headers or {}))


def told(refusal: Refusal) -> Response:
    """A refusal that the log and the metrics know of."""
    note_refusal(refusal.code)
    return refused(refusal)
