"""The wire between a server and its database: a proxy that sees how far each keyed call has come.

A call shows by its idempotency key, which is a parameter of its first statement, and its commit by what the driver sends
for one. So it is known of each call where a server was killed, to the message.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

from sqlalchemy import make_url

from app.storage.hosts import arguments_of

KEY = re.compile(rb"crash-\d+-\w+")
COMMIT, ROLLBACK = b"COMMIT;\0", b"ROLLBACK;\0"
COMMITTED = b"COMMIT\0"
"""What PostgreSQL says when it is done."""
CHUNK = 1 << 16


class Moment(IntEnum):
    """How far a call has come, as the wire shows it."""

    NOT_BEGUN = 0
    BEGUN = 1
    """It has asked for its key, and works."""
    COMMITTING = 2
    """Its COMMIT is under way: sent, and not answered."""
    COMMITTED = 3
    """The server was told that it is committed, and has not answered its caller."""


@dataclass
class Life:
    """What was seen of a server from its start until it was killed."""

    moments: dict[str, Moment] = field(default_factory=dict)
    """By the key of the call."""
    commits: int = 0
    is_over: bool = False


@dataclass(frozen=True, slots=True)
class Aim:
    """The commit at which a server is killed."""

    commit: int
    kill: Callable[[], None]
    arrives: bool
    """Whether the database gets it; otherwise it was never sent."""


class Wire:
    """Passes on everything; `address` is where the server finds its database."""

    def __init__(self, database_url: str) -> None:
        self._url = database_url
        self._life = Life()
        self._aim: Aim | None = None
        self._tasks = set[asyncio.Task[None]]()
        self.address = ""

    def aim(self, commit: int, kill: Callable[[], None], *, arrives: bool) -> None:
        """Kill at the n-th commit of keyed calls from now on: right after it was sent to the database, or right before."""
        self._aim = Aim(self._life.commits + commit, kill, arrives)

    def cut(self) -> Life:
        """To be called when the server is killed: what was seen of it until now.

        What it had sent by then comes later, and is noted; of what the database says nothing reaches it any more.
        """
        life, self._life, self._aim = self._life, Life(), None
        life.is_over = True
        return life

    @asynccontextmanager
    async def open(self) -> AsyncIterator["Wire"]:
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
        life = self._life
        try:
            up_reader, up_writer = await self._to_the_database()
        except OSError:
            writer.close()
            return
        connection = _Connection(self, life)
        for task in (
            asyncio.create_task(connection.pass_up(reader, up_writer)),
            asyncio.create_task(connection.pass_down(up_reader, writer)),
        ):
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _to_the_database(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        given: dict[str, Any] = arguments_of(self._url)
        host, port = str(given.get("host") or "127.0.0.1"), int(given.get("port") or 5432)
        if host.startswith("/"):
            return await asyncio.open_unix_connection(f"{host}/.s.PGSQL.{port}")
        return await asyncio.open_connection(host, port)

    def committing(self, life: Life) -> Aim | None:
        """What is aimed at the commit that is being sent."""
        life.commits += 1
        hits = self._aim is not None and life is self._life and life.commits == self._aim.commit
        return self._aim if hits else None


class _Connection:
    """One connection of the server, and the call that is at work on it."""

    def __init__(self, wire: Wire, life: Life) -> None:
        self._wire = wire
        self._life = life
        self._key = ""

    async def pass_up(self, server: asyncio.StreamReader, database: asyncio.StreamWriter) -> None:
        with closing_at_the_end(database):
            while chunk := await server.read(CHUNK):
                self._note_key(chunk)
                aim = self._wire.committing(self._life) if self._key and COMMIT in chunk else None
                if aim is not None and not aim.arrives:
                    aim.kill()
                    return
                database.write(chunk)
                if self._key and COMMIT in chunk:
                    self._reach(Moment.COMMITTING)
                if aim is not None:
                    aim.kill()
                await database.drain()

    async def pass_down(self, database: asyncio.StreamReader, server: asyncio.StreamWriter) -> None:
        with closing_at_the_end(server):
            while chunk := await database.read(CHUNK):
                server.write(chunk)
                if self._key and COMMITTED in chunk and not self._life.is_over:
                    self._reach(Moment.COMMITTED)
                    self._key = ""
                await server.drain()

    def _note_key(self, chunk: bytes) -> None:
        found = KEY.findall(chunk)
        if found:
            self._key = found[-1].decode()
            self._reach(Moment.BEGUN)
        if ROLLBACK in chunk:
            self._key = ""

    def _reach(self, moment: Moment) -> None:
        self._life.moments[self._key] = max(moment, self._life.moments.get(self._key, moment))


@contextmanager
def closing_at_the_end(writer: asyncio.StreamWriter) -> Iterator[None]:
    """However what is passed on has ended, the other side hears of it."""
    try:
        with suppress(ConnectionError):
            yield
    finally:
        writer.close()
