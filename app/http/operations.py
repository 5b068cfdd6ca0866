"""Running an operation; callers see their own mistakes in words, and unexpected errors masked."""

import re
from collections.abc import Sequence
from functools import partial
from typing import Any, NamedTuple

from graphql import GraphQLError, OperationType

from app.execution.executor import Executor
from app.execution.lookups import Vanished
from app.execution.plan import Plan
from app.execution.request_errors import UnacceptableInput
from app.graphql.context import WRITTEN, Context
from app.graphql.schema import schema
from app.http.documents import MOST_MISTAKES, Documents, Operation
from app.http.requests import GraphQLRequest
from app.http.responses import GRAPHQL_TYPE, JsonResponse, RequestCode, shortened_text
from app.storage.connections.failures import CommitState, DatabaseUnavailable, StatementTookTooLong
from app.telemetry.log import LoggedRequest, log
from app.telemetry.metrics import operation_ended

SCHEMA = schema.graphql_schema
RETRIES = 2
"""Times that a query is run again because a row vanished between two of its statements."""
LONGEST_MESSAGE = 1000
"""Characters of a message, which may repeat what was sent."""

_PYTHON_NULL = re.compile(r"(?<=not to be )None\.$")
"""How graphql-core's messages on arguments call null."""

VANISHED = "This was published, discarded or removed by somebody while it was being shown. Ask for it again."

TIMED_OUT = (
    "This took the database too long, and was given up. Ask for less, or try again: others may be at work on it."
)
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


class Answer(NamedTuple):
    """The body of an answer."""

    body: dict[str, Any]
    never_ran: bool = False
    """A request error: nothing was executed, and there is no `data`."""
    outcome: str = "ok"
    """For the log: `ok`, `refused` or `failed`."""
    codes: tuple[str, ...] = ()
    """The codes of refusals and errors, for the log."""
    written: str | None = None
    """`written` of the mutations of an operation that was cut off, for the log: no answer told the caller."""

    def response(self, media_type: str) -> JsonResponse:
        """The answer in the accepted media type; old clients get 200 for request errors."""
        status = 400 if self.never_ran and media_type == GRAPHQL_TYPE else 200
        return JsonResponse(self.body, status=status, media_type=media_type)


async def execute(
    graphql_request: GraphQLRequest, operation: Operation, context: Context, documents: Documents
) -> Answer:
    """Run an operation; a query is run again if a row vanished between two of its statements.

    Raises DatabaseUnavailable if an outage kept all of it from being done: the caller can send it again.
    """
    plan = Plan.of(
        SCHEMA,
        operation.document.node,
        operation.node,
        graphql_request.variables,
        most_mistakes=MOST_MISTAKES,
        hides_suggestions=not context.shows_schema,
        cached=partial(documents.plan_of, operation),
    )
    if not isinstance(plan, Plan):
        return answer_of_errors(plan, code=RequestCode.GRAPHQL_VALIDATION_FAILED, context=context)
    result = await Executor(plan, context).run()
    for _ in range(RETRIES):
        if plan.is_mutation or not _met_something_vanished(result.errors):
            break
        await context.look_again()
        result = await Executor(plan, context).run()
    errors, data, refused = result.errors, result.data, context.work.refused
    if not errors:
        return Answer({"data": data}, outcome="refused" if refused else "ok", codes=(*refused,))
    if data is None and all(error.path is None for error in errors):
        return answer_of_errors(errors, code=RequestCode.GRAPHQL_VALIDATION_FAILED, context=context)
    mistakes = [error for error in errors if is_mistake(error)]
    if mistakes and operation.type is OperationType.QUERY:
        # A cursor is read where its list is known. Nothing is lost by leaving the rest of the answer out: ask again.
        return answer_of_errors(mistakes[:MOST_MISTAKES], code=RequestCode.BAD_USER_INPUT, context=context)
    raise_if_unavailable(errors, data, operation)
    shown = [formatted(error, context) for error in errors]
    codes = (error["extensions"]["code"] for error in shown)
    return Answer({"data": data, "errors": shown}, outcome="failed", codes=(*refused, *codes))


def raise_if_unavailable(errors: Sequence[GraphQLError], data: dict[str, Any] | None, operation: Operation) -> None:
    """Raise the database's outage if nothing was done because of it; log it if something may have been done."""
    outages = [cause for error in errors if isinstance(cause := error.original_error, DatabaseUnavailable)]
    if not outages:
        return
    is_undone = len(outages) == len(errors) and all(outage.written is CommitState.NOTHING for outage in outages)
    nothing_was_done = is_undone and all(value is None for value in (data or {}).values())
    if nothing_was_done or operation.type is OperationType.QUERY:
        raise outages[0]
    log().warning("database unavailable", reason=str(outages[0]))


def _met_something_vanished(errors: Sequence[GraphQLError] | None) -> bool:
    return any(isinstance(error.original_error, Vanished) for error in errors or ())


def answer_of_errors(errors: Sequence[GraphQLError], *, code: RequestCode, context: Context | None = None) -> Answer:
    """The answer to a request that wasn't executed."""
    shown = [formatted(error, context, code=code) for error in errors]
    codes = dict.fromkeys(error["extensions"]["code"] for error in shown)
    return Answer({"errors": shown}, never_ran=True, outcome="refused", codes=tuple(codes))


def formatted(
    error: GraphQLError, context: Context | None, *, code: RequestCode = RequestCode.BAD_USER_INPUT
) -> dict[str, Any]:
    """An error as callers see it. An unexpected one is masked: the log has it whole, under the request id."""
    match error.original_error:
        case StatementTookTooLong(written=written):
            message = WRITTEN_TIMED_OUT if written is CommitState.WRITTEN else TIMED_OUT
            return _masked(error, message, {"code": RequestCode.TIMEOUT})
        case DatabaseUnavailable(written=written):
            return _masked(error, DATABASE_UNAVAILABLE[written], {"code": RequestCode.SERVICE_UNAVAILABLE})
        case Vanished():
            return _masked(error, VANISHED, {"code": RequestCode.GONE})
        case unexpected if context is not None and not isinstance(unexpected, GraphQLError | None):
            log().error("operation failed", request_id=context.request_id, path=error.path, exc_info=unexpected)
            return _masked(error, "Internal error", {"code": RequestCode.INTERNAL, "requestId": context.request_id})
        case _:
            answer: dict[str, Any] = {**error.formatted}
            answer["extensions"] = {"code": code, **(error.extensions or {})}
            answer["message"] = shortened_text(_PYTHON_NULL.sub("null.", error.message), LONGEST_MESSAGE)
            return answer


def is_mistake(error: GraphQLError) -> bool:
    """Whether a field found that the request isn't acceptable."""
    return isinstance(error, UnacceptableInput) or isinstance(error.original_error, UnacceptableInput)


def _masked(error: GraphQLError, message: str, extensions: dict[str, Any]) -> dict[str, Any]:
    """An error with this message in place of its own; what was written of the mutation is told too."""
    if error.extensions and WRITTEN in error.extensions:
        extensions[WRITTEN] = error.extensions[WRITTEN]
    locations = [{"line": location.line, "column": location.column} for location in error.locations or ()]
    return {"message": message, "locations": locations, "path": error.path, "extensions": extensions}


def note_operation(
    request: LoggedRequest, operation: Operation, answer: Answer, *, actor: str | None, cost: int, seconds: float
) -> None:
    """Count, log and trace an operation that was run, or begun."""
    operation_ended(operation.label, answer.outcome, seconds=seconds, statements=request.statements)
    log().info(
        "operation",
        actor=actor,
        operation=operation.name,
        hash=operation.hash,
        type=operation.type.value,
        statements=request.statements,
        cost=cost,
        milliseconds=round(seconds * 1000, 1),
        outcome=answer.outcome,
        codes=answer.codes,
        **({} if answer.written is None else {"written": answer.written}),
    )
    if request.span is not None:
        attributes = {
            "graphql.operation.type": operation.type.value,
            "graphql.operation.name": operation.name,
            "flowport.hash": operation.hash,
            "flowport.actor": actor,
            "flowport.statements": request.statements,
            "flowport.cost": cost,
            "flowport.outcome": answer.outcome,
            "flowport.codes": answer.codes,
        }
        name = f"{operation.type.value} {operation.label}"
        request.span.note_operation(name, attributes, is_failed=answer.outcome == "failed")
