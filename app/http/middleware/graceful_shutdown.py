"""Middleware that lets requests in flight end at a shutdown, and refuses new ones."""

import asyncio
from contextlib import suppress

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.http.in_flight import InFlightRequests, current_task
from app.http.refused_requests import RequestCode, RequestError, cut_off
from app.http.responses import logged_refusal
from app.storage.connections.commits import Commits, CommitState

RETRY_AFTER_SECONDS = 1
"""Another process, or the next one, can answer soon."""
CUT_OFF = "The request was ended, since the server had to shut down"
BODY_SECONDS = 1
"""Seconds that the body of a refused request may still take to arrive."""


class GracefulShutdown:
    """Middleware: keeps count of the requests in flight, and refuses new ones during a shutdown."""

    def __init__(self, app: ASGIApp, *, in_flight: InFlightRequests) -> None:
        self._app = app
        self._in_flight = in_flight

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        is_begun = False

        async def answer(message: Message) -> None:
            nonlocal is_begun
            is_begun = True
            if message["type"] == "http.response.start" and self._in_flight.stopping:
                MutableHeaders(scope=message)["Connection"] = "close"
            await send(message)

        if self._in_flight.stopping and scope["path"] != "/health":
            await read_to_the_end(receive)
            await logged_refusal(turned_away())(scope, receive, answer)
            return
        task = current_task()
        self._in_flight.add(task)
        try:
            await self._app(scope, receive, answer)
        except asyncio.CancelledError:
            if is_begun or not self._in_flight.cut_off:
                raise
            task.uncancel()
            told = cut_off(RequestCode.SHUTTING_DOWN, CUT_OFF, scope.get("commits", Commits()))
            await logged_refusal(told)(scope, receive, answer)
        finally:
            self._in_flight.remove(task)


async def read_to_the_end(receive: Receive) -> None:
    """Read the body of a refused request: if the connection were closed before, the client might lose the answer."""
    with suppress(TimeoutError):
        async with asyncio.timeout(BODY_SECONDS):
            while (await receive()).get("more_body"):
                pass


def turned_away() -> RequestError:
    message = "The server is shutting down, and has not begun with the request. Send it again."
    again = {"Retry-After": str(RETRY_AFTER_SECONDS)}
    return RequestError(503, RequestCode.SHUTTING_DOWN, message, again, written=CommitState.NOTHING)
