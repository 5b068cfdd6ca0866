"""Requests that are refused before anything of them runs: HTTP status, code, message."""

from enum import StrEnum

import orjson

from app.storage.connections.failures import Commits, CommitState

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
        self.written = written
        self.reason = reason
        self.status = status
        self.code = code
        self.message = message
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


def json_text(value: object) -> str:
    """A value as JSON, shortened."""
    try:
        return shortened_text(orjson.dumps(value).decode())
    except orjson.JSONEncodeError:
        # It writes less deeply than it reads.
        return "a value that is nested too deeply"


def shortened_text(text: str, most: int = LONGEST_TEXT) -> str:
    return text if len(text) <= most else f"{text[:most]} …"
