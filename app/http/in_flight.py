"""Requests in flight: their deadlines, clients that go away, and the graceful shutdown that waits for them."""

import asyncio
import math
import time

from starlette.datastructures import Headers
from starlette.types import Message, Receive, Scope, Send

from app.http.responses import RequestCode, client_went_away
from app.storage.connections.failures import Commits
from app.telemetry.log import LoggedRequest, request_id
from app.telemetry.tracing import tracing

NOSNIFF = (b"x-content-type-options", b"nosniff")
"""The header that keeps browsers from guessing media types."""
CLOSE = (b"connection", b"close")
PROMPT_SECONDS = 0.02
"""The age from which on a request whose body is still coming gives up its slot, and the client of another is watched."""


class InFlightRequest(LoggedRequest):
    """A request in flight, as every part of the server sees it. The task that answers it enters it as a context."""

    def __init__(self, scope: Scope, receive: Receive, send: Send, in_flight: "InFlightRequests") -> None:
        self.scope = scope
        self.headers = Headers(scope=scope)
        self.receive = receive
        self.status: int | None = None
        """The status of the answer; None before the answer begins."""
        self.commits = Commits()
        """The transactions of the request: the answer to one that is cut off says by these what was written."""
        self.cut_by: tuple[RequestCode, str] | None = None
        """The code and the reason; None unless the request was cut off."""
        self.begun, self.deadline = asyncio.get_running_loop().time(), math.inf
        """By the clock of the event loop."""
        self.body, self.is_received = bytearray(), False
        """The part of the body that has arrived, and whether the body is complete."""
        self.receiving: asyncio.Timeout | None = None
        """The timeout of receiving the body, which `check` sets off: a timer of its own would take 6 % of a short query."""
        self._watching: asyncio.Task[None] | None = None
        self._send = send
        self._in_flight = in_flight
        self._task = asyncio.current_task()
        client = scope.get("client")
        # Probes are too frequent for traces, and anybody may request other paths.
        traces = tracing() if scope["path"] == "/graphql" else None
        super().__init__(
            request_id(self.headers.get("x-request-id")),
            client[0] if client else None,
            None if traces is None else traces.request(scope["method"], scope["path"], self.headers),
        )

    async def send(self, message: Message) -> None:
        """Send a message of the answer, with the request id in its headers."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = (b"x-request-id", self.request_id.encode()), NOSNIFF
            message["headers"] = [*message["headers"], *headers, *((CLOSE,) if self._in_flight.stopping else ())]
        await self._send(message)

    async def receive_piece(self) -> None:
        """Receive the next piece of the body. Raises RequestError where the client has gone."""
        message = await self.receive()
        if message["type"] == "http.disconnect":
            raise client_went_away()
        self.body += message.get("body", b"")
        self.is_received = not message.get("more_body", False)

    def cut(self, code: RequestCode, reason: str = "") -> None:
        """Cancel the task of the request, which then answers with the code; an open transaction is rolled back."""
        if self.cut_by is None and self._task is not None:
            self.cut_by = code, reason
            self._task.cancel()

    def accept_cut(self) -> tuple[RequestCode, str] | None:
        """The code and the reason of the cut, so that the task goes on with the answer; None for another cancellation."""
        if self.cut_by is not None and self._task is not None:
            self._task.uncancel()
        return self.cut_by

    def check(self, now: float) -> None:
        """Cut the request off at its deadline; end the wait for a slow body; watch the client once the body has arrived."""
        if now >= self.deadline:
            self.cut(RequestCode.TIMEOUT, f"The request was ended after {self.deadline - self.begun:g} seconds")
        elif now - self.begun < PROMPT_SECONDS:
            return
        elif self.is_received and self._watching is None:
            self._watching = asyncio.get_running_loop().create_task(self._cut_when_gone())
        elif self.receiving is not None and not self.is_received:
            receiving, self.receiving = self.receiving, None
            receiving.reschedule(now)

    def end_work(self) -> None:
        """End the checks of a request whose answer is complete."""
        self.deadline, self.is_received, self.receiving = math.inf, False, None
        if self._watching is not None:
            self._watching.cancel()

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

    def check(self) -> None:
        """Look at all requests, so that none needs a timer; the server calls this ten times a second."""
        now = asyncio.get_running_loop().time()
        for request in self.requests:
            request.check(now)

    def remove(self, request: InFlightRequest) -> None:
        self.requests.discard(request)
        self.quiet_since = time.monotonic()
