"""The endpoint: from an HTTP request to a caller, an operation and an answer."""

import time
from dataclasses import dataclass
from typing import Any

import orjson
from graphql import GraphQLError, OperationType
from starlette.requests import Request
from starlette.responses import Response
from structlog.contextvars import bound_contextvars

from app.domain.nouns import UserId
from app.graphql.authentication import Authenticator
from app.graphql.context import Context
from app.graphql.documents import Operation, operation_of
from app.graphql.execution import Answer, execute, request_error
from app.graphql.requests import GRAPHQL_TYPE, JSON_TYPE, Refusal, media_type_for, read_request
from app.observability import counting_statements, log, request_id
from app.storage.engine import Database
from app.storage.store import UnitOfWork

UNAUTHENTICATED = {"WWW-Authenticate": "Bearer"}
HEADERS = {"Cache-Control": "no-store", "Vary": "Accept, Authorization"}


@dataclass(frozen=True, slots=True)
class Access:
    """What the endpoint is open for."""

    introspection_for_all: bool
    """Without a token, questions about the schema are answered."""
    introspection: bool
    """With a token they are."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Answers GraphQL requests over HTTP."""

    database: Database
    work: UnitOfWork
    authenticator: Authenticator
    access: Access
    max_body_bytes: int

    async def __call__(self, request: Request) -> Response:
        own_id = request_id(request.headers.get("x-request-id"))
        try:
            response = await self._answer(request, own_id)
        except Refusal as refusal:
            response = refused(refusal)
        except Exception:  # noqa: BLE001 - whatever it is, the caller gets an answer and the log has it whole
            log().exception("request failed", request_id=own_id)
            internal = {"message": "Internal error", "extensions": {"code": "INTERNAL", "requestId": own_id}}
            response = as_json({"errors": [internal]}, status=500, media_type=JSON_TYPE)
        response.headers["X-Request-Id"] = own_id
        return response

    async def _answer(self, request: Request, own_id: str) -> Response:
        if request.method not in {"GET", "POST"}:
            raise Refusal(
                405, "METHOD_NOT_ALLOWED", "Send GraphQL with POST, or queries with GET.", {"Allow": "GET, POST"}
            )
        with counting_statements() as statements:
            started = time.perf_counter()
            viewer = await self._viewer(request, own_id)
            media_type = media_type_for(request.headers.get("accept"))
            asked = await read_request(request, max_body_bytes=self.max_body_bytes)
            try:
                operation = operation_of(asked.query, asked.operation_name)
            except GraphQLError as error:
                return answered(request_error([error], code="GRAPHQL_PARSE_FAILED"), media_type)
            self._admit(request, operation, viewer)
            context = Context(viewer=viewer or UserId(""), database=self.database, work=self.work, request_id=own_id)
            answer = await execute(asked, operation, context)
            log().info(
                "operation",
                request_id=own_id,
                actor=viewer,
                operation=operation.name,
                type=operation.type.value,
                statements=statements.count,
                milliseconds=round((time.perf_counter() - started) * 1000, 1),
                outcome=answer.outcome,
            )
        return answered(answer, media_type)

    async def _viewer(self, request: Request, own_id: str) -> UserId | None:
        """Who calls; None without a token. Several headers are one that nobody can read."""
        headers = request.headers.getlist("authorization")
        with bound_contextvars(request_id=own_id):
            return await self.authenticator.viewer(", ".join(headers) if headers else None)

    def _admit(self, request: Request, operation: Operation, viewer: UserId | None) -> None:
        if request.method == "GET" and operation.type is not OperationType.QUERY:
            raise Refusal(405, "METHOD_NOT_ALLOWED", "Send mutations with POST.", {"Allow": "POST"})
        if viewer is None and not (self.access.introspection_for_all and operation.only_introspects):
            raise Refusal(401, "UNAUTHENTICATED", "Send `Authorization: Bearer <token>`.", UNAUTHENTICATED)
        if operation.introspects and not self.access.introspection:
            raise Refusal(403, "INTROSPECTION_DISABLED", "Questions about the schema are not answered here.")


def answered(answer: Answer, media_type: str) -> Response:
    """An answer in the media type that was asked for; old clients get 200 for requests that never ran."""
    status = 400 if answer.never_ran and media_type == GRAPHQL_TYPE else 200
    return as_json(answer.body, status=status, media_type=media_type)


def refused(refusal: Refusal) -> Response:
    error = {"message": refusal.message, "extensions": {"code": refusal.code}}
    response = as_json({"errors": [error]}, status=refusal.status, media_type=JSON_TYPE)
    response.headers.update(refusal.headers)
    return response


def as_json(body: dict[str, Any], *, status: int, media_type: str) -> Response:
    return Response(orjson.dumps(body), status, HEADERS, f"{media_type}; charset=utf-8")
