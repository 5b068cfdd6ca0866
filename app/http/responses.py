"""Answers as HTTP responses: to operations, to requests that are refused, to what failed unexpectedly."""

from http import HTTPStatus
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

from app.http.errors import RequestCode, RequestError
from app.http.operations import Answer
from app.http.requests import GRAPHQL_TYPE, JSON_TYPE, media_type_for
from app.telemetry.log import log
from app.telemetry.metrics import request_refused

HEADERS = {"Cache-Control": "no-store", "Vary": "Accept, Authorization"}


def answered(answer: Answer, media_type: str) -> Response:
    """An answer in the media type that was asked for; old clients get 200 for requests that never ran."""
    status = 400 if answer.never_ran and media_type == GRAPHQL_TYPE else 200
    return as_json(answer.body, status=status, media_type=media_type)


def error_media_type(request: Request) -> str:
    """Of an answer that says what is wrong with a request: as the caller accepts it, else in JSON."""
    try:
        return media_type_for(request.headers.getlist("accept"))
    except RequestError:
        return JSON_TYPE


def refused(refusal: RequestError, media_type: str = JSON_TYPE) -> Response:
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


def note_refusal(code: str) -> None:
    """Count and log a request that wasn't answered with what it asked for."""
    request_refused(code)
    log().info("request refused", code=code)


def told(refusal: RequestError) -> Response:
    """A refusal that the log and the metrics know of."""
    note_refusal(refusal.code)
    return refused(refusal)
