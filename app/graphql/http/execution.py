"""Running an operation, and telling what went wrong: the caller's mistakes in words, ours masked and logged."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from graphql import GraphQLError, OperationType

from app.graphql.context import Context, Vanished
from app.graphql.http.documents import Operation
from app.graphql.http.requests import GraphQLRequest
from app.graphql.refused import BadRequest, RequestCode
from app.graphql.schema import schema
from app.observability import log
from app.storage.engine import DatabaseUnavailable, StatementTookTooLong, Written

SUGGESTION = " Did you mean "
"""What graphql-core adds at the end of its messages about values that it doesn't know: parts of the schema."""
LONGEST_MESSAGE = 1000

LOOKS_AGAIN = 2
"""How often a query is run again that met something which was there a moment before."""

WAS_GOING = "This was published, discarded or removed by somebody while it was being shown. Ask for it again."

TOOK_TOO_LONG = (
    "This took the database too long, and was given up. Ask for less, or try again: others may be at work on it."
)

OUT_OF_REACH = {
    Written.NOTHING: "The database is down or too busy just now, so nothing of this was written. Try again soon.",
    Written.UNKNOWN: (
        "The connection to the database was lost while this was being committed, so that it isn't known whether it was "
        "written. Look before you send it again."
    ),
    None: (
        "The database is down or too busy just now, so this can't be shown. Look whether it was written before you send "
        "it again."
    ),
}
"""By what was written; only mutations are answered so, since queries can just be sent again."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The body of an answer."""

    body: dict[str, Any]
    never_ran: bool = False
    """The request was wrong in itself; then there is no `data`."""
    outcome: str = "ok"
    """For the log: `ok`, `refused` or `failed`."""
    codes: tuple[str, ...] = ()
    """The codes of what was refused or went wrong, for the log."""


async def execute(asked: GraphQLRequest, operation: Operation, context: Context) -> Answer:
    """Run an operation; a query that met something which was just going is run again.

    Raises DatabaseUnavailable where nothing was done because of it, so that all of it can be sent again.
    """
    result = await _run(asked, operation, context)
    for _ in range(LOOKS_AGAIN):
        if operation.type is not OperationType.QUERY or not _met_what_vanished(result):
            break
        await context.look_again()
        result = await _run(asked, operation, context)
    errors: Sequence[GraphQLError] = getattr(result, "errors", None) or ()
    data = getattr(result, "data", None)
    if errors and data is None and all(error.path is None for error in errors):
        return request_error(errors, code=RequestCode.GRAPHQL_VALIDATION_FAILED, context=context)
    mistakes = [error for error in errors if is_mistake(error)]
    if mistakes and operation.type is OperationType.QUERY:
        # A cursor is read where its list is known. Nothing is lost by leaving the rest of the answer out: ask again.
        return request_error(mistakes, code=RequestCode.BAD_USER_INPUT, context=context)
    refuse_if_out_of_reach(errors, data, operation)
    body: dict[str, Any] = {"data": data}
    if errors:
        body["errors"] = [formatted(error, context) for error in errors]
    outcome = "refused" if context.refused else "ok"
    codes = tuple(error["extensions"]["code"] for error in body.get("errors", ()))
    return Answer(body, outcome="failed" if errors else outcome, codes=(*context.refused, *codes))


async def _run(asked: GraphQLRequest, operation: Operation, context: Context) -> object:
    return await schema.execute(
        asked.query,
        variable_values=asked.variables,
        operation_name=asked.operation_name or operation.name,
        context_value=context,
    )


def refuse_if_out_of_reach(errors: Sequence[GraphQLError], data: dict[str, Any] | None, operation: Operation) -> None:
    """Raise what kept an operation from being done. Where something may have been done it is answered; this logs it."""
    outages = [cause for error in errors if isinstance(cause := error.original_error, DatabaseUnavailable)]
    if not outages:
        return
    is_undone = len(outages) == len(errors) and all(outage.written is Written.NOTHING for outage in outages)
    nothing_was_done = is_undone and all(value is None for value in (data or {}).values())
    if nothing_was_done or operation.type is OperationType.QUERY:
        raise outages[0]
    log().warning("database unavailable", reason=str(outages[0]))


def _met_what_vanished(result: object) -> bool:
    errors: Sequence[GraphQLError] = getattr(result, "errors", None) or ()
    return any(isinstance(error.original_error, Vanished) for error in errors)


def request_error(errors: Sequence[GraphQLError], *, code: RequestCode, context: Context | None = None) -> Answer:
    """The answer to a request that never ran."""
    shown = [formatted(error, context, code=code) for error in errors]
    codes = dict.fromkeys(error["extensions"]["code"] for error in shown)
    return Answer({"errors": shown}, never_ran=True, outcome="refused", codes=tuple(codes))


def formatted(
    error: GraphQLError, context: Context | None, *, code: RequestCode = RequestCode.BAD_USER_INPUT
) -> dict[str, Any]:
    """An error as callers see it. Ours is masked: the log has it whole, under the request id."""
    if isinstance(error.original_error, StatementTookTooLong):
        return _in_place(error, TOOK_TOO_LONG, {"code": RequestCode.TIMEOUT})
    if isinstance(error.original_error, DatabaseUnavailable):
        return _in_place(error, OUT_OF_REACH[error.original_error.written], {"code": RequestCode.SERVICE_UNAVAILABLE})
    if isinstance(error.original_error, Vanished):
        return _in_place(error, WAS_GOING, {"code": RequestCode.GONE})
    if context is not None and is_ours(error):
        log().error("operation failed", request_id=context.request_id, path=error.path, exc_info=error.original_error)
        return _in_place(error, "Internal error", {"code": RequestCode.INTERNAL, "requestId": context.request_id})
    shown: dict[str, Any] = {**error.formatted}
    shown["extensions"] = {"code": code, **(error.extensions or {})}
    hides_schema = context is not None and not context.shows_schema
    shown["message"] = shortened(without_suggestion(error.message) if hides_schema else error.message)
    return shown


def without_suggestion(message: str) -> str:
    before, suggestion, _ = message.rpartition(SUGGESTION)
    return before if suggestion and message.endswith("?") else message


def shortened(message: str) -> str:
    """A message that repeats what was sent, which may be long."""
    return message if len(message) <= LONGEST_MESSAGE else f"{message[:LONGEST_MESSAGE]} …"


def is_mistake(error: GraphQLError) -> bool:
    """Whether a field found that the request can't be meant."""
    return isinstance(error, BadRequest) or isinstance(error.original_error, BadRequest)


def is_ours(error: GraphQLError) -> bool:
    """Whether something unexpected was raised, as opposed to a mistake in the request."""
    return error.original_error is not None and not isinstance(error.original_error, GraphQLError)


def _in_place(error: GraphQLError, message: str, extensions: dict[str, Any]) -> dict[str, Any]:
    """What is said in place of what was raised."""
    locations = [{"line": location.line, "column": location.column} for location in error.locations or ()]
    return {"message": message, "locations": locations, "path": error.path, "extensions": extensions}
