"""A pool of connections: each is taken by one at a time, and is not reset in between. Callers share them fairly.

asyncpg's own pool wraps every connection anew each time that one is taken, which takes longer than most of our
statements.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

import asyncpg

from app.fair_queue import FairQueue, Place

if TYPE_CHECKING:
    # Only the stubs know that connections are generic.
    AnyConnection = asyncpg.Connection[Any]
else:
    AnyConnection = asyncpg.Connection


class InUse(Protocol):
    """What counts the connections that are at work."""

    def inc(self) -> None: ...
    def dec(self) -> None: ...


AUTHENTICATION = "authentication"
"""Counts as a caller for which a connection is kept, so that a crowd of calls keeps nobody from being authenticated."""


class NoConnection(Exception):
    """None could be had in the time that one may wait; the message, for the log, says why."""


Connection = TypeVar("Connection", bound=AnyConnection)


class ConnectionPool(Generic[Connection]):
    """Up to `size` connections, made when they are first needed."""

    def __init__(
        self, connect: Callable[[], Awaitable[Connection]], *, size: int, wait_seconds: float, in_use: InUse | None
    ) -> None:
        self._connect = connect
        self._wait_seconds = wait_seconds
        self._in_use = in_use
        self._queue = FairQueue(size, wait_seconds=wait_seconds, reserved_for=AUTHENTICATION)
        self._is_closed = False
        self._free: list[Connection] = []
        """The one that was used last is taken first."""
        self._taken: dict[Connection, Place] = {}
        self._outdated: set[Connection] = set()

    async def acquire(self, caller: str = "") -> Connection:
        """A connection, which is to be given back. Raises NoConnection, and what the driver raises if it can't connect."""
        place = await self._queue.take(caller)
        if place is None:
            raise NoConnection("all connections are at work")
        try:
            taken = self._free_one() or await self._connect()
        except BaseException:
            place.give_back()
            raise
        self._taken[taken] = place
        if self._in_use is not None:
            self._in_use.inc()
        return taken

    def release(self, connection: Connection) -> None:
        if self._in_use is not None:
            self._in_use.dec()
        self._taken.pop(connection).give_back()
        is_outdated = connection in self._outdated
        self._outdated.discard(connection)
        if connection.is_closed():
            return
        if connection.is_in_transaction() or self._is_closed or is_outdated:
            # Where it is in a transaction, whoever had it was cancelled while it was being rolled back.
            connection.terminate()
        else:
            self._free.append(connection)

    def renew(self) -> None:
        """Use none of the connections again that there are: they lead to a server that isn't meant any more."""
        free, self._free = self._free, []
        for connection in free:
            connection.terminate()
        self._outdated |= self._taken.keys()

    def abandon(self) -> None:
        """Cut all connections that there are; whoever has one is told that it is lost."""
        self.renew()
        for connection in self._taken:
            connection.terminate()

    async def close(self) -> None:
        """Close what is free; what is at work still is closed when it is given back."""
        self._is_closed = True
        free, self._free = self._free, []
        await asyncio.gather(*(self._end(each) for each in free))

    async def _end(self, connection: Connection) -> None:
        """Say goodbye; whoever doesn't answer is left without."""
        try:
            await connection.close(timeout=self._wait_seconds)
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            connection.terminate()

    def _free_one(self) -> Connection | None:
        while self._free:
            found = self._free.pop()
            if not found.is_closed():
                return found
        return None
