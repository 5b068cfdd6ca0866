"""The endpoint: from an HTTP request to a caller, an operation and an answer."""

import asyncio
import time
from collections.abc import Coroutine
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import orjson
from graphql import GraphQLError, OperationType
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from app.domain.nouns import UserId
from app.graphql.authentication.callers import Authenticator, token_wanted
from app.graphql.context import Context
from app.graphql.execution.meter import Meter
from app.graphql.http.budget import Budget
from app.graphql.http.documents import Documents, Operation, operation_of
from app.graphql.http.execution import Answer, execute, request_error
from app.graphql.http.inputs import check_inputs
from app.graphql.http.limits import Limits
from app.graphql.http.requests import GRAPHQL_TYPE, JSON_TYPE, GraphQLRequest, media_type_for, read_request
from app.graphql.http.weighing import weigh
from app.graphql.refused import DATABASE_TOOK_TOO_LONG, Refusal, RequestCode, out_of_reach, too_slow
from app.metrics import operation_ended, request_refused
from app.observability import Statements, counting_statements, log
from app.offload import offload
from app.storage.engine import Database, DatabaseUnavailable, StatementTookTooLong
from app.storage.store import UnitOfWork

CANCELLED = Answer({}, outcome="cancelled")
"""What the log says of an operation that was begun and has no answer."""
HEADERS = {"Cache-Control": "no-store", "Vary": "Accept, Authorization"}


@dataclass(frozen=True, slots=True)
class Access:
    """What the endpoint is open for."""

    introspection_for_all: bool
    """Without a token, questions about the schema are answered."""
    introspection: bool
    """With a token they are."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a request may take of the server at the most."""

    body_bytes: int
    seconds: float
    limits: Limits
    budget: Budget


@dataclass(frozen=True, slots=True)
class Asked:
    """A GraphQL request, who sent it, and how the answer is wanted."""

    request: GraphQLRequest
    method: str
    viewer: UserId | None
    media_type: str
    own_id: str


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Answers GraphQL requests over HTTP."""

    database: Database
    work: UnitOfWork
    authenticator: Authenticator
    access: Access
    bounds: Bounds
    documents: Documents

    async def __call__(self, request: Request) -> Response:
        own_id = request.headers["X-Request-Id"]
        with counting_statements() as statements:
            try:
                return await self._answer(request, own_id, statements)
            except Refusal as refusal:
                note_refusal(refusal.code)
                return refused(refusal, error_media_type(request))
            except Exception:  # noqa: BLE001 - whatever it is, the caller gets an answer
                return failed(own_id)

    async def _answer(self, request: Request, own_id: str, statements: Statements) -> Response:
        if request.method not in {"GET", "POST"}:
            allowed = {"Allow": "GET, POST"}
            raise Refusal(405, RequestCode.METHOD_NOT_ALLOWED, "Send GraphQL with POST, or queries with GET.", allowed)
        limit = asyncio.timeout(self.bounds.seconds)
        try:
            async with limit:
                viewer = await self.authenticator.viewer(request.headers.getlist("authorization"))
                if viewer is None and not self.access.introspection_for_all:
                    # There is nothing that could be asked, so nothing is read.
                    raise token_wanted()
                media_type = media_type_for(request.headers.getlist("accept"))
                read = await read_request(request, max_body_bytes=self.bounds.body_bytes)
                asked = Asked(read, request.method, viewer, media_type, own_id)
                return await unless_gone(request, self._run(asked, statements))
        except ClientDisconnect:
            raise client_went_away() from None
        except StatementTookTooLong:
            raise too_slow(DATABASE_TOOK_TOO_LONG) from None
        except DatabaseUnavailable as error:
            raise out_of_reach(error) from None
        except TimeoutError:
            if not limit.expired():
                raise
            raise too_slow(
                f"The request took longer than {self.bounds.seconds:g} seconds, and what was unfinished of it was undone. "
                "Ask for less, and look whether a mutation was done before you send it again."
            ) from None

    async def _run(self, asked: Asked, statements: Statements) -> Response:
        started = time.perf_counter()
        name, variables = asked.request.operation_name, asked.request.variables or {}
        try:
            operation = operation_of(await self.documents.read(asked.request.query), name)
            self._admit(asked, operation)
            limits = self.bounds.limits
            check_inputs(operation.node, variables, most=limits.input_elements)
            weight = await offload(
                len(operation.document.source),
                weigh,
                operation.node,
                operation.document.node,
                variables,
                largest_page=limits.page_size,
            )
            limits.check(weight, is_mutation=operation.type is OperationType.MUTATION)
        except GraphQLError as error:
            never_ran = request_error([error], code=RequestCode.GRAPHQL_PARSE_FAILED)
            note_refusal(never_ran.codes[0])
            return answered(never_ran, asked.media_type)
        caller, meter = asked.viewer or "", limits.meter()
        self.bounds.budget.take(caller, weight.cost)
        answer = CANCELLED
        try:
            answer = await self._execute(asked, operation, meter)
        finally:
            headers = self.bounds.budget.settle(caller, taken=weight.cost, done=meter.cost)
            seconds = time.perf_counter() - started
            self._note(asked, operation, answer, cost=weight.cost, statements=statements.count, seconds=seconds)
        answer.body["extensions"] = {"cost": {"requested": weight.cost, "maximum": self.bounds.limits.cost}}
        response = answered(answer, asked.media_type)
        response.headers.update(headers)
        return response

    async def _execute(self, asked: Asked, operation: Operation, meter: Meter) -> Answer:
        mistakes = await self.documents.mistakes_in(operation.document)
        if mistakes:
            return request_error(mistakes, code=RequestCode.GRAPHQL_VALIDATION_FAILED)
        context = Context(
            viewer=asked.viewer or UserId(""),
            database=self.database,
            work=self.work,
            request_id=asked.own_id,
            document=operation.document.node,
            meter=meter,
            shows_schema=self.access.introspection,
        )
        try:
            return await execute(asked.request, operation, context)
        finally:
            await context.loaders.close()

    def _note(
        self, asked: Asked, operation: Operation, answer: Answer, *, cost: int, statements: int, seconds: float
    ) -> None:
        """Count and log an operation that was run, or begun."""
        operation_ended(operation.label, answer.outcome, seconds=seconds, statements=statements)
        log().info(
            "operation",
            actor=asked.viewer,
            operation=operation.name,
            hash=operation.document.hash,
            type=operation.type.value,
            statements=statements,
            cost=cost,
            milliseconds=round(seconds * 1000, 1),
            outcome=answer.outcome,
            codes=answer.codes,
        )

    def _admit(self, asked: Asked, operation: Operation) -> None:
        if asked.method == "GET" and operation.type is not OperationType.QUERY:
            raise Refusal(405, RequestCode.METHOD_NOT_ALLOWED, "Send mutations with POST.", {"Allow": "POST"})
        if asked.viewer is None and not (self.access.introspection_for_all and operation.only_introspects):
            raise token_wanted()
        if operation.introspects and not self.access.introspection:
            raise Refusal(403, RequestCode.INTROSPECTION_DISABLED, "Questions about the schema are not answered here.")


async def unless_gone(request: Request, work: Coroutine[Any, Any, Response]) -> Response:
    """Do the work unless the client goes away meanwhile: then it is cancelled, and its transaction rolled back."""
    running, gone = asyncio.create_task(work), asyncio.create_task(gone_away(request))
    try:
        await asyncio.wait({running, gone}, return_when=asyncio.FIRST_COMPLETED)
        if running.done():
            return running.result()
        raise client_went_away()
    finally:
        for task in (running, gone):
            task.cancel()
        await asyncio.gather(running, gone, return_exceptions=True)


def client_went_away() -> Refusal:
    """What nobody reads but the log."""
    return Refusal(499, RequestCode.CLIENT_CLOSED_REQUEST, "The client went away.")


def note_refusal(code: str) -> None:
    """Count and log a request that wasn't answered with what it asked for."""
    request_refused(code)
    log().info("request refused", code=code)


async def gone_away(request: Request) -> None:
    """Returns when the client has closed the connection."""
    while (await request.receive())["type"] != "http.disconnect":
        pass


def answered(answer: Answer, media_type: str) -> Response:
    """An answer in the media type that was asked for; old clients get 200 for requests that never ran."""
    status = 400 if answer.never_ran and media_type == GRAPHQL_TYPE else 200
    return as_json(answer.body, status=status, media_type=media_type)


def error_media_type(request: Request) -> str:
    """Of an answer that says what is wrong with a request: as the caller accepts it, else in JSON."""
    try:
        return media_type_for(request.headers.getlist("accept"))
    except Refusal:
        return JSON_TYPE


def refused(refusal: Refusal, media_type: str = JSON_TYPE) -> Response:
    error = {"message": refusal.message, "extensions": {"code": refusal.code}}
    response = as_json({"errors": [error]}, status=refusal.status, media_type=media_type)
    response.headers.update(refusal.headers)
    return response


def failed(own_id: str) -> Response:
    """The answer to what is being handled as an exception, which the log has whole under the request's id."""
    log().exception("request failed")
    request_refused(RequestCode.INTERNAL)
    error = {"message": "Internal error", "extensions": {"code": RequestCode.INTERNAL, "requestId": own_id}}
    return as_json({"errors": [error]}, status=HTTPStatus.INTERNAL_SERVER_ERROR, media_type=JSON_TYPE)


def as_json(body: dict[str, Any], *, status: int, media_type: str) -> Response:
    return Response(orjson.dumps(body), status, HEADERS, f"{media_type}; charset=utf-8")
