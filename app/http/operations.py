"""Operations: each is run, callers see their own mistakes in words and unexpected errors masked; the HTTP responses."""

import re
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from functools import partial
from typing import Any, NamedTuple

import orjson
from graphql import GraphQLError, OperationType
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from app.execution.executor import Executor
from app.execution.lookups import Vanished
from app.execution.plan import Plan
from app.execution.request_errors import BadRequest
from app.graphql.context import WRITTEN, Context
from app.graphql.schema import schema
from app.http.documents import MOST_MISTAKES, Documents, Operation
from app.http.refused_requests import RequestCode, RequestError, shortened_text
from app.http.requests import GRAPHQL_TYPE, JSON_TYPE, GraphQLRequest, Headers, media_type_for
from app.storage.connections.failures import Commits, CommitState, DatabaseUnavailable, StatementTookTooLong
from app.telemetry.log import LoggedRequest, log
from app.telemetry.metrics import operation_ended, request_refused

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

HEADERS = {
    media_type: (
        (b"content-type", f"{media_type}; charset=utf-8".encode()),
        (b"cache-control", b"no-store"),
        (b"vary", b"Accept, Authorization"),
    )
    for media_type in (JSON_TYPE, GRAPHQL_TYPE)
}
"""By the media type of the answer."""


PIECE_BYTES = 65_536
"""How much of an answer is sent before the connection has to have room again."""


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


async def execute(asked: GraphQLRequest, operation: Operation, context: Context, documents: Documents) -> Answer:
    """Run an operation; a query is run again if a row vanished between two of its statements.

    Raises DatabaseUnavailable if an outage kept all of it from being done: the caller can send it again.
    """
    plan = Plan.of(
        SCHEMA,
        operation.document.node,
        operation.node,
        asked.variables,
        most_mistakes=MOST_MISTAKES,
        hides_suggestions=not context.shows_schema,
        cached=partial(documents.plan_of, operation),
    )
    if not isinstance(plan, Plan):
        return request_error(plan, code=RequestCode.GRAPHQL_VALIDATION_FAILED, context=context)
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
        return request_error(errors, code=RequestCode.GRAPHQL_VALIDATION_FAILED, context=context)
    mistakes = [error for error in errors if is_mistake(error)]
    if mistakes and operation.type is OperationType.QUERY:
        # A cursor is read where its list is known. Nothing is lost by leaving the rest of the answer out: ask again.
        return request_error(mistakes[:MOST_MISTAKES], code=RequestCode.BAD_USER_INPUT, context=context)
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


def request_error(errors: Sequence[GraphQLError], *, code: RequestCode, context: Context | None = None) -> Answer:
    """The answer to a request that wasn't executed."""
    shown = [formatted(error, context, code=code) for error in errors]
    codes = dict.fromkeys(error["extensions"]["code"] for error in shown)
    return Answer({"errors": shown}, never_ran=True, outcome="refused", codes=tuple(codes))


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
    if context is not None and not isinstance(error.original_error, GraphQLError | None):
        log().error("operation failed", request_id=context.request_id, path=error.path, exc_info=error.original_error)
        return _masked(error, "Internal error", {"code": RequestCode.INTERNAL, "requestId": context.request_id})
    answer: dict[str, Any] = {**error.formatted}
    answer["extensions"] = {"code": code, **(error.extensions or {})}
    answer["message"] = shortened_text(_PYTHON_NULL.sub("null.", error.message), LONGEST_MESSAGE)
    return answer


def timed_out(error: GraphQLError, written: CommitState | None) -> str:
    if written is CommitState.WRITTEN:
        return WRITTEN_TIMED_OUT
    return TIMED_OUT if error.path is None or len(error.path) == 1 else FIELD_TIMED_OUT


def is_mistake(error: GraphQLError) -> bool:
    """Whether a field found that the request isn't acceptable."""
    return isinstance(error, BadRequest) or isinstance(error.original_error, BadRequest)


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


def failed(request_id: str, commits: Commits | None) -> JsonResponse:
    """The answer to an unexpected exception, which is logged whole under the request id."""
    log().exception("request failed")
    request_refused(RequestCode.INTERNAL)
    written = None if commits is None else commits.of_all
    return refused(RequestError(500, RequestCode.INTERNAL, "Internal error", written=written), requestId=request_id)


def note_refusal(code: str, reason: str | None = None) -> None:
    """Count and log a refused request; `reason` is hidden from the caller."""
    request_refused(code)
    log().info("request refused", code=code, **({} if reason is None else {"reason": reason}))


def logged_refusal(refusal: RequestError, media_type: str = JSON_TYPE) -> JsonResponse:
    """Count and log a refused request, and make its answer."""
    note_refusal(refusal.code, refusal.reason)
    return refused(refusal, media_type)
