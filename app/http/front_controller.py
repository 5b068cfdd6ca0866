"""The front controller, which passes every request to the endpoint, the page or a probe, or refuses it."""

import asyncio
from collections.abc import Callable
from contextlib import suppress

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.routing import Router
from starlette.types import ASGIApp, Receive, Scope, Send

from app.http.endpoint import AUTHENTICATING, Endpoint
from app.http.explorer.page import Explorer, wants_page
from app.http.hosts_and_origins import AllowedHosts
from app.http.in_flight import InFlightRequest, InFlightRequests
from app.http.requests import error_media_type
from app.http.responses import (
    AGAIN_SOON,
    RequestCode,
    RequestError,
    cut_off,
    failed,
    logged_refusal,
)
from app.meter import METER
from app.storage.connections.failures import CommitState, DatabaseUnavailable, StatementTookTooLong
from app.telemetry.log import log

OUTAGE_SECONDS = 5
"""Seconds in `Retry-After` when the database is down or too busy."""
BODY_SECONDS = 1
"""Seconds that the server waits for the body of a refused request."""
REFUSED = {
    401: (RequestCode.UNAUTHENTICATED, "Send `Authorization: Bearer <token>`."),
    404: (RequestCode.NOT_FOUND, "There is nothing here. GraphQL is served on /graphql."),
    405: (RequestCode.METHOD_NOT_ALLOWED, "That can't be done here; the header `Allow` says what can."),
    503: (RequestCode.SERVICE_UNAVAILABLE, ""),
}
"""Codes and messages of refusals, by status. An empty message keeps the refusal's own."""


class FrontController:
    """The ASGI application.

    The controller gives each request an id for the log and the answer, checks its host, and registers it as in flight.
    Every refusal has one form. An unexpected exception is logged whole, and masked.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        router: Router,
        *,
        explorer: Explorer | None,
        hosts: AllowedHosts,
        cors: Callable[[ASGIApp], ASGIApp] | None,
    ) -> None:
        self.router = router
        self.endpoint = endpoint
        self.in_flight = InFlightRequests()
        self._explorer = explorer
        self._hosts = hosts
        self._behind_cors = self._answer if cors is None else cors(self._answer)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.router(scope, receive, send)
            return
        # With an application in the scope, routes raise refusals instead of answering them.
        scope["app"] = self
        request = scope["request"] = InFlightRequest(scope, receive, send, self.in_flight)
        with request:
            refusal = self._hosts.refusal_of(request.headers)
            answer = (
                self._behind_cors if refusal is None else logged_refusal(refusal, error_media_type(request.headers))
            )
            try:
                await answer(scope, receive, request.send)
            finally:
                if request.span is not None:
                    request.span.end(request.status)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        request: InFlightRequest = scope["request"]
        if self.in_flight.stopping and scope["path"] != "/health":
            await read_to_the_end(receive)
            # Another process, or the next one, can answer soon.
            message = "The server is shutting down, and has not begun with the request. Send it again."
            refusal = RequestError(503, RequestCode.SHUTTING_DOWN, message, AGAIN_SOON, written=CommitState.NOTHING)
            await logged_refusal(refusal, error_media_type(request.headers))(scope, receive, send)
            return
        self.in_flight.requests.add(request)
        # Until authentication, the request uses the connections of authentication.
        meter_before = METER.set(AUTHENTICATING)
        try:
            if scope["path"] != "/graphql":
                await self.router(scope, receive, send)
            elif self._explorer is not None and scope["method"] == "GET" and wants_page(Request(scope)):
                await self._explorer.page(Request(scope))(scope, receive, send)
            else:
                await (await self.endpoint(request))(scope, receive, send)
        except asyncio.CancelledError:
            cut = request.accept_cut()
            if cut is None or request.status is not None:
                raise
            refusal = cut_off(*cut, request.commits)
            await logged_refusal(refusal, error_media_type(request.headers))(scope, receive, send)
        except Exception as error:
            expected = refusal_of(error)
            if expected is None:
                response = failed(request.request_id, request.commits, error_media_type(request.headers))
                if request.status is not None:
                    raise
            else:
                response = logged_refusal(expected, error_media_type(request.headers))
            await response(scope, receive, send)
        finally:
            METER.reset(meter_before)
            self.in_flight.remove(request)


def refusal_of(error: Exception) -> RequestError | None:
    """The refusal that an exception stands for; None for an unexpected exception."""
    match error:
        case RequestError():
            return error
        case HTTPException():
            code, message = REFUSED.get(error.status_code, (RequestCode.BAD_REQUEST, "The request can't be answered."))
            return RequestError(error.status_code, code, message or error.detail, dict(error.headers or {}))
        case DatabaseUnavailable():
            log().warning("database unavailable", reason=str(error))
            message = "The database is down or too busy just now, so nothing was done. Try again soon."
            again = {"Retry-After": str(OUTAGE_SECONDS)}
            return RequestError(503, RequestCode.SERVICE_UNAVAILABLE, message, again, written=CommitState.NOTHING)
        case StatementTookTooLong():
            message = "The database took too long to answer. Try again."
            return RequestError(503, RequestCode.TIMEOUT, message, AGAIN_SOON, written=CommitState.NOTHING)
        case _:
            return None


async def read_to_the_end(receive: Receive) -> None:
    """Read the body of a refused request: if the connection were closed before, the client might lose the answer."""
    with suppress(TimeoutError):
        async with asyncio.timeout(BODY_SECONDS):
            while (await receive()).get("more_body"):
                pass
