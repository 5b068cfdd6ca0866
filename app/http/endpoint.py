"""The endpoint: from an HTTP request to a caller, an operation and an answer."""

from dataclasses import dataclass
from time import perf_counter
from typing import NamedTuple

from graphql import GraphQLError, OperationType

from app.domain.model import UserId
from app.execution.request_errors import OverLimit
from app.fair_queue import Slot
from app.graphql.context import Context
from app.http.authentication.authenticator import Authenticator, Caller, bearer_token, token_wanted
from app.http.cost_analysis import allowed_cost_of
from app.http.documents import FIELDS_OF_SCHEMA, INTROSPECTION, Documents, Operation, operation_of
from app.http.in_flight import InFlightRequest
from app.http.limits.admission import Admission, Overloaded
from app.http.limits.query_cost import check_inputs
from app.http.limits.rate_limit import RateLimiter
from app.http.operations import Answer, answer_of_errors, execute, note_operation
from app.http.requests import GraphQLRequest, error_media_type, media_type_for, read_request
from app.http.responses import (
    PIECE_BYTES,
    JsonResponse,
    RequestCode,
    RequestError,
    note_refusal,
    refused,
)
from app.meter import METER, LimitReached, Meter
from app.settings import Settings
from app.storage.connections.database import Database
from app.storage.connections.failures import DatabaseUnavailable
from app.storage.connections.pool import AUTHENTICATION
from app.telemetry.metrics import CONNECTIONS, COUNTING_ALONE, REPLICA_QUERIES, REPLICAS_IN_USE, REQUESTS_WAITING
from app.usecases.transaction import UnitOfWork

AUTHENTICATING = Meter(caller=AUTHENTICATION)
"""The meter of requests before authentication, which use the connections of authentication."""
NOBODY = Caller(UserId(""), None)
CANCELLED = Answer({}, outcome="cancelled")
"""The answer that the log shows for an operation that was cut off."""


class Call(NamedTuple):
    """A GraphQL request, with its caller and its limits."""

    request: InFlightRequest
    graphql_request: GraphQLRequest
    caller: Caller
    meter: Meter


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Answers GraphQL requests over HTTP."""

    database: Database
    work: UnitOfWork
    authenticator: Authenticator
    documents: Documents
    admission: Admission
    rate_limiter: RateLimiter | None
    settings: Settings
    introspection_for_all: bool
    """Introspection works without a token."""

    async def __call__(self, request: InFlightRequest) -> JsonResponse:
        if request.scope["method"] not in {"GET", "POST"}:
            allowed = {"Allow": "GET, POST"}
            raise RequestError(
                405, RequestCode.METHOD_NOT_ALLOWED, "Send GraphQL with POST, or queries with GET.", allowed
            )
        token = bearer_token(request.headers)
        # Its time in the queue counts.
        request.deadline = request.begun + self.settings.request_timeout_seconds
        try:
            slot = await self.admission.slot(token, request.client or "")
            try:
                return await self._answer(request, token, slot)
            finally:
                slot.give_back()
        except Overloaded as refusal:
            # A traceback would keep the request in memory while its answer is held back.
            overloaded = refusal.with_traceback(None)
        except RequestError as refusal:
            if refusal.code is RequestCode.UNAUTHENTICATED and token is not None:
                self.admission.forget(token)
            raise
        finally:
            request.end_work()
        await self.admission.hold_back(request.begun)
        return refused(overloaded, error_media_type(request.headers))

    def measure(self) -> None:
        """Set the gauges of the metrics, which nothing else keeps up to date."""
        replica, limiter = self.database.replica, self.rate_limiter
        CONNECTIONS.set(self.database.connections_in_use)
        REQUESTS_WAITING.set(self.admission.waiting)
        REPLICAS_IN_USE.set(replica is not None and replica.is_in_use)
        COUNTING_ALONE.set(limiter is not None and limiter.is_alone)

    async def _answer(self, request: InFlightRequest, token: str | None, slot: Slot) -> JsonResponse:
        caller = NOBODY
        if token is not None:
            caller = await self.authenticator.caller(token)
            if caller.user_id != slot.caller:
                self.admission.remember(token, caller.user_id)
        elif not self.introspection_for_all:
            # Without introspection there is no query for this caller, so the body isn't read.
            raise token_wanted()
        media_type = media_type_for(request.headers)
        # Reading a large body takes a thread of the caller's share.
        meter = Meter(
            max_bytes=self.settings.max_answer_bytes,
            max_cpu_seconds=self.settings.max_cpu_seconds,
            caller=caller.user_id or slot.caller,
        )
        METER.set(meter)
        graphql_request = await read_request(
            request, max_body_bytes=self.settings.max_body_bytes, admission=self.admission, slot=slot
        )
        request.is_received = True
        call, started = Call(request, graphql_request, caller, meter), perf_counter()
        try:
            operation = operation_of(await self.documents.read(graphql_request.query), graphql_request.operation_name)
            self._admit(call, operation)
            check_inputs(operation.node, graphql_request.variables, most=self.settings.max_input_elements)
            cost = await allowed_cost_of(operation, graphql_request.variables, self.settings)
        except (GraphQLError, LimitReached) as error:
            mistake = OverLimit(error) if isinstance(error, LimitReached) else error
            never_ran = answer_of_errors([mistake], code=RequestCode.GRAPHQL_PARSE_FAILED)
            note_refusal(never_ran.codes[0])
            return never_ran.response(media_type)
        await self.admission.wait_if_costly(slot, caller.user_id, operation.hash, cost)
        return await self._run(call, operation, cost, media_type, started)

    async def _run(self, call: Call, operation: Operation, cost: int, media_type: str, started: float) -> JsonResponse:
        user, meter, headers = call.caller.user_id, call.meter, dict[str, str]()
        if self.rate_limiter is not None:
            await self.rate_limiter.take(user, cost)
        answer = CANCELLED
        try:
            answer = await self._execute(call, operation)
        finally:
            if self.rate_limiter is not None:
                headers = await self.rate_limiter.settle(user, taken=cost, done=meter.cost)
            self.admission.note_cost(user, operation.hash, meter.cost, meter.cpu_seconds)
            if answer is CANCELLED and operation.type is OperationType.MUTATION:
                answer = answer._replace(written=call.request.commits.of_all.value)
            seconds = perf_counter() - started
            note_operation(call.request, operation, answer, actor=user or None, cost=cost, seconds=seconds)
        answer.body["extensions"] = {"cost": {"requested": cost, "maximum": self.settings.max_cost}}
        response = answer.response(media_type)
        if len(response.body) > PIECE_BYTES:
            response.sending = self.admission.untaken.sending(meter.caller, len(response.body))
        if headers:
            response.headers.update(headers)
        return response

    async def _execute(self, call: Call, operation: Operation) -> Answer:
        if not operation.document.is_valid:
            try:
                mistakes = await self.documents.mistakes_in(operation.document)
            except LimitReached as reached:
                mistakes = [OverLimit(reached)]
            if mistakes:
                return answer_of_errors(mistakes, code=RequestCode.GRAPHQL_VALIDATION_FAILED)
        database = self.database
        if operation.type is OperationType.QUERY:
            database = database.for_query(call.caller.position)
        try:
            answer = await self._run_on(database, call, operation)
        except DatabaseUnavailable as error:
            if database is self.database:
                raise
            self.database.note_failure_of_replica(error)
            call.meter.begin_again()
            return await self._run_on(self.database, call, operation)
        if database is not self.database:
            REPLICA_QUERIES.inc()
        return answer

    async def _run_on(self, database: Database, call: Call, operation: Operation) -> Answer:
        context = Context(
            work=self.work.of(call.caller.user_id, call.request.commits, database=database),
            request_id=call.request.request_id,
            meter=call.meter,
            shows_schema=self.settings.introspection != "off",
            user=call.caller.user,
        )
        try:
            return await execute(call.graphql_request, operation, context, self.documents)
        finally:
            await context.loaders.close()

    def _admit(self, call: Call, operation: Operation) -> None:
        if operation.type is not OperationType.QUERY and call.request.scope["method"] == "GET":
            raise RequestError(405, RequestCode.METHOD_NOT_ALLOWED, "Send mutations with POST.", {"Allow": "POST"})
        if call.caller is NOBODY and not operation.roots <= INTROSPECTION:
            raise token_wanted()
        if self.settings.introspection == "off" and operation.roots & FIELDS_OF_SCHEMA:
            raise RequestError(
                403, RequestCode.INTROSPECTION_DISABLED, "Questions about the schema are not answered here."
            )
