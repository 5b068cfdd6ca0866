"""A pool of connections: each is taken by one at a time, and is not reset in between.

asyncpg's own pool wraps every connection anew each time that one is taken, which takes longer than most of our
statements.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

import asyncpg

if TYPE_CHECKING:
    # Only the stubs know that connections are generic.
    AnyConnection = asyncpg.Connection[Any]
else:
    AnyConnection = asyncpg.Connection


class InUse(Protocol):
    """What counts the connections that are at work."""

    def inc(self) -> None: ...
    def dec(self) -> None: ...


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
        self._places = size
        """How many more may be taken. There is none while anybody waits for one."""
        self._waiting: deque[asyncio.Future[bool]] = deque()
        self._is_closed = False
        self._free: list[Connection] = []
        """The one that was used last is taken first."""
        self._taken: set[Connection] = set()
        self._outdated: set[Connection] = set()

    async def acquire(self) -> Connection:
        """A connection, which is to be given back. Raises NoConnection, and what the driver raises if it can't connect."""
        await self._wait_for_a_place()
        try:
            taken = self._free_one() or await self._connect()
        except BaseException:
            self._leave_place()
            raise
        self._taken.add(taken)
        if self._in_use is not None:
            self._in_use.inc()
        return taken

    def release(self, connection: Connection) -> None:
        if self._in_use is not None:
            self._in_use.dec()
        self._leave_place()
        self._taken.discard(connection)
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
        self._outdated |= self._taken

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

    async def _wait_for_a_place(self) -> None:
        if self._places:
            self._places -= 1
            return
        loop = asyncio.get_running_loop()
        waiter: asyncio.Future[bool] = loop.create_future()
        self._waiting.append(waiter)
        late = loop.call_later(self._wait_seconds, self._turn_away, waiter)
        try:
            has_place = await waiter
        except asyncio.CancelledError:
            if not waiter.cancelled() and waiter.result():
                self._leave_place()
            raise
        finally:
            late.cancel()
        if not has_place:
            raise NoConnection("all connections are at work")

    def _leave_place(self) -> None:
        """Leave the place to who has waited longest."""
        while self._waiting:
            waiter = self._waiting.popleft()
            if not waiter.done():
                waiter.set_result(True)
                return
        self._places += 1

    def _turn_away(self, waiter: "asyncio.Future[bool]") -> None:
        if not waiter.done():
            self._waiting.remove(waiter)
            waiter.set_result(False)

    def _free_one(self) -> Connection | None:
        while self._free:
            found = self._free.pop()
            if not found.is_closed():
                return found
        return None
