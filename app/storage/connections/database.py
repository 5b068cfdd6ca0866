"""The database as the rest of storage uses it: connections for reading, transactions for writing."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from copy import copy

import asyncpg
from sqlalchemy import column, func, literal, or_, select, table

from app.fair_queue import FairQueue
from app.meter import current_meter
from app.storage.connections.connection import ReadConnection, WriteConnection
from app.storage.connections.driver import Connector, PoolerMode
from app.storage.connections.failures import (
    Commits,
    CommitState,
    ConnectionLost,
    DatabaseFailure,
    DatabaseUnavailable,
    ReadOnlyServer,
)
from app.storage.connections.pool import ConnectionPool
from app.storage.connections.replicas.replica import Replica

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
    """A database and its pool. A connection is lent for one read or one transaction, never for a whole request."""

    def __init__(
        self,
        url: str,
        *,
        pool_size: int = 10,
        statement_timeout_seconds: float = 15,
        lock_timeout_seconds: float = 5,
        connection_wait_seconds: float = 15,
        pool_wait_seconds: float = 15,
        pooler_mode: PoolerMode = "auto",
        replica_url: str | None = None,
        replica_lag_seconds: float = 5,
    ) -> None:
        """A database behind a SQLAlchemy URL; nothing is connected before the first use.

        A server that doesn't answer is waited for no longer than `connection_wait_seconds`, a connection, while others
        have all of them, no longer than `pool_wait_seconds`, and a lock no longer than `lock_timeout_seconds`.
        """
        # A statement is planned once for any values: planning it for these took a third of the time of an export.
        settings = {
            "jit": "off",
            "plan_cache_mode": "force_generic_plan",
            "statement_timeout": str(int(statement_timeout_seconds * 1000)),
        }
        connect = Connector(url, settings, connection_wait_seconds, pooler_mode)
        self._pool = self._reads = ConnectionPool(connect, size=pool_size, wait_seconds=pool_wait_seconds)
        self._pool_of_probes = ConnectionPool(connect, size=1, wait_seconds=connection_wait_seconds)
        self._lock_queue = FairQueue(max(1, pool_size // 2), wait_seconds=lock_timeout_seconds)
        self.replica: Replica | None = None
        if replica_url is not None:
            connect_to_replica = Connector(replica_url, settings, connection_wait_seconds, pooler_mode)
            # Who finds no connection there is answered from the primary.
            self.replica = Replica(
                connect_to_replica, pool_size, pool_wait_seconds, most_lag_seconds=replica_lag_seconds
            )

    @property
    def connections_in_use(self) -> int:
        """Number of connections in use, without those of probes."""
        return self._pool.in_use + (0 if self.replica is None else self.replica.pool.in_use)

    def for_query(self, position: int | None) -> "Database":
        """This database with queries sent to the replica, if the replica has replayed the log up to the caller's position."""
        if self.replica is None or not self.replica.has(position):
            return self
        on_replica = copy(self)
        on_replica._reads = self.replica.pool  # noqa: SLF001 - of another of this class
        return on_replica

    def note_failure_of_replica(self, error: DatabaseUnavailable) -> None:
        """Leave the replica out if its connection was lost. A busy replica, or a query cancelled for the replay, passes."""
        if self.replica is not None and isinstance(error, ConnectionLost):
            self.replica.leave_out(str(error))

    def reading(self) -> AbstractAsyncContextManager[ReadConnection]:
        """Lend a connection that PostgreSQL lets only read; without a pooler each statement is a transaction of its own."""
        return self._reads.reading(current_meter().caller)

    def probing(self) -> AbstractAsyncContextManager[ReadConnection]:
        """Lend a connection for reading that is kept for probes, so that a probe never waits for the pool."""
        return self._pool_of_probes.reading()

    @asynccontextmanager
    async def writing(self, commits: Commits | None = None, *, locks: bool = False) -> AsyncIterator[WriteConnection]:
        """Begin a transaction, which is committed at the end, or rolled back if anything is raised; its state goes into `commits`.

        With `locks` it may wait for locks of others, as half of the connections at most may do.
        """
        commits, caller = Commits() if commits is None else commits, current_meter().caller
        slot = await self._lock_queue.take(caller) if locks else None
        if locks and slot is None:
            raise DatabaseUnavailable("too many calls wait for locks")
        commits.append(CommitState.NOTHING)
        try:
            async with self._pool.connection(caller) as driver:
                await driver.begin(read_only=False)
                try:
                    yield WriteConnection(driver, slot, self._lock_queue.wait_seconds)
                except asyncpg.ReadOnlySQLTransactionError as error:
                    raise ReadOnlyServer(type(error).__name__) from None
                commits[-1] = CommitState.UNKNOWN
                await driver.commit()
                commits[-1] = CommitState.WRITTEN
        except DatabaseFailure as error:
            if commits[-1] is CommitState.UNKNOWN and not isinstance(error, ConnectionLost):
                # The server refused to commit.
                commits[-1] = CommitState.NOTHING
            error.written = commits[-1]
            if isinstance(error, ReadOnlyServer):
                self.renew_connections()
            raise
        finally:
            if slot is not None:
                slot.give_back()

    async def takes_writes(self) -> bool:
        """Ask whether the server takes writes; if it has become a standby, all connections are made anew."""
        async with self.probing() as connection:
            is_read_only = await connection.value(IS_READ_ONLY)
        if is_read_only:
            self.renew_connections()
        return not is_read_only

    def renew_connections(self) -> None:
        """Give up all connections to a server that takes no writes: new ones lead to the server that does."""
        self._pool.renew()
        self._pool_of_probes.renew()

    async def close(self) -> None:
        others = () if self.replica is None else (self.replica.pool, self.replica.pool_of_probes)
        await asyncio.gather(*(pool.close() for pool in (self._pool, self._pool_of_probes, *others)))


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[Database]:
    """One connection to a database, for a command; the caller limits how long the server may be silent."""
    database = Database(url, pool_size=1, connection_wait_seconds=60)
    try:
        yield database
    finally:
        await database.close()
