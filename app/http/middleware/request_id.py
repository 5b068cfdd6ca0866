"""Middleware that gives every request an id."""

from typing import TYPE_CHECKING

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.http.responses import failed
from app.telemetry.log import LoggedRequest, request_id
from app.telemetry.tracing import tracing

if TYPE_CHECKING:
    from app.telemetry.spans import RequestSpan


class RequestId:
    """Middleware: gives every request its id, which the log and the answer have too, whoever answers.

    No answer lets a browser guess its media type.

    An unexpected exception is logged whole under that id, and masked in the answer.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        proposed = next((value for name, value in scope["headers"] if name == b"x-request-id"), None)
        own_id = request_id(None if proposed is None else proposed.decode("latin-1"))
        status: int | None = None

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = (b"x-request-id", own_id.encode()), (b"x-content-type-options", b"nosniff")
                message["headers"] = [*message["headers"], *headers]
            await send(message)

        client = scope["client"][0] if scope.get("client") else None
        span = span_of(scope)
        with LoggedRequest(own_id, client, span):
            try:
                await self._app(scope, receive, send_with_id)
            except Exception:
                masked = failed(own_id, scope.get("commits"))
                if status is not None:
                    raise
                await masked(scope, receive, send_with_id)
            finally:
                if span is not None:
                    span.end(status)


def span_of(scope: Scope) -> "RequestSpan | None":
    """The span of a request to the endpoint, where tracing is on: probes ask too often, and other paths are anybody's."""
    made = tracing()
    if made is None or scope["path"] != "/graphql":
        return None
    return made.request(scope["method"], scope["path"], scope["headers"])
