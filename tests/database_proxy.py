"""A proxy between a server and its database, for whoever wants to see, stop or cut what passes."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Self

from sqlalchemy import make_url

from app.storage.connections.driver import arguments_of

CHUNK = 1 << 16


@dataclass(frozen=True, slots=True)
class Ends:
    """Both connections of a server through the proxy."""

    server: asyncio.StreamReader
    to_server: asyncio.StreamWriter
    database: asyncio.StreamReader
    to_database: asyncio.StreamWriter


class DatabaseProxy(ABC):
    """Listens on loopback; `address` is where a server finds its database through it."""

    def __init__(self, database_url: str) -> None:
        self._url = database_url
        self._tasks = set[asyncio.Task[None]]()
        self.address = ""

    def lead_to(self, database_url: str) -> None:
        """Lead new connections there from now on, as a load balancer does."""
        self._url = database_url

    @abstractmethod
    def passing(self, ends: Ends) -> tuple[Coroutine[Any, Any, None], ...]:
        """What passes on what comes from either end of a new connection, until that ends."""

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Self]:
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
            database, to_database = await self._to_the_database()
        except OSError:
            writer.transport.abort()
            return
        for each in self.passing(Ends(reader, writer, database, to_database)):
            task = asyncio.create_task(each)
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _to_the_database(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        given: dict[str, Any] = arguments_of(self._url)
        host, port = str(given.get("host") or "127.0.0.1"), int(given.get("port") or 5432)
        if host.startswith("/"):
            return await asyncio.open_unix_connection(f"{host}/.s.PGSQL.{port}")
        return await asyncio.open_connection(host, port)
