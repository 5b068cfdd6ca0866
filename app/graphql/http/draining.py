"""The door: what comes in gets its id, and at a stop what was begun is finished or cut off, what comes then turned away."""

import asyncio
from contextlib import suppress

from starlette.datastructures import MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.contextvars import bound_contextvars

from app.graphql.http.endpoint import failed, note_refusal, refused
from app.graphql.refused import Refusal, RequestCode
from app.observability import request_id
from app.stopping import Work

RETRY_AFTER_SECONDS = 1
"""Whoever is turned away finds another process, or the next one, soon."""
BODY_SECONDS = 1
"""How long the body of a request may still come that is turned away."""


class Named:
    """Middleware: gives every request its id, which the log and the answer have too, whoever answers.

    No answer lets a browser guess its media type.

    What is raised in spite of all is logged whole under that id, and masked in the answer.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers, is_answered = MutableHeaders(scope=scope), False
        # Whoever looks for the id finds this one, a sane one.
        own_id = headers["X-Request-Id"] = request_id(headers.get("x-request-id"))

        async def send_with_id(message: Message) -> None:
            nonlocal is_answered
            if message["type"] == "http.response.start":
                is_answered = True
                MutableHeaders(scope=message).update({"X-Request-Id": own_id, "X-Content-Type-Options": "nosniff"})
            await send(message)

        client = scope["client"][0] if scope.get("client") else None
        with bound_contextvars(request_id=own_id, client=client):
            try:
                await self._app(scope, receive, send_with_id)
            except Exception:
                answer = failed(own_id)
                if is_answered:
                    raise
                await answer(scope, receive, send_with_id)


class Draining:
    """Middleware: keeps count of the requests at work, and turns them away at a stop."""

    def __init__(self, app: ASGIApp, *, work: Work) -> None:
        self._app = app
        self._work = work

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_and_close(message: Message) -> None:
            if message["type"] == "http.response.start" and self._work.stopping:
                MutableHeaders(scope=message)["Connection"] = "close"
            await send(message)

        if self._work.stopping and scope["path"] != "/health":
            await read_to_the_end(receive)
            await turned_away()(scope, receive, send_and_close)
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
                await cut_off()(scope, receive, send)


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


def turned_away() -> Response:
    return shutting_down("The server is shutting down, and has not begun with the request. Send it again.")


def cut_off() -> Response:
    return shutting_down(
        "The server had to shut down before the request was done. What was unfinished was undone; look whether a "
        "mutation was done before you send it again."
    )


def shutting_down(message: str) -> Response:
    note_refusal(RequestCode.SHUTTING_DOWN)
    return refused(Refusal(503, RequestCode.SHUTTING_DOWN, message, {"Retry-After": str(RETRY_AFTER_SECONDS)}))
