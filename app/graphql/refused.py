"""Requests that are wrong in themselves, as opposed to refusals of the domain, which are data."""

from enum import StrEnum
from typing import Any

from graphql import GraphQLError

from app.observability import log
from app.storage.engine import DatabaseUnavailable

DATABASE_TOOK_TOO_LONG = "The database took too long to answer. Try again."
OUTAGE_SECONDS = 5
"""After how long callers are told to try again when the database is down or too busy."""


class RequestCode(StrEnum):
    """What is wrong with a request, for programs to read: `extensions.code` of its error."""

    BAD_REQUEST = "BAD_REQUEST"
    """The HTTP request holds no GraphQL request."""
    HOST_NOT_ALLOWED = "HOST_NOT_ALLOWED"
    """The header `Host` names a host for which nothing is answered."""
    GRAPHQL_PARSE_FAILED = "GRAPHQL_PARSE_FAILED"
    """The document can't be parsed."""
    GRAPHQL_VALIDATION_FAILED = "GRAPHQL_VALIDATION_FAILED"
    """Document or variables don't fit the schema."""
    BAD_USER_INPUT = "BAD_USER_INPUT"
    """They fit, and can't be meant."""
    LIMIT_EXCEEDED = "LIMIT_EXCEEDED"
    """The document is above a limit."""
    UNAUTHENTICATED = "UNAUTHENTICATED"
    """No token, or one that is not good."""
    INTROSPECTION_DISABLED = "INTROSPECTION_DISABLED"
    """Questions about the schema are not answered."""
    NOT_FOUND = "NOT_FOUND"
    METHOD_NOT_ALLOWED = "METHOD_NOT_ALLOWED"
    NOT_ACCEPTABLE = "NOT_ACCEPTABLE"
    REQUEST_TIMEOUT = "REQUEST_TIMEOUT"
    """The head of the request came too slowly."""
    CONTENT_TOO_LARGE = "CONTENT_TOO_LARGE"
    UNSUPPORTED_MEDIA_TYPE = "UNSUPPORTED_MEDIA_TYPE"
    HEADERS_TOO_LARGE = "HEADERS_TOO_LARGE"
    CORS_REFUSED = "CORS_REFUSED"
    BUDGET_EXCEEDED = "BUDGET_EXCEEDED"
    """The caller's budget is spent."""
    INTERNAL = "INTERNAL"
    """Unexpected: ours."""
    GONE = "GONE"
    """What was being shown is not there any more."""
    TIMEOUT = "TIMEOUT"
    """The request or a statement took too long."""
    SERVICE_UNAVAILABLE = "SERVICE_UNAVAILABLE"
    """The database is down or too busy right now, or the keys of JWTs can't be had."""
    SHUTTING_DOWN = "SHUTTING_DOWN"
    CLIENT_CLOSED_REQUEST = "CLIENT_CLOSED_REQUEST"
    """For the log only: nobody reads the answer."""


class Refusal(Exception):
    """A request that is answered without running anything: status, code and what is wrong with it."""

    def __init__(self, status: int, code: RequestCode, message: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.headers = headers or {}


class BadRequest(GraphQLError):
    """A document or variables that can't be meant: told in its own words, with the code BAD_USER_INPUT."""

    def __init__(self, message: str, extensions: dict[str, Any] | None = None) -> None:
        super().__init__(message, extensions={"code": RequestCode.BAD_USER_INPUT} | (extensions or {}))


class LimitExceeded(BadRequest):
    """A document that asks for more than is answered at once: which limit, what it is, and what was asked for."""

    def __init__(self, limit: str, found: int | str, maximum: int) -> None:
        message = (
            f"The document has {found} {limit}; at most {maximum} are allowed. Ask for less, or in several requests."
        )
        if limit in {"depth", "cost"}:
            message = f"The document has a {limit} of {found}; at most {maximum} is allowed. Ask for less at once."
        super().__init__(message, {"code": RequestCode.LIMIT_EXCEEDED, "limit": limit, "maximum": maximum})


def out_of_reach(error: DatabaseUnavailable) -> Refusal:
    """What is said, and logged, where nothing could be done because of the database."""
    log().warning("database unavailable", reason=str(error))
    message = "The database is down or too busy just now, so nothing was done. Try again soon."
    return Refusal(503, RequestCode.SERVICE_UNAVAILABLE, message, {"Retry-After": str(OUTAGE_SECONDS)})


def too_slow(message: str) -> Refusal:
    return Refusal(503, RequestCode.TIMEOUT, message, {"Retry-After": "1"})
