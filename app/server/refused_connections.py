"""What is answered to what can't be read as a request, in the words of all that is refused."""

from http import HTTPStatus
from typing import Any, NamedTuple

import orjson

from app.http.refused_requests import RequestCode


class RefusedConnection(NamedTuple):
    """Why a request can't be answered, for its sender."""

    status: HTTPStatus
    code: RequestCode
    message: str


def bad_request(message: str) -> RefusedConnection:
    return RefusedConnection(HTTPStatus.BAD_REQUEST, RequestCode.BAD_REQUEST, message)


NO_REQUEST = bad_request("That is no HTTP request that can be read.")


class Unacceptable(Exception):
    """Ends the parsing of a request, from within what the parser calls."""

    def __init__(self, refused: RefusedConnection) -> None:
        super().__init__(refused.message)
        self.refused = refused


def answer(status: HTTPStatus, error: dict[str, Any], own_id: str) -> bytes:
    body = orjson.dumps({"errors": [error]})
    head = (
        f"HTTP/1.1 {status} {status.phrase}",
        "Content-Type: application/json; charset=utf-8",
        f"Content-Length: {len(body)}",
        "Cache-Control: no-store",
        "X-Content-Type-Options: nosniff",
        f"X-Request-Id: {own_id}",
        "Connection: close",
    )
    return "\r\n".join((*head, "", "")).encode() + body
