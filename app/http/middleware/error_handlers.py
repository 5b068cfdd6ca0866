"""Gives refusals outside the endpoint the form of all others."""

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from app.http.refused_requests import RequestCode, RequestError
from app.http.responses import logged_refusal

REFUSED = {
    401: (RequestCode.UNAUTHENTICATED, "Send `Authorization: Bearer <token>`."),
    404: (RequestCode.NOT_FOUND, "There is nothing here. GraphQL is served on /graphql."),
    405: (RequestCode.METHOD_NOT_ALLOWED, "That can't be done here; the header `Allow` says what can."),
    503: (RequestCode.SERVICE_UNAVAILABLE, ""),
}
"""Code and message by status; without a message here, the refusal brings its own."""


async def as_refused(_: Request, error: Exception) -> Response:
    """Answer a refusal that was raised outside the endpoint."""
    return logged_refusal(error if isinstance(error, RequestError) else refusal_of(error))


def refusal_of(error: Exception) -> RequestError:
    """Put a refusal of Starlette into our form."""
    if not isinstance(error, HTTPException):
        raise error
    code, message = REFUSED.get(error.status_code, (RequestCode.BAD_REQUEST, "The request can't be answered."))
    return RequestError(error.status_code, code, message or error.detail, dict(error.headers or {}))
