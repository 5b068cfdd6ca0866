"""The requests in flight: what each has sent and got so far, what cuts it off, and what a graceful shutdown waits for."""

import asyncio
import time

from starlette.types import Message, Receive, Scope, Send

from app.http.refused_requests import RequestCode
from app.storage.connections.commits import Commits
from app.telemetry.log import LoggedRequest, request_id
from app.telemetry.tracing import tracing

NOSNIFF = (b"x-content-type-options", b"nosniff")
"""No answer lets a browser guess its media type."""
CLOSE = (b"connection", b"close")
NO_HEADERS: tuple[bytes, ...] = ()


class InFlightRequest(LoggedRequest):
    """A request until it is answered: one object for all that deal with it. It is entered by the task that answers it."""

    __slots__ = ("_in_flight", "_send", "_task", "commits", "cut_by", "headers", "receive", "scope", "status", "timers")

    def __init__(self, scope: Scope, receive: Receive, send: Send, in_flight: "InFlightRequests") -> None:
        self.scope = scope
        self.headers: dict[bytes, list[bytes]] = {}
        for name, value in scope["headers"]:
            self.headers.setdefault(name, []).append(value)
        self.receive = receive
        self.status: int | None = None
        """The status of the answer, once that is begun."""
        self.commits: Commits | None = None
        """The request's transactions, once it may have some."""
        self.cut_by: tuple[RequestCode, str] | None = None
        """The code and the reason, once the request is cut off."""
        self.timers: list[asyncio.TimerHandle | asyncio.Task[None]] = []
        """The timers that may cut it off, which are cancelled at the end of its work."""
        self._send = send
        self._in_flight = in_flight
        self._task = asyncio.current_task()
        client, proposed = scope.get("client"), self.headers.get(b"x-request-id", NO_HEADERS)
        # Probes ask too often to be traced, and other paths are anybody's.
        traces = tracing() if scope["path"] == "/graphql" else None
        super().__init__(
            request_id(proposed[0].decode("latin-1") if proposed else None),
            client[0] if client else None,
            None if traces is None else traces.request(scope["method"], scope["path"], scope["headers"]),
        )

    async def send(self, message: Message) -> None:
        """Send a message of the answer, which has the request's id, whoever answers."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = (b"x-request-id", self.request_id.encode()), NOSNIFF
            message["headers"] = [*message["headers"], *headers, *((CLOSE,) if self._in_flight.stopping else ())]
        await self._send(message)

    def cut(self, code: RequestCode, reason: str = "", *values: object) -> None:
        """Cancel the work on the request, whose answer then has the code; what it hasn't committed is rolled back."""
        if self.cut_by is None and self._task is not None:
            self.cut_by = code, reason.format(*values)
            self._task.cancel()

    def take_cut(self) -> tuple[RequestCode, str] | None:
        """Say why the request was cut off, and let its task go on with the answer; None if somebody else cancelled it."""
        if self.cut_by is not None and self._task is not None:
            self._task.uncancel()
        return self.cut_by

    def watch(self) -> None:
        """Cut the request off as soon as its client goes away."""
        self.timers.append(asyncio.get_running_loop().create_task(self._cut_when_gone()))

    async def _cut_when_gone(self) -> None:
        while (await self.receive())["type"] != "http.disconnect":
            pass
        self.cut(RequestCode.CLIENT_CLOSED_REQUEST)


class InFlightRequests:
    """The requests that this process has begun to answer, and whether it is to stop."""

    def __init__(self) -> None:
        self.stopping = False
        self.quiet_since = time.monotonic()
        """The time at which the last request ended."""
        self.requests: set[InFlightRequest] = set()

    def stop(self) -> None:
        """Refuse requests from now on."""
        self.stopping = True
        self.quiet_since = time.monotonic()

    def cut(self) -> None:
        """Cut off the requests in flight."""
        for request in self.requests:
            request.cut(RequestCode.SHUTTING_DOWN, "The request was ended, since the server had to shut down")

    def remove(self, request: InFlightRequest) -> None:
        self.requests.discard(request)
        self.quiet_since = time.monotonic()
