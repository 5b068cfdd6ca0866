"""Answers as HTTP responses: to operations, to requests that are refused, to what failed unexpectedly."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import orjson
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from app.http.operations import Answer
from app.http.refused_requests import RequestCode, RequestError
from app.http.requests import GRAPHQL_TYPE, JSON_TYPE, media_type_for
from app.storage.connections.failures import Commits
from app.telemetry.log import log
from app.telemetry.metrics import request_refused

# Starlette's responses, headers that are read anew and structlog's loggers and context variables instead of ours make
# `viewer` 18 % slower (`./scripts/bench`).
HEADERS = {
    media_type: (
        (b"content-type", f"{media_type}; charset=utf-8".encode()),
        (b"cache-control", b"no-store"),
        (b"vary", b"Accept, Authorization"),
    )
    for media_type in (JSON_TYPE, GRAPHQL_TYPE)
}
"""The headers of an answer but for its length, by its media type."""
PIECE_BYTES = 65_536
"""How much of an answer is sent before the connection has to have room again."""


class JsonResponse(Response):
    """An answer with constant headers, but for its length; a long answer is sent in pieces."""

    sending: AbstractAsyncContextManager[Callable[[], None]] | None = None
    """Counts the answer before each piece is sent, and may cut it off by a TimeoutError."""

    def __init__(self, body: dict[str, Any], *, status: int, media_type: str) -> None:
        self.status_code = status
        self.background = None
        self.body = orjson.dumps(body, option=orjson.OPT_UTC_Z)
        self.raw_headers = [*HEADERS[media_type], (b"content-length", str(len(self.body)).encode())]

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        start = {"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers}
        if self.sending is None:
            await send(start)
            await send({"type": "http.response.body", "body": self.body})
            return
        try:
            async with self.sending as begin_piece:
                await send(start)
                for begin in range(0, len(self.body), PIECE_BYTES):
                    end = begin + PIECE_BYTES
                    begin_piece()
                    has_more = end < len(self.body)
                    await send({"type": "http.response.body", "body": self.body[begin:end], "more_body": has_more})
        except TimeoutError:
            log().info("answer cut off", bytes=len(self.body))


def answered(answer: Answer, media_type: str) -> JsonResponse:
    """An answer in the accepted media type; old clients get 200 for request errors."""
    status = 400 if answer.never_ran and media_type == GRAPHQL_TYPE else 200
    return JsonResponse(answer.body, status=status, media_type=media_type)


def error_media_type(headers: Headers) -> str:
    """The media type of an answer to a refused request: as the caller accepts it, else JSON."""
    try:
        return media_type_for(headers)
    except RequestError:
        return JSON_TYPE


def refused(refusal: RequestError, media_type: str = JSON_TYPE, **extensions: str) -> JsonResponse:
    if refusal.written is not None:
        extensions["written"] = refusal.written.value
    error = {"message": refusal.message, "extensions": {"code": refusal.code, **extensions}}
    response = JsonResponse({"errors": [error]}, status=refusal.status, media_type=media_type)
    response.headers.update(refusal.headers)
    return response


def failed(request_id: str, commits: Commits) -> JsonResponse:
    """The answer to an unexpected exception, which is logged whole under the request id."""
    log().exception("request failed")
    request_refused(RequestCode.INTERNAL)
    refusal = RequestError(500, RequestCode.INTERNAL, "Internal error", written=commits.of_all)
    return refused(refusal, requestId=request_id)


def note_refusal(code: str, reason: str | None = None) -> None:
    """Count and log a refused request; `reason` is hidden from the caller."""
    request_refused(code)
    log().info("request refused", code=code, **({} if reason is None else {"reason": reason}))


def logged_refusal(refusal: RequestError, media_type: str = JSON_TYPE) -> JsonResponse:
    """Count and log a refused request, and make its answer."""
    note_refusal(refusal.code, refusal.reason)
    return refused(refusal, media_type)
