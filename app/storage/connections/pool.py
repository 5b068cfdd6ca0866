"""A pool of connections: each is taken by one at a time, and is not reset in between. Callers share them fairly.

asyncpg's own pool wraps every connection anew each time that one is taken, which takes longer than most of our
statements.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import asyncpg

from app.fair_queue import FairQueue
from app.storage.connections.connection import ReadConnection
from app.storage.connections.driver import DriverConnection
from app.storage.connections.failures import FAILURES, DatabaseUnavailable, failure_of, failure_to_connect

AUTHENTICATION = "authentication"
"""Counts as a caller for which a connection is kept, so that a crowd of calls keeps nobody from being authenticated."""
OF_NO_USE = (asyncpg.InternalClientError, asyncpg.InvalidCachedStatementError)
"""The driver's errors after which a connection is closed: the server said goodbye while nothing was asked, or tables have
changed since statements were prepared."""


class ConnectionPool:
    """Up to `size` connections, made when they are first needed."""

    def __init__(
        self,
        connect: Callable[[], Awaitable[DriverConnection]],
        *,
        size: int,
        wait_seconds: float,
    ) -> None:
        self._connect = connect
        self._wait_seconds = wait_seconds
        self._queue = FairQueue(size, wait_seconds=wait_seconds, reserved_for=AUTHENTICATION)
        self._free: list[DriverConnection] = []
        """The one that was used last is taken first."""
        self._taken: set[DriverConnection] = set()
        """Connections at work that go back to the pool afterwards."""

    @property
    def in_use(self) -> int:
        """Number of connections in use."""
        return len(self._taken)

    @asynccontextmanager
    async def reading(self, caller: str = "") -> AsyncIterator[ReadConnection]:
        """Lend a connection for reading, behind a pooler in a transaction."""
        async with self.connection(caller) as driver:
            if driver.is_pooled:
                await driver.begin(read_only=True)
            yield ReadConnection(driver)
            if driver.is_pooled:
                await driver.commit()

    @asynccontextmanager
    async def connection(self, caller: str = "") -> AsyncIterator[DriverConnection]:
        """Lend a connection. Raises DatabaseFailure without one, and for errors of the driver on it."""
        slot = await self._queue.take(caller)
        if slot is None:
            raise DatabaseUnavailable("all connections are at work")
        try:
            driver = await self._free_or_new()
            self._taken.add(driver)
            try:
                yield driver
            except BaseException as error:
                await end_after(error, driver)
                if isinstance(error, FAILURES):
                    failure = failure_of(error, is_lost=driver.is_closed())
                    raise failure.with_traceback(error.__traceback__) from None
                raise
            finally:
                self._take_back(driver)
        finally:
            slot.give_back()

    def renew(self) -> None:
        """Close all connections, those at work when they are given back: they lead to the wrong server."""
        for driver in self._free:
            driver.terminate()
        self._free.clear()
        self._taken.clear()

    def abandon(self) -> None:
        """Close all connections at once; statements at work fail with ConnectionLost."""
        for driver in self._taken:
            driver.terminate()
        self.renew()

    async def close(self) -> None:
        """Close free connections now, and those at work when they are given back. The driver aborts one that doesn't answer."""
        await asyncio.gather(*(each.close(timeout=self._wait_seconds) for each in self._free), return_exceptions=True)
        self.renew()

    async def _free_or_new(self) -> DriverConnection:
        while self._free:
            driver = self._free.pop()
            if not driver.is_closed():
                return driver
        try:
            return await self._connect()
        except (OSError, *FAILURES) as error:
            raise failure_to_connect(error) from None

    def _take_back(self, driver: DriverConnection) -> None:
        # In a transaction is one whose caller was cancelled twice.
        if driver not in self._taken or driver.is_closed() or driver.is_in_transaction():
            driver.terminate()
        else:
            self._free.append(driver)
        self._taken.discard(driver)


async def end_after(error: BaseException, driver: DriverConnection) -> None:
    """End what was begun on a connection when something was raised, so that another caller can have it, or close it."""
    if isinstance(error, OF_NO_USE):
        driver.terminate()
    elif not driver.is_closed() and (driver.is_in_transaction() or isinstance(error, asyncio.CancelledError)):
        await driver.roll_back()
