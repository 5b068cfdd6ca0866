"""The database as the rest of storage uses it: connections for reading, transactions for writing."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from copy import copy
from typing import NoReturn

import asyncpg
from sqlalchemy import column, func, literal, or_, select, table

from app.fair_queue import FairQueue
from app.storage.connections.commits import Commit, CommitNotes
from app.storage.connections.connection import ReadConnection, WriteConnection
from app.storage.connections.driver import FAILURES, Connector, DriverConnection, PoolerMode, told
from app.storage.connections.failures import (
    PROTOCOL_VIOLATION,
    ConnectionLost,
    DatabaseFailure,
    DatabaseUnavailable,
    ReadOnlyServer,
    StatementFailed,
    StatementTookTooLong,
    TransactionConflict,
    failure_of,
)
from app.storage.connections.pool import AnyConnection, ConnectionPool, InUse, NoConnection
from app.storage.connections.replicas.replica import Replica
from app.storage.connections.transactions import answer_or_leave, begin, commit, roll_back, send_after_commit

__all__ = [
    "Database",
    "DatabaseFailure",
    "DatabaseUnavailable",
    "StatementFailed",
    "StatementTookTooLong",
    "TransactionConflict",
    "open_database",
]

Pool = ConnectionPool[DriverConnection]

OF_NO_USE = (asyncpg.ReadOnlySQLTransactionError, asyncpg.InvalidCachedStatementError)
"""What is said on a connection that nobody can write on any more: its server has become a standby, or it has prepared
statements for tables that have changed."""
IS_READ_ONLY = select(
    or_(
        func.pg_is_in_recovery(),
        # Not of this connection, whose setting is ours, but of any new one.
        select(column("reset_val"))
        .select_from(table("pg_settings"))
        .where(column("name") == literal("default_transaction_read_only"))
        .scalar_subquery()
        == literal("on"),
    )
)


class Database:
    """One pool of connections. A connection is taken for one read or one unit of work, never for a whole request."""

    def __init__(
        self,
        pool: Pool,
        pool_of_probes: Pool,
        lock_queue: FairQueue,
        *,
        replica: Replica | None = None,
    ) -> None:
        self.replica = replica
        self._pool = self._reads = pool
        self._pool_of_probes = pool_of_probes
        self._lock_queue = lock_queue
        self._caller = ""

    def of(self, caller: str) -> "Database":
        """The same, whose connections count as this caller's."""
        bound = copy(self)
        bound._caller = caller  # noqa: SLF001 - of another of this class
        return bound

    def for_query(self, position: int | None) -> "Database":
        """The same, but reading from the replica, if that has whatever the caller has written, up to this position."""
        if self.replica is None or not self.replica.has(position):
            return self
        on_replica = copy(self)
        on_replica._reads = self.replica.pool  # noqa: SLF001 - of another of this class
        return on_replica

    def note_failure_of_replica(self, error: DatabaseUnavailable) -> None:
        """Leave it out if it is lost; that it was too busy, or cancelled a query in favour of its replay, passes."""
        if self.replica is not None and isinstance(error, ConnectionLost):
            self.replica.leave_out(str(error))

    def reading(self) -> "Reading":
        """A connection that PostgreSQL lets only read, without BEGIN and COMMIT around each statement if it is direct."""
        return Reading(self._reads, self._caller)

    def probing(self) -> "Reading":
        """The same, but with a connection of its own, so that a probe needn't wait where all others are at work."""
        return Reading(self._pool_of_probes)

    def probing_replica(self) -> "Reading":
        if self.replica is None:
            raise RuntimeError("there is no replica")
        return Reading(self.replica.pool_of_probes)

    @asynccontextmanager
    async def writing(
        self, noted: Commit | None = None, *, notes: CommitNotes | None = None
    ) -> AsyncIterator[WriteConnection]:
        """A transaction: committed at the end, rolled back whole if anything is raised. How far it has come is noted."""
        noted = noted or Commit()
        try:
            async with acquired_from(self._pool, self._caller) as driver:
                with failing_without_values(driver):
                    await begin(driver, read_only=False)
                    try:
                        yield WriteConnection(driver)
                    except BaseException as error:
                        if isinstance(error, OF_NO_USE):
                            driver.terminate()
                        await roll_back(driver)
                        raise
                    await commit(driver, noted, first="" if notes is None else notes.with_it)
                if notes is not None:
                    await send_after_commit(driver, notes.after_it)
        except DatabaseFailure as error:
            error.written = noted.state
            if isinstance(error, ReadOnlyServer):
                self.renew_connections()
            raise

    @asynccontextmanager
    async def locking(self, noted: Commit, *, notes: CommitNotes | None = None) -> AsyncIterator[WriteConnection]:
        """The same where others' locks may have to be waited for: by half of the connections at most."""
        place = await self._lock_queue.take(self._caller)
        if place is None:
            raise DatabaseUnavailable("too many calls wait for locks")
        try:
            async with self.writing(noted, notes=notes) as connection:
                connection.lock_place, connection.lock_seconds = place, self._lock_queue.wait_seconds
                yield connection
        finally:
            place.give_back()

    async def takes_writes(self) -> bool:
        """Whether its server does, which may have become a standby. If not, all connections are made anew."""
        async with self.probing() as connection:
            is_read_only = await connection.value(IS_READ_ONLY)
        if is_read_only:
            self.renew_connections()
        return not is_read_only

    def renew_connections(self) -> None:
        """Leave a server that takes no writes, by all connections: where another one does, new ones lead there."""
        self._pool.renew()
        self._pool_of_probes.renew()

    async def close(self) -> None:
        others = () if self.replica is None else (self.replica.pool, self.replica.pool_of_probes)
        await asyncio.gather(*(pool.close() for pool in (self._pool, self._pool_of_probes, *others)))


class Reading:
    """Takes a connection for reading while it is entered. Not made of generators, since every request needs several."""

    __slots__ = ("_caller", "_driver", "_pool")

    def __init__(self, pool: Pool, caller: str = "") -> None:
        self._pool = pool
        self._caller = caller

    async def __aenter__(self) -> ReadConnection:
        self._driver = await acquired(self._pool, self._caller)
        if self._driver.is_pooled:
            await self._begin()
        return ReadConnection(self._driver)

    async def __aexit__(self, _: object, error: BaseException | None, __: object) -> None:
        try:
            if self._driver.is_pooled:
                await self._end(error)
            elif isinstance(error, asyncio.CancelledError):
                # Else whoever gets the connection next waits for it.
                with failing_without_values(self._driver):
                    await answer_or_leave(self._driver, "SELECT 1;")
            if isinstance(error, FAILURES):
                raise_failure(error, self._driver)
        finally:
            self._pool.release(self._driver)

    async def _begin(self) -> None:
        try:
            with failing_without_values(self._driver):
                await begin(self._driver, read_only=True)
        except BaseException:
            self._pool.release(self._driver)
            raise

    async def _end(self, error: BaseException | None) -> None:
        with failing_without_values(self._driver):
            if error is None:
                await self._driver.commit()
            else:
                await roll_back(self._driver)


@asynccontextmanager
async def acquired_from(pool: Pool, caller: str) -> AsyncIterator[DriverConnection]:
    """A connection of the pool, given back at the end."""
    driver = await acquired(pool, caller)
    try:
        yield driver
    finally:
        pool.release(driver)


async def acquired(pool: Pool, caller: str) -> DriverConnection:
    """A connection of the pool. Raises DatabaseUnavailable; only while it is taken, an error of the system is an outage."""
    try:
        return await pool.acquire(caller)
    except NoConnection as error:
        raise DatabaseUnavailable(str(error)) from None
    except (OSError, *FAILURES) as error:
        if getattr(error, "sqlstate", None) == PROTOCOL_VIOLATION:
            # So a pooler begins whatever it says of its own, such as that it doesn't reach the server.
            raise DatabaseUnavailable(told(error)) from None
        is_lost = isinstance(error, OSError | asyncpg.InternalClientError)
        raise failure_of(error, is_lost=is_lost) from None


@contextmanager
def failing_without_values(driver: AnyConnection) -> Iterator[None]:
    """Raise one of our own exceptions for what the database refuses, or because it is lost."""
    try:
        yield
    except NoConnection as error:
        raise DatabaseUnavailable(str(error)) from None
    except FAILURES as error:
        raise_failure(error, driver)


def raise_failure(error: Exception, driver: AnyConnection) -> NoReturn:
    if isinstance(error, asyncpg.InternalClientError):
        # The server said goodbye, and the driver is still reading it.
        driver.terminate()
    raise failure_of(error, is_lost=driver.is_closed()).with_traceback(error.__traceback__) from None


def open_database(
    url: str,
    *,
    pool_size: int = 10,
    statement_timeout_seconds: float = 15,
    lock_timeout_seconds: float = 5,
    connection_wait_seconds: float = 15,
    pool_wait_seconds: float = 15,
    pooler_mode: PoolerMode = "auto",
    in_use: InUse | None = None,
    replica_url: str | None = None,
    replica_lag_seconds: float = 5,
    replicas_in_use: InUse | None = None,
) -> Database:
    """A database behind a SQLAlchemy URL; nothing is connected before the first use.

    A server that doesn't answer is waited for no longer than `connection_wait_seconds`, a connection, while others have
    all of them, no longer than `pool_wait_seconds`, and a lock no longer than `lock_timeout_seconds`; `in_use` counts those that are at work, `replicas_in_use` the
    standbys that are read from.
    """
    settings = {"jit": "off", "statement_timeout": str(int(statement_timeout_seconds * 1000))}
    connect = Connector(url, settings, connection_wait_seconds, pooler_mode)
    pool = ConnectionPool(connect, size=pool_size, wait_seconds=pool_wait_seconds, in_use=in_use)
    probes = ConnectionPool(connect, size=1, wait_seconds=connection_wait_seconds, in_use=None)
    replica = None
    if replica_url is not None:
        there = Connector(replica_url, settings, connection_wait_seconds, pooler_mode)
        # Who finds no connection there is answered from the primary.
        replica = Replica(
            there, pool_size, pool_wait_seconds, in_use, most_lag_seconds=replica_lag_seconds, counted=replicas_in_use
        )
    lock_queue = FairQueue(max(1, pool_size // 2), wait_seconds=lock_timeout_seconds)
    return Database(pool, probes, lock_queue, replica=replica)
