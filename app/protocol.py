"""What a connection may do: heads of requests are bounded in bytes and time, and answers have to be taken.

Uvicorn would wait for ever for the end of a request's head and for somebody who doesn't read, keep whatever comes of a
head, swallow whatever comes of a body that was refused, and answer what it can't read in plain text.
"""

import asyncio
from http import HTTPStatus
from typing import Any

import orjson
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from app.graphql.refused import RequestCode
from app.metrics import request_refused
from app.observability import log, request_id
from app.settings import Settings

MOST_SWALLOWED_BYTES = 16_777_216
"""How much of a body that nobody wants is read: whoever is still sending sees the answer, and may ask again."""
LEAST_TAKEN_BYTES = 65_536
"""How much of an answer has to be taken in the time that a request may take."""


class Protocol(HttpToolsProtocol):
    """A connection of HTTP/1; what is refused here has never been a request, and is answered like all that is refused."""

    max_head_bytes: int
    head_seconds: float
    answer_seconds: float
    is_within_a_head = False
    """It has sent the beginning of a request, but not yet enough to begin with it."""
    _has_asked = False
    _head_bytes = 0
    _deadline: asyncio.TimerHandle | None = None
    _swallowed_bytes = 0
    _to_be_taken = 0
    _check: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        super().connection_made(transport)
        self._deadline = self.loop.call_later(self.head_seconds, self._too_slow)

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        self._stop_checking()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if not self.is_within_a_head:
            self._stop_waiting()
            return
        self._head_bytes += len(data)
        if self._head_bytes > self.max_head_bytes:
            self._too_large()
        elif self._deadline is None:
            self._deadline = self.loop.call_later(self.head_seconds, self._too_slow)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.is_within_a_head = True

    def on_headers_complete(self) -> None:
        taken = len(self.url) + sum(len(name) + len(value) for name, value in self.headers)
        if taken > self.max_head_bytes:
            # Whatever is raised here ends in the answer to what can't be read.
            self._head_bytes = taken
            raise ValueError("the head is too large")
        super().on_headers_complete()
        self.is_within_a_head, self._has_asked = False, True
        self._swallowed_bytes = 0

    def on_body(self, body: bytes) -> None:
        if self.cycle.response_complete:
            # The request was refused before its body had come.
            self._swallowed_bytes += len(body)
            if self._swallowed_bytes > MOST_SWALLOWED_BYTES:
                self.transport.close()
        super().on_body(body)

    def pause_writing(self) -> None:
        super().pause_writing()
        self._to_be_taken = self.transport.get_write_buffer_size()
        self._check = self.loop.call_later(self.answer_seconds, self._check_reader)

    def resume_writing(self) -> None:
        self._stop_checking()
        super().resume_writing()

    def _check_reader(self) -> None:
        left = self.transport.get_write_buffer_size()
        if self._to_be_taken - left < LEAST_TAKEN_BYTES:
            log().info("answer not taken", client=self.client and self.client[0])
            self.transport.abort()
        else:
            self._to_be_taken = left
            self._check = self.loop.call_later(self.answer_seconds, self._check_reader)

    def _stop_checking(self) -> None:
        if self._check is not None:
            self._check.cancel()
            self._check = None

    def send_400_response(self, _msg: str) -> None:
        if self._head_bytes > self.max_head_bytes:
            self._too_large()
        else:
            self._refuse(HTTPStatus.BAD_REQUEST, RequestCode.BAD_REQUEST, "That is no HTTP request that can be read.")

    def _stop_waiting(self) -> None:
        self._head_bytes = 0
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _too_large(self) -> None:
        message = f"The request line and headers are larger than {self.max_head_bytes} bytes."
        self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, RequestCode.HEADERS_TOO_LARGE, message)

    def _too_slow(self) -> None:
        if self.is_within_a_head and self._is_at_work:
            # Closing would cut off the request before this one.
            self._deadline = self.loop.call_later(self.head_seconds, self._too_slow)
        elif self.is_within_a_head:
            message = f"The headers took longer than {self.head_seconds:g} seconds."
            self._refuse(HTTPStatus.REQUEST_TIMEOUT, RequestCode.REQUEST_TIMEOUT, message)
        elif not self._has_asked:
            # Somebody who connected and has said nothing since.
            self.transport.close()

    @property
    def _is_at_work(self) -> bool:
        """A request has come as a whole, and is not answered yet."""
        return self._has_asked and not self.cycle.response_complete and not self.cycle.more_body

    @property
    def _may_answer(self) -> bool:
        """What is refused is the next that is to be answered: nothing mixes with the answer of an earlier request."""
        return (
            not self._has_asked
            or self.cycle.response_complete
            or (self.cycle.more_body and not self.cycle.response_started)
        )

    def _refuse(self, status: HTTPStatus, code: RequestCode, message: str) -> None:
        if self.transport.is_closing():
            return
        own_id = request_id(None)
        request_refused(code)
        log().info("request refused", code=code, request_id=own_id, client=self.client and self.client[0])
        if self._may_answer:
            self.transport.write(answer(status, {"message": message, "extensions": {"code": code}}, own_id))
        self.transport.close()


def answer(status: HTTPStatus, error: dict[str, Any], own_id: str) -> bytes:
    body = orjson.dumps({"errors": [error]})
    head = (
        f"HTTP/1.1 {status} {status.phrase}",
        "Content-Type: application/json; charset=utf-8",
        f"Content-Length: {len(body)}",
        "Cache-Control: no-store",
        f"X-Request-Id: {own_id}",
        "Connection: close",
    )
    return "\r\n".join((*head, "", "")).encode() + body


def protocol_of(settings: Settings) -> type[Protocol]:
    """The protocol with the bounds that are set."""
    bounds = {
        "max_head_bytes": settings.max_head_bytes,
        "head_seconds": settings.head_timeout_seconds,
        "answer_seconds": settings.request_timeout_seconds,
    }
    return type("BoundedProtocol", (Protocol,), bounds)
