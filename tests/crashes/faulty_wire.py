"""The wire between a server and its database, which is cut or falls silent, at a message if that is wanted."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from enum import Enum
from typing import Any

from sqlalchemy import make_url

from app.storage.hosts import arguments_of
from tests.crashes.wire import CHUNK, COMMIT, COMMITTED


class Cut(Enum):
    """Where a connection is cut."""

    BEFORE_COMMIT = "before its COMMIT is sent"
    AFTER_COMMIT = "after its COMMIT was sent"
    BEFORE_ANSWER = "after its COMMIT was done, and before that is known"


class FaultyWire:
    """Passes on everything between one server and its database, until something is wished."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._open = set[asyncio.StreamWriter]()
        self._tasks = set[asyncio.Task[None]]()
        self._speaks = asyncio.Event()
        self._speaks.set()
        self._cut: Cut | None = None
        self.has_cut = asyncio.Event()
        self.address = ""

    def cut(self) -> None:
        """Every connection, now."""
        for writer in self._open:
            writer.transport.abort()

    def cut_at(self, moment: Cut) -> None:
        """The next connection that comes there; `has_cut` is set then."""
        self.has_cut.clear()
        self._cut = moment

    def silence(self) -> None:
        self._speaks.clear()

    def speak(self) -> None:
        self._speaks.set()

    @asynccontextmanager
    async def open(self) -> AsyncIterator["FaultyWire"]:
        server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        url = make_url(self._url).set(host="127.0.0.1", port=port, query={"ssl": "disable"})
        self.address = url.render_as_string(hide_password=False)
        try:
            yield self
        finally:
            server.close()
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            up_reader, up_writer = await self._to_the_database()
        except OSError:
            writer.transport.abort()
            return
        self._open |= {writer, up_writer}
        for pair in ((reader, up_writer, True), (up_reader, writer, False)):
            task = asyncio.create_task(self._pass_on(*pair))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _to_the_database(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        given: dict[str, Any] = arguments_of(self._url)
        host, port = str(given.get("host") or "127.0.0.1"), int(given.get("port") or 5432)
        if host.startswith("/"):
            return await asyncio.open_unix_connection(f"{host}/.s.PGSQL.{port}")
        return await asyncio.open_connection(host, port)

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, up: bool) -> None:
        try:
            while chunk := await reader.read(CHUNK):
                await self._speaks.wait()
                if self._hits(Cut.BEFORE_COMMIT, chunk, up) or self._hits(Cut.BEFORE_ANSWER, chunk, up):
                    break
                writer.write(chunk)
                await writer.drain()
                if self._hits(Cut.AFTER_COMMIT, chunk, up):
                    # Not at once: what was written before is to arrive.
                    reader._transport.abort()  # type: ignore[attr-defined]
                    break
        except ConnectionError:
            pass
        finally:
            self._open.discard(writer)
            writer.close()

    def _hits(self, moment: Cut, chunk: bytes, up: bool) -> bool:
        is_there = (COMMITTED in chunk and not up) if moment is Cut.BEFORE_ANSWER else (COMMIT in chunk and up)
        if self._cut is not moment or not is_there:
            return False
        self._cut = None
        self.has_cut.set()
        return True
