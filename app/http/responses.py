"""Answers as HTTP responses, and requests that are refused: HTTP status, code, message."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from enum import StrEnum
from typing import Any

import orjson
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from app.storage.connections.failures import Commits, CommitState
from app.telemetry.log import log
from app.telemetry.metrics import request_refused

JSON_TYPE = "application/json"
GRAPHQL_TYPE = "application/graphql-response+json"
AGAIN_SOON = {"Retry-After": "1"}
LONGEST_TEXT = 100
"""How many characters of what was sent a message repeats."""


class RequestCode(StrEnum):
    """The code of a refused request, for programs to read in `extensions.code`."""

    BAD_REQUEST = "BAD_REQUEST"
    """The HTTP request holds no GraphQL request."""
    HOST_NOT_ALLOWED = "HOST_NOT_ALLOWED"
    """The header `Host` names a host that isn't allowed."""
    GRAPHQL_PARSE_FAILED = "GRAPHQL_PARSE_FAILED"
    """The document can't be parsed."""
    GRAPHQL_VALIDATION_FAILED = "GRAPHQL_VALIDATION_FAILED"
    """Document or variables don't fit the schema."""
    BAD_USER_INPUT = "BAD_USER_INPUT"
    """Valid, but not acceptable."""
    LIMIT_EXCEEDED = "LIMIT_EXCEEDED"
    """The document is above a limit."""
    UNAUTHENTICATED = "UNAUTHENTICATED"
    """No token, or one that is not good."""
    INTROSPECTION_DISABLED = "INTROSPECTION_DISABLED"
    """Questions about the schema are not answered."""
    NOT_FOUND = "NOT_FOUND"
    METHOD_NOT_ALLOWED = "METHOD_NOT_ALLOWED"
    NOT_ACCEPTABLE = "NOT_ACCEPTABLE"
    CONTENT_TOO_LARGE = "CONTENT_TOO_LARGE"
    UNSUPPORTED_MEDIA_TYPE = "UNSUPPORTED_MEDIA_TYPE"
    CORS_REFUSED = "CORS_REFUSED"
    RATE_LIMITED = "RATE_LIMITED"
    """The caller's rate limit is used up."""
    INTERNAL = "INTERNAL"
    """Unexpected: ours."""
    CURSOR_EXPIRED = "CURSOR_EXPIRED"
    """Events after the cursor were removed."""
    GONE = "GONE"
    """The object was published, discarded or removed while it was shown."""
    TIMEOUT = "TIMEOUT"
    """The request or a statement took too long."""
    SERVICE_UNAVAILABLE = "SERVICE_UNAVAILABLE"
    """The database is down or too busy right now, or the keys of JWTs can't be had."""
    OVERLOADED = "OVERLOADED"
    """The server has more to do than it can."""
    SHUTTING_DOWN = "SHUTTING_DOWN"
    CLIENT_CLOSED_REQUEST = "CLIENT_CLOSED_REQUEST"
    """For the log only: nobody reads the answer."""


class RequestError(Exception):
    """A request that is refused before anything of it runs, or cut off: status, code and message."""

    def __init__(
        self,
        status: int,
        code: RequestCode,
        message: str,
        headers: dict[str, str] | None = None,
        *,
        written: CommitState | None = None,
        reason: str | None = None,
    ) -> None:
        """`written` is about the request's mutations; `reason` is for the log, and hidden from the caller."""
        super().__init__(message)
        self.reason = reason
        self.status = status
        self.code = code
        self.message = message
        self.extensions: dict[str, str] = {"code": code}
        if written is not None:
            self.extensions["written"] = written.value
        self.headers = headers or {}


def cut_off(code: RequestCode, why: str, commits: Commits) -> RequestError:
    """The refusal of a request that was cut off. The message says to send it again only if nothing was written."""
    if code is RequestCode.CLIENT_CLOSED_REQUEST:
        return client_went_away()
    written, message = commits.of_all, f"{why}, and what was unfinished of it was undone"
    if written is CommitState.NOTHING:
        message = f"{message}. Nothing was written: send it again, or ask for less."
        return RequestError(503, code, message, AGAIN_SOON, written=written)
    if written is CommitState.UNKNOWN:
        message = f"{why} while it was being committed, so that it isn't known whether it was written"
    number = commits.number_written
    done = f" Of its mutations, {number} had been written." if number else ""
    message = f"{message}.{done} Look at what is there before you send any of it again."
    return RequestError(503, code, message, written=written)


def client_went_away() -> RequestError:
    """The refusal that the log has for a request whose client went away."""
    return RequestError(499, RequestCode.CLIENT_CLOSED_REQUEST, "The client went away.")


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


def refused(refusal: RequestError, media_type: str = JSON_TYPE) -> JsonResponse:
    error = {"message": refusal.message, "extensions": refusal.extensions}
    response = JsonResponse({"errors": [error]}, status=refusal.status, media_type=media_type)
    response.headers.update(refusal.headers)
    return response


def failed(request_id: str, commits: Commits, media_type: str) -> JsonResponse:
    """The answer to an unexpected exception, which is logged whole under the request id."""
    log().exception("request failed")
    request_refused(RequestCode.INTERNAL)
    refusal = RequestError(500, RequestCode.INTERNAL, "Internal error", written=commits.of_all)
    refusal.extensions["requestId"] = request_id
    return refused(refusal, media_type)


def note_refusal(code: str, reason: str | None = None) -> None:
    """Count and log a refused request; `reason` is hidden from the caller."""
    request_refused(code)
    log().info("request refused", code=code, **({} if reason is None else {"reason": reason}))


def logged_refusal(refusal: RequestError, media_type: str = JSON_TYPE) -> JsonResponse:
    """Count and log a refused request, and make its answer."""
    note_refusal(refusal.code, refusal.reason)
    return refused(refusal, media_type)


def json_text(value: object) -> str:
    """A value as JSON, shortened."""
    try:
        return shortened_text(orjson.dumps(value).decode())
    except orjson.JSONEncodeError:
        # It writes less deeply than it reads.
        return "a value that is nested too deeply"


def shortened_text(text: str, most: int = LONGEST_TEXT) -> str:
    return text if len(text) <= most else f"{text[:most]} …"
