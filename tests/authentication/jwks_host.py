"""A real HTTP server on loopback that shows keys: it can be told what to answer, held up and taken down, and counts."""

import asyncio
import json
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

PATH = "/jwks.json"


class JwksHost:
    def __init__(self) -> None:
        self.paths: list[str] = []
        """What was asked for, one by one."""
        self.released = threading.Event()
        self.released.set()
        self.seconds_between_bytes = 0.0
        self._status, self._body = 200, b""
        self._headers: Mapping[str, str] = {}
        self._port = 0
        self._server: ThreadingHTTPServer | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}{PATH}"

    @property
    def fetches(self) -> int:
        return len(self.paths)

    def show(self, *keys: Mapping[str, Any]) -> None:
        """Answer with these keys from now on."""
        self.answer(json.dumps({"keys": keys}).encode())

    def answer(self, body: bytes, status: int = 200, **headers: str) -> None:
        self._status, self._headers, self._body = status, headers, body

    def hold(self) -> None:
        """Let those who ask wait, until they are released."""
        self.released.clear()

    def up(self) -> None:
        """Listen, on the same port as before."""
        self._server = ThreadingHTTPServer(("127.0.0.1", self._port), self._handler())
        self._port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.005,)).start()

    def down(self) -> None:
        if self._server is not None:
            self.released.set()
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def _pieces(self) -> Iterator[bytes]:
        if not self.seconds_between_bytes:
            yield self._body
            return
        for byte in self._body:
            time.sleep(self.seconds_between_bytes)
            yield bytes([byte])

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        host = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                host.paths.append(self.path)
                host.released.wait(10)
                self.send_response(host._status)
                for name, value in host._headers.items():
                    self.send_header(name.replace("_", "-"), value)
                self.end_headers()
                try:
                    for piece in host._pieces():
                        self.wfile.write(piece)
                except OSError:
                    self.close_connection = True

            def log_message(self, *_: object) -> None:
                """Leave the output of the tests alone."""

        return Handler


@contextmanager
def jwks_host() -> Iterator[JwksHost]:
    host = JwksHost()
    host.up()
    try:
        yield host
    finally:
        host.down()


async def fetched(host: JwksHost, times: int) -> None:
    """Wait until the host has been asked this often."""
    async with asyncio.timeout(60):
        while host.fetches < times:  # noqa: ASYNC110 - the host lives in a thread
            await asyncio.sleep(0.001)
