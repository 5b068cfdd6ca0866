"""Requests to a server that stops: those that were begun are finished or cut off, those that come then turned away."""

import asyncio
from contextlib import suppress

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.graphql.http import refused
from app.graphql.requests import Refusal
from app.metrics import request_refused
from app.observability import request_id
from app.stopping import Work

RETRY_AFTER_SECONDS = 1
"""Whoever is turned away finds another process, or the next one, soon."""
BODY_SECONDS = 1
"""How long the body of a request may still come that is turned away."""


class Draining:
    """Middleware: keeps count of the requests at work, and turns requests away once the server is to stop."""

    def __init__(self, app: ASGIApp, *, work: Work) -> None:
        self._app = app
        self._work = work

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_and_close(message: Message) -> None:
            if message["type"] == "http.response.start" and self._work.stopping:
                MutableHeaders(scope=message)["Connection"] = "close"
            await send(message)

        if scope["type"] != "http":
            await self._app(scope, receive, send)
        elif self._work.stopping and scope["path"] != "/health":
            await read_to_the_end(receive)
            await turned_away(scope)(scope, receive, send_and_close)
        else:
            await self._run(scope, receive, send_and_close)

    async def _run(self, scope: Scope, receive: Receive, send: Send) -> None:
        task, is_answered = current_task(), False

        async def send_and_note(message: Message) -> None:
            nonlocal is_answered
            is_answered = True
            await send(message)

        with self._work.begun(task):
            try:
                await self._app(scope, receive, send_and_note)
            except asyncio.CancelledError:
                if is_answered or not self._work.cut_off:
                    raise
                task.uncancel()
                await cut_off(scope)(scope, receive, send)


def current_task() -> "asyncio.Task[object]":
    task = asyncio.current_task()
    if task is None:
        raise RuntimeError("requests are answered in tasks")
    return task


async def read_to_the_end(receive: Receive) -> None:
    """Read a body that nobody wants: where a connection is closed before, the answer may be lost on its way."""
    with suppress(TimeoutError):
        async with asyncio.timeout(BODY_SECONDS):
            while (await receive()).get("more_body"):
                pass


def turned_away(scope: Scope) -> Response:
    if scope["path"] == "/ready":
        return JSONResponse({"status": "shutting down"}, 503)
    return refusal(scope, "The server is shutting down, and has not begun with the request. Send it again.")


def cut_off(scope: Scope) -> Response:
    return refusal(scope, "The server had to shut down before the request was done. What was unfinished was undone.")


def refusal(scope: Scope, message: str) -> Response:
    request_refused("SHUTTING_DOWN")
    response = refused(Refusal(503, "SHUTTING_DOWN", message, {"Retry-After": str(RETRY_AFTER_SECONDS)}))
    response.headers["X-Request-Id"] = request_id(Headers(scope=scope).get("x-request-id"))
    return response
