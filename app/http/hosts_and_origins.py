"""The host names that requests may name, and the middleware for pages of other origins (CORS).

A page may give its own name the address of this server (DNS rebinding), and is of the same origin then: what it still
can't do is send another `Host`. Addresses can't be rebound, nor can `localhost`.

Starlette's TrustedHostMiddleware isn't used: it answers in plain text, reads the first `Host` only, and knows no
networks.
"""

import re
from http import HTTPStatus
from ipaddress import ip_address

from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response

from app.http.responses import RequestCode, RequestError, logged_refusal

HOST = re.compile(r"([A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f]{0,4}:[0-9A-Fa-f:.]{1,45}\])(:[0-9]{0,5})?")
NO_HOST = RequestError(
    400, RequestCode.BAD_REQUEST, "The request must have exactly one header Host, with a host in it."
)


class AllowedHosts:
    """Refuses requests that have no `Host`, several, or one that isn't allowed, with 400.

    `localhost` and addresses are always allowed; on loopback those of loopback only. `listed` names are allowed besides, where
    `*.example.com` stands for every name that ends so. None, off loopback: any name is allowed.
    """

    def __init__(self, listed: str | None, *, on_loopback: bool) -> None:
        names = (listed or "").split(",")
        self._on_loopback = on_loopback
        self._any_name = listed is None and not on_loopback
        self._names = frozenset(name for name in names if not name.startswith("*"))
        self._endings = tuple(name.removeprefix("*") for name in names if name.startswith("*"))

    def refusal_of(self, headers: Headers) -> RequestError | None:
        hosts = headers.getlist("host")
        read = HOST.fullmatch(hosts[0]) if len(hosts) == 1 else None
        if read is None:
            return NO_HOST
        host = read[1].lower().removesuffix(".")
        return None if self._allows(host) else not_allowed(host)

    def _allows(self, host: str) -> bool:
        if host == "localhost" or host in self._names or host.endswith(self._endings):
            return True
        try:
            address = ip_address(host.strip("[]"))
        except ValueError:
            return self._any_name and not host.startswith("[")
        return address.is_loopback or not self._on_loopback


def not_allowed(host: str) -> RequestError:
    message = f"Requests for the host {host} are not answered here. FLOWPORT_ALLOWED_HOSTS lists further hosts."
    return RequestError(400, RequestCode.HOST_NOT_ALLOWED, message)


class Cors(CORSMiddleware):
    """Starlette's middleware, whose refusals have the form of all others."""

    def preflight_response(self, request_headers: Headers) -> Response:
        response = super().preflight_response(request_headers)
        if response.status_code == HTTPStatus.OK:
            return response
        allowed = {name: value for name, value in response.headers.items() if not name.startswith("content-")}
        message = "Pages of this origin may not do that."
        return logged_refusal(RequestError(response.status_code, RequestCode.CORS_REFUSED, message, allowed))
