"""Middleware that gives every request an id."""

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.contextvars import bound_contextvars

from app.http.responses import failed
from app.telemetry.log import request_id


class RequestId:
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
