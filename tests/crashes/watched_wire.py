"""The wire between a server and its database: a proxy that sees how far each keyed call has come.

A call shows by its idempotency key, which is a parameter of its first statement, and its commit by what the driver sends
for one. So it is known of each call where a server was killed, to the message.
"""

import asyncio
import re
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

from tests.database_proxy import CHUNK, DatabaseProxy, Ends

KEY = re.compile(rb"crash-\d+-\w+")
COMMIT, ROLLBACK = b"COMMIT;\0", b"ROLLBACK;\0"
COMMITTED = b"COMMIT\0"
"""What PostgreSQL says when it is done."""


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


class WatchedWire(DatabaseProxy):
    """Passes on everything, and notes how far calls come."""

    def __init__(self, database_url: str) -> None:
        super().__init__(database_url)
        self._life = Life()
        self._aim: Aim | None = None

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

    def passing(self, ends: Ends) -> tuple[Coroutine[Any, Any, None], ...]:
        connection = _Connection(self, self._life)
        return connection.pass_up(ends.server, ends.to_database), connection.pass_down(ends.database, ends.to_server)

    def committing(self, life: Life) -> Aim | None:
        """What is aimed at the commit that is being sent."""
        life.commits += 1
        hits = self._aim is not None and life is self._life and life.commits == self._aim.commit
        return self._aim if hits else None


class _Connection:
    """One connection of the server, and the call that is at work on it."""

    def __init__(self, wire: WatchedWire, life: Life) -> None:
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
