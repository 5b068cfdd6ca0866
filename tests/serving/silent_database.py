"""A database that falls silent: its connections stay open, new ones are let in, and nothing comes of them any more."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import make_url

from app.storage.hosts import arguments_of

CHUNK = 1 << 16


class SilentDatabase:
    """A proxy before a database, which passes on everything until it is told to be silent, or sees something."""

    def __init__(self, url: str, silent_at: bytes | None = None) -> None:
        self._url = url
        self._silent_at = silent_at
        self._speaks = asyncio.Event()
        self._speaks.set()
        self._tasks = set[asyncio.Task[None]]()
        self.address = ""
        """The URL of the database through it."""

    @property
    def is_silent(self) -> bool:
        return not self._speaks.is_set()

    def silence(self, at: bytes | None = None) -> None:
        """Now, or when it sees that."""
        self._silent_at = at
        if at is None:
            self._speaks.clear()

    def speak(self) -> None:
        self._silent_at = None
        self._speaks.set()

    async def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        up_reader, up_writer = await self._to_the_database()
        for pair in ((reader, up_writer), (up_reader, writer)):
            task = asyncio.create_task(self._pass_on(*pair))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _to_the_database(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        given: dict[str, Any] = arguments_of(self._url)
        host, port = str(given.get("host") or "127.0.0.1"), int(given.get("port") or 5432)
        if host.startswith("/"):
            return await asyncio.open_unix_connection(f"{host}/.s.PGSQL.{port}")
        return await asyncio.open_connection(host, port)

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while chunk := await reader.read(CHUNK):
                if self._silent_at is not None and self._silent_at in chunk:
                    self._speaks.clear()
                await self._speaks.wait()
                writer.write(chunk)
                await writer.drain()
        except ConnectionError:
            pass
        finally:
            writer.close()

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


@asynccontextmanager
async def falling_silent(url: str, silent_at: bytes | None = None) -> AsyncIterator[SilentDatabase]:
    database = SilentDatabase(url, silent_at)
    server = await asyncio.start_server(database.connected, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    through = make_url(url).set(host="127.0.0.1", port=port, query={"ssl": "disable"})
    database.address = through.render_as_string(hide_password=False)
    try:
        yield database
    finally:
        server.close()
        await database.close()
