"""Error masking: callers see their own mistakes in words; unexpected errors are masked, and logged whole."""

import re
from typing import Any

from graphql import GraphQLError

from app.execution.lookups import Vanished
from app.execution.request_errors import BadRequest
from app.graphql.context import WRITTEN, Context
from app.http.refused_requests import RequestCode
from app.storage.connections.commits import CommitState
from app.storage.connections.database import DatabaseUnavailable, StatementTookTooLong
from app.telemetry.log import log

LONGEST_MESSAGE = 1000

_PYTHON_NULL = re.compile(r"(?<=not to be )None\.$")
"""How graphql-core's messages on arguments call null."""

VANISHED = "This was published, discarded or removed by somebody while it was being shown. Ask for it again."

TIMED_OUT = (
    "This took the database too long, and was given up. Ask for less, or try again: others may be at work on it."
)
FIELD_TIMED_OUT = "This took the database too long to show. What was done before stands; ask for it again, or for less."
WRITTEN_TIMED_OUT = (
    "This was written, but the database took too long to show it. Don't send it again: ask for what it has changed."
)

DATABASE_UNAVAILABLE = {
    CommitState.NOTHING: "The database is down or too busy just now, so nothing of this was written. Try again soon.",
    CommitState.UNKNOWN: (
        "The connection to the database was lost while this was being committed, so that it isn't known whether it was "
        "written. Look before you send it again."
    ),
    CommitState.WRITTEN: (
        "This was written, but the database is down or too busy just now to show it. Don't send it again: ask for what "
        "it has changed."
    ),
    None: "The database is down or too busy just now, so this can't be shown. Try again soon.",
}
"""By what was written of a mutation; None: it is no part of one."""


def formatted(
    error: GraphQLError, context: Context | None, *, code: RequestCode = RequestCode.BAD_USER_INPUT
) -> dict[str, Any]:
    """An error as callers see it. An unexpected one is masked: the log has it whole, under the request id."""
    if isinstance(error.original_error, StatementTookTooLong):
        return _masked(error, timed_out(error, error.original_error.written), {"code": RequestCode.TIMEOUT})
    if isinstance(error.original_error, DatabaseUnavailable):
        return _masked(
            error, DATABASE_UNAVAILABLE[error.original_error.written], {"code": RequestCode.SERVICE_UNAVAILABLE}
        )
    if isinstance(error.original_error, Vanished):
        return _masked(error, VANISHED, {"code": RequestCode.GONE})
    if context is not None and is_unexpected(error):
        log().error("operation failed", request_id=context.request_id, path=error.path, exc_info=error.original_error)
        return _masked(error, "Internal error", {"code": RequestCode.INTERNAL, "requestId": context.request_id})
    answer: dict[str, Any] = {**error.formatted}
    answer["extensions"] = {"code": code, **(error.extensions or {})}
    answer["message"] = shortened(_PYTHON_NULL.sub("null.", error.message))
    return answer


def timed_out(error: GraphQLError, written: CommitState | None) -> str:
    if written is CommitState.WRITTEN:
        return WRITTEN_TIMED_OUT
    return TIMED_OUT if error.path is None or len(error.path) == 1 else FIELD_TIMED_OUT


def shortened(message: str) -> str:
    """A message that repeats what was sent, which may be long."""
    return message if len(message) <= LONGEST_MESSAGE else f"{message[:LONGEST_MESSAGE]} …"


def is_mistake(error: GraphQLError) -> bool:
    """Whether a field found that the request isn't acceptable."""
    return isinstance(error, BadRequest) or isinstance(error.original_error, BadRequest)


def is_unexpected(error: GraphQLError) -> bool:
    """Whether something unexpected was raised, as opposed to a mistake in the request."""
    return error.original_error is not None and not isinstance(error.original_error, GraphQLError)


def _masked(error: GraphQLError, message: str, extensions: dict[str, Any]) -> dict[str, Any]:
    """An error with this message in place of its own; what was written of the mutation is told too."""
    if error.extensions and WRITTEN in error.extensions:
        extensions[WRITTEN] = error.extensions[WRITTEN]
    locations = [{"line": location.line, "column": location.column} for location in error.locations or ()]
    return {"message": message, "locations": locations, "path": error.path, "extensions": extensions}
