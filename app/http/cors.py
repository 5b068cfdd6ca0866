"""Middleware for pages of other origins (CORS)."""

from http import HTTPStatus

from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response

from app.http.refused_requests import RequestCode, RequestError
from app.http.responses import logged_refusal


class Cors(CORSMiddleware):
    """Starlette's middleware, whose refusals have the form of all others."""

    def preflight_response(self, request_headers: Headers) -> Response:
        response = super().preflight_response(request_headers)
        if response.status_code == HTTPStatus.OK:
            return response
        allowed = {name: value for name, value in response.headers.items() if not name.startswith("content-")}
        message = "Pages of this origin may not do that."
        return logged_refusal(RequestError(response.status_code, RequestCode.CORS_REFUSED, message, allowed))
