"""The endpoint: from an HTTP request to a caller, an operation and an answer."""

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass, replace
from time import perf_counter
from typing import Any, NamedTuple

from graphql import GraphQLError, OperationType
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from app.domain.model import UserId
from app.execution.request_errors import OverLimit
from app.graphql.context import Context
from app.http.admission import Admission, Overloaded, Slot
from app.http.authentication.authenticator import Authenticator, Caller, token_in, token_wanted
from app.http.cost_analysis import cost_of
from app.http.documents import Documents, Operation, operation_of
from app.http.in_flight import current_task
from app.http.input_lists import check_inputs
from app.http.limits import Limits
from app.http.operations import Answer, execute, note_operation, request_error
from app.http.rate_limit import RateLimiter
from app.http.refused_requests import DATABASE_TOOK_TOO_LONG, RequestCode, RequestError, cut_off, out_of_reach, too_slow
from app.http.requests import GraphQLRequest, media_type_for, read_request
from app.http.responses import PIECE_BYTES, answered, error_media_type, failed, note_refusal, refused
from app.meter import LimitReached, Meter, counted_by
from app.storage.connections.commits import Commits
from app.storage.connections.database import Database, DatabaseUnavailable, StatementTookTooLong
from app.telemetry.log import current_request
from app.telemetry.metrics import REPLICA_QUERIES
from app.usecases.transaction import UnitOfWork

SECONDS_UNWATCHED = 0.02
"""How long a request is worked on before it is looked whether its client is still there."""
CANCELLED = Answer({}, outcome="cancelled")
"""The answer that the log shows for an operation that was cut off."""


@dataclass(frozen=True, slots=True)
class Access:
    """The callers who may introspect the schema."""

    introspection_for_all: bool
    """Introspection works without a token."""
    introspection: bool
    """Introspection works with a token."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """The most that a request may take of the server."""

    body_bytes: int
    seconds: float
    limits: Limits
    rate_limiter: RateLimiter
    admission: Admission


class ReceivedRequest(NamedTuple):
    """A GraphQL request, who sent it, and how the answer is wanted."""

    request: GraphQLRequest
    method: str
    viewer: UserId | None
    media_type: str
    work: UnitOfWork
    slot: Slot
    position: int | None
    """Up to where the viewer has written in the log of the database."""
    names: tuple[str, str, str] | None
    """The columns of the viewer, where they were read with its token."""


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
        try:
            return await self._answer_in_slot(request)
        except Overloaded as refusal:
            # While it is held back, nothing is kept of the request.
            overloaded = refusal.with_traceback(None)
        except RequestError as refusal:
            note_refusal(refusal.code, refusal.reason)
            return refused(refusal, error_media_type(request))
        except Exception:  # noqa: BLE001 - whatever it is, the caller gets an answer
            return failed(current_request().request_id, request.scope.get("commits"))
        await self.bounds.admission.hold_back(overloaded)
        return refused(overloaded, error_media_type(request))

    async def _answer_in_slot(self, request: Request) -> Response:
        if request.method not in {"GET", "POST"}:
            allowed = {"Allow": "GET, POST"}
            raise RequestError(
                405, RequestCode.METHOD_NOT_ALLOWED, "Send GraphQL with POST, or queries with GET.", allowed
            )
        # Its time in the queue counts.
        limit = asyncio.timeout_at(asyncio.get_running_loop().time() + self.bounds.seconds)
        authorization = request.headers.getlist("authorization")
        token, client = token_in(authorization), request.scope.get("client")
        slot = await self.bounds.admission.slot(token, client[0] if client else "")
        try:
            return await self._answer(request, authorization, token, slot, limit)
        finally:
            slot.end()

    async def _answer(
        self, request: Request, authorization: list[str], token: str | None, slot: Slot, limit: asyncio.Timeout
    ) -> Response:
        # Who cuts requests off tells by it what they have written.
        commits = request.scope["commits"] = Commits()
        try:
            async with limit:
                caller = await self._caller(authorization, token)
                viewer, position, names = (None, None, None) if caller is None else caller
                if viewer is not None:
                    self.bounds.admission.remember(token, viewer)
                if viewer is None and not self.access.introspection_for_all:
                    # There is nothing that could be asked, so nothing is read.
                    raise token_wanted()
                media_type = media_type_for(request.headers.getlist("accept"))
                read = await read_request(request, max_body_bytes=self.bounds.body_bytes, slot=slot)
                work = self.work.of(viewer or UserId(""), commits)
                received = ReceivedRequest(read, request.method, viewer, media_type, work, slot, position, names)
                meter = self.bounds.limits.meter(viewer or slot.caller)
                with counted_by(meter):
                    return await unless_gone(request, self._run(received, meter))
        except ClientDisconnect:
            raise client_went_away() from None
        except StatementTookTooLong:
            raise too_slow(DATABASE_TOOK_TOO_LONG) from None
        except DatabaseUnavailable as error:
            raise out_of_reach(error) from None
        except TimeoutError:
            if not limit.expired():
                raise
            why = f"The request was ended after {self.bounds.seconds:g} seconds"
            raise cut_off(RequestCode.TIMEOUT, why, commits) from None

    async def _caller(self, authorization: list[str], token: str | None) -> Caller | None:
        try:
            return await self.authenticator.caller(authorization)
        except RequestError:
            self.bounds.admission.forget(token)
            raise

    async def _run(self, received: ReceivedRequest, meter: Meter) -> Response:
        started = perf_counter()
        name, variables = received.request.operation_name, received.request.variables or {}
        try:
            operation = operation_of(await self.documents.read(received.request.query), name)
            self._admit(received, operation)
            limits = self.bounds.limits
            check_inputs(operation.node, variables, most=limits.input_elements)
            query_cost = await cost_of(operation, variables, largest_page=limits.page_size)
            limits.check(query_cost, is_mutation=operation.type is OperationType.MUTATION)
        except (GraphQLError, LimitReached) as error:
            mistake = OverLimit(error) if isinstance(error, LimitReached) else error
            never_ran = request_error([mistake], code=RequestCode.GRAPHQL_PARSE_FAILED)
            note_refusal(never_ran.codes[0])
            return answered(never_ran, received.media_type)
        caller = received.viewer or ""
        await received.slot.wait_if_costly(caller, operation.hash, query_cost.cost)
        await self.bounds.rate_limiter.take(caller, query_cost.cost)
        answer = CANCELLED
        try:
            answer = await self._execute(received, operation, meter)
        finally:
            headers = await self.bounds.rate_limiter.settle(caller, taken=query_cost.cost, done=meter.cost)
            self.bounds.admission.note_cost(caller, operation.hash, meter.cost, meter.cpu_seconds)
            seconds = perf_counter() - started
            if answer is CANCELLED and operation.type is OperationType.MUTATION:
                answer = answer._replace(written=received.work.commits.of_all.value)
            note_operation(operation, answer, actor=received.viewer, cost=query_cost.cost, seconds=seconds)
        answer.body["extensions"] = {"cost": {"requested": query_cost.cost, "maximum": self.bounds.limits.cost}}
        response = answered(answer, received.media_type)
        if len(response.body) > PIECE_BYTES:
            response.sending = self.bounds.admission.untaken.sending(meter.caller, len(response.body))
        if headers:
            response.headers.update(headers)
        return response

    async def _execute(self, received: ReceivedRequest, operation: Operation, meter: Meter) -> Answer:
        try:
            mistakes = await self.documents.mistakes_in(operation.document)
        except LimitReached as reached:
            mistakes = [OverLimit(reached)]
        if mistakes:
            return request_error(mistakes, code=RequestCode.GRAPHQL_VALIDATION_FAILED)
        database = self.database
        if operation.type is OperationType.QUERY:
            database = database.for_query(received.position)
        try:
            answer = await self._run_on(database, received, operation, meter)
        except DatabaseUnavailable as error:
            if database is self.database:
                raise
            self.database.note_failure_of_replica(error)
            meter.begin_again()
            return await self._run_on(self.database, received, operation, meter)
        if database is not self.database:
            REPLICA_QUERIES.inc()
        return answer

    async def _run_on(
        self, database: Database, received: ReceivedRequest, operation: Operation, meter: Meter
    ) -> Answer:
        context = Context(
            work=replace(received.work, database=database),
            request_id=current_request().request_id,
            meter=meter,
            shows_schema=self.access.introspection,
            names=received.names,
        )
        try:
            return await execute(received.request, operation, context, self.documents)
        finally:
            await context.loaders.close()

    def _admit(self, received: ReceivedRequest, operation: Operation) -> None:
        if received.method == "GET" and operation.type is not OperationType.QUERY:
            raise RequestError(405, RequestCode.METHOD_NOT_ALLOWED, "Send mutations with POST.", {"Allow": "POST"})
        if received.viewer is None and not (self.access.introspection_for_all and operation.only_introspects):
            raise token_wanted()
        if operation.introspects and not self.access.introspection:
            raise RequestError(
                403, RequestCode.INTROSPECTION_DISABLED, "Questions about the schema are not answered here."
            )


async def unless_gone(request: Request, work: Coroutine[Any, Any, Response]) -> Response:
    """Do the work unless the client goes away meanwhile: then it is cancelled, and its transaction rolled back.

    Most is done before it would be worth while to look whether anybody still waits for it.
    """
    loop, task, is_gone = asyncio.get_running_loop(), current_task(), False
    watching: list[asyncio.Task[None]] = []

    async def cancel_when_gone() -> None:
        nonlocal is_gone
        while (await request.receive())["type"] != "http.disconnect":
            pass
        is_gone = True
        task.cancel()

    timer = loop.call_later(SECONDS_UNWATCHED, lambda: watching.append(loop.create_task(cancel_when_gone())))
    try:
        return await work
    except asyncio.CancelledError:
        if not is_gone:
            raise
        task.uncancel()
        raise client_went_away() from None
    finally:
        timer.cancel()
        for each in watching:
            each.cancel()


def client_went_away() -> RequestError:
    """The refusal for the log of a request whose client went away."""
    return RequestError(499, RequestCode.CLIENT_CLOSED_REQUEST, "The client went away.")
