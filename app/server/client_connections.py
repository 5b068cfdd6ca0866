"""What a connection may do: headers are bounded in bytes and time, and answers have to be taken.

Uvicorn would wait for ever for the end of a request's headers and for a client that doesn't read, keep headers of any
size, swallow whatever comes of a body that was refused, lose the body of a request that offers an upgrade, and answer
what it can't read in plain text, even in place of the answer to an earlier request.
"""

import asyncio
from http import HTTPStatus

import httptools
from uvicorn._types import ASGI3Application
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from app.http.refused_requests import RequestCode
from app.server.refused_connections import NO_REQUEST, RefusedConnection, Unacceptable, answer, bad_request
from app.settings import Settings
from app.telemetry.log import log, request_id
from app.telemetry.metrics import request_refused

MOST_SWALLOWED_BYTES = 16_777_216
"""How much of a body that nobody wants is read, so that whoever is still sending it may ask again on the connection."""
FRAMING = 8
"""How many times as many bytes a body may take as it holds, cut into small chunks."""
HEADER_OVERHEAD_BYTES = 32
"""What a header counts besides its name and value, as in HTTP/2 (RFC 7541, 4.1): many small ones cost time too."""
MOST_PIPELINED = 1000
"""How many requests may wait on a connection for the answers to those before them."""
UPGRADE_HEADERS = {b"upgrade", b"http2-settings"}


class Protocol(HttpToolsProtocol):
    """A connection of HTTP/1. What is refused here is answered like all that is refused, after what came before it."""

    max_header_bytes: int
    max_message_bytes: int
    header_seconds: float
    answer_seconds: float
    is_within_headers = False
    """It has sent the beginning of a request, but not yet enough to begin with it."""
    _running: RequestResponseCycle | None = None
    """The request that is being answered, or was last; later ones wait for it."""
    _refused: RefusedConnection | None = None
    _header_bytes = 0
    _bytes = 0
    """What has come of a message after the piece that it began in."""
    _has_begun_now = False
    _deadline: asyncio.TimerHandle | None = None
    _check: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        super().connection_made(transport)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        if self._check is not None:
            self._check.cancel()
        if self._running is not None:
            leave(self._running)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._refused is not None or self.transport.is_closing():
            return
        self._unset_keepalive_if_required()
        self._has_begun_now = False
        try:
            self._feed(data)
        except httptools.HttpParserError as error:
            reason = error.__context__
            self._refuse(reason.refused if isinstance(reason, Unacceptable) else NO_REQUEST)
            return
        if not self._has_begun_now:
            self._bytes += len(data)
        if self.is_within_headers and self._bytes > self.max_header_bytes:
            self._refuse(self._too_large)
        elif self._bytes > self.max_message_bytes:
            self.transport.close()
        self._watch()

    def on_message_begin(self) -> None:
        if len(self.pipeline) >= MOST_PIPELINED:
            raise Unacceptable(bad_request(f"More than {MOST_PIPELINED} requests were sent ahead of their answers."))
        super().on_message_begin()
        self.is_within_headers = self._has_begun_now = True
        self._bytes = self._header_bytes = 0
        self._stop_waiting()

    def on_url(self, url: bytes) -> None:
        self._count(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self.is_within_headers:
            raise Unacceptable(bad_request("Headers after the body are not taken."))
        self._count(len(name) + len(value) + HEADER_OVERHEAD_BYTES)
        super().on_header(name, value)

    def _count(self, number: int) -> None:
        self._header_bytes += number
        if self._header_bytes > self.max_header_bytes:
            raise Unacceptable(self._too_large)

    def on_headers_complete(self) -> None:
        if not self.parser.should_upgrade():
            self._check_transfer_encoding()
            self._take_host_of_target()
            super().on_headers_complete()
            self.is_within_headers = False

    def on_message_complete(self) -> None:
        if not self.is_within_headers:
            super().on_message_complete()

    def _check_transfer_encoding(self) -> None:
        """Refuse what a proxy before us might have cut differently (RFC 9112, 6.1); the parser refuses the rest of it."""
        codings = [value.lower() for name, value in self.headers if name == b"transfer-encoding"]
        if codings and (codings != [b"chunked"] or self.parser.get_http_version() != "1.1"):
            raise Unacceptable(bad_request("Transfer-Encoding may be chunked only, and with HTTP/1.1 only."))

    def _take_host_of_target(self) -> None:
        """A target that is a whole URL names the host, whatever the header says (RFC 9112, 3.2.2)."""
        scheme, _, rest = self.url.partition(b"://")
        if rest and b"/" not in scheme:
            host = rest.partition(b"/")[0]
            self.headers[:] = [(name, host if name == b"host" else value) for name, value in self.headers]

    def _feed(self, data: bytes) -> None:
        """An upgrade that is offered is not taken, and its request read as any other (RFC 9110, 7.8)."""
        rest = memoryview(data)
        while rest:
            try:
                self.parser.feed_data(rest)
            except httptools.HttpParserUpgrade as upgrade:
                method = self.parser.get_method()
                if method == b"CONNECT":
                    raise httptools.HttpParserError("a proxy was looked for") from None
                [offset] = upgrade.args
                head = header_without_upgrade(method, self.url, self.parser.get_http_version(), self.headers)
                self.parser = httptools.HttpRequestParser(self)
                self.parser.feed_data(head)
                rest = rest[offset:]
            else:
                break

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        self._running = cycle
        super()._start_asgi_task(cycle, app)

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._watch_reader()
        if self.is_within_headers:
            self._unset_keepalive_if_required()
            self._watch()
        if self._refused is not None and not self._is_at_work:
            self._say(self._refused)

    @property
    def _is_at_work(self) -> bool:
        return bool(self.pipeline) or (self._running is not None and not self._running.response_complete)

    @property
    def _too_large(self) -> RefusedConnection:
        message = f"The request line and headers are larger than {self.max_header_bytes} bytes."
        return RefusedConnection(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, RequestCode.HEADERS_TOO_LARGE, message)

    def _watch(self) -> None:
        """While nothing is at work, the next headers have to come in time."""
        if self._is_at_work or self.transport.is_closing():
            self._stop_waiting()
        elif self._deadline is None:
            self._deadline = self.loop.call_later(self.header_seconds, self._too_slow)

    def _stop_waiting(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _too_slow(self) -> None:
        if self.is_within_headers:
            message = f"The headers took longer than {self.header_seconds:g} seconds."
            self._refuse(RefusedConnection(HTTPStatus.REQUEST_TIMEOUT, RequestCode.REQUEST_TIMEOUT, message))
        else:
            self.transport.close()

    def _refuse(self, refused: RefusedConnection) -> None:
        """Say it after the answers to earlier requests; in place of one whose own body is what can't be read."""
        self._stop_waiting()
        is_of_a_body = not self.is_within_headers and self._is_at_work and self.cycle.more_body
        if is_of_a_body and self.pipeline:
            self.pipeline.popleft()
        elif is_of_a_body and not self.cycle.response_started:
            leave(self.cycle)
            self._say(refused)
            return
        self._refused = refused
        if self._is_at_work:
            self.flow.pause_reading()
        elif self._running is not None and not self.is_within_headers and self.cycle.more_body:
            # It has its answer already.
            self.transport.close()
        else:
            self._say(refused)

    def _say(self, refused: RefusedConnection) -> None:
        own_id = request_id(None)
        request_refused(refused.code)
        log().info("request refused", code=refused.code, request_id=own_id, client=self.client and self.client[0])
        if not self.transport.is_closing():
            error = {"message": refused.message, "extensions": {"code": refused.code}}
            self.transport.write(answer(refused.status, error, own_id))
            self.transport.close()
            self._watch_reader()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._watch_reader()

    def resume_writing(self) -> None:
        super().resume_writing()
        self._watch_reader()

    def _watch_reader(self) -> None:
        """What waits to be taken has to be taken in time: a piece of an answer, or the end of one."""
        if self._check is not None:
            self._check.cancel()
            self._check = None
        if self.transport.get_write_buffer_size():
            self._check = self.loop.call_later(self.answer_seconds, self._check_reader)

    def _check_reader(self) -> None:
        self._check = None
        if self.transport.get_write_buffer_size():
            log().info("answer not taken", client=self.client and self.client[0])
            self.transport.abort()


def header_without_upgrade(method: bytes, url: bytes, version: str, headers: list[tuple[bytes, bytes]]) -> bytes:
    """The headers of a request as they came, but for the upgrade that it offered."""
    lines = [b" ".join((method, url, f"HTTP/{version}".encode()))]
    for name, value in headers:
        if name == b"connection":
            options = [option for option in value.split(b",") if option.strip().lower() not in UPGRADE_HEADERS]
            lines.append(b"connection: " + b",".join(options))
        elif name not in UPGRADE_HEADERS:
            lines.append(b": ".join((name, value)))
    return b"\r\n".join((*lines, b"", b""))


def leave(cycle: RequestResponseCycle) -> None:
    """Tell a request that nobody waits for its answer any more."""
    if not cycle.response_complete:
        cycle.disconnected = True
        cycle.message_event.set()


def protocol_of(settings: Settings) -> type[Protocol]:
    """The protocol with the bounds that are set."""
    bounds = {
        "max_header_bytes": settings.max_header_bytes,
        "max_message_bytes": MOST_SWALLOWED_BYTES + FRAMING * settings.max_body_bytes,
        "header_seconds": settings.header_timeout_seconds,
        "answer_seconds": settings.request_timeout_seconds,
    }
    return type("BoundedProtocol", (Protocol,), bounds)
