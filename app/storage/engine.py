"""The database as the rest of storage uses it: connections for reading, transactions for writing."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import NoReturn

import asyncpg
from sqlalchemy import column, func, literal, or_, select, table

from app.storage.commits import Commit, CommitState
from app.storage.connection_pool import AnyConnection, ConnectionPool, InUse, NoConnection
from app.storage.database_connections import ReadConnection, WriteConnection
from app.storage.driver import FAILURES, Connector, DriverConnection, PoolerMode, told

Pool = ConnectionPool[DriverConnection]

QUERY_CANCELED = "57014"
"""What PostgreSQL says when a statement reached its time limit."""
READ_ONLY = "25006"
PASSING = ("08", "40001", "40P01", "53", "55P03", "57P01", "57P02", "57P03")
"""How it begins what it says, or the driver does, when another attempt may succeed: the connection broke, somebody else
was in the way, the disk is full or there are too many connections, the server stops or starts. That we aren't allowed in,
or that there is no such database, doesn't pass by itself."""
PROTOCOL_VIOLATION = "08P01"
OF_CONTENTS = {"fk_flow_draft_content_hash", "fk_flow_version_content_hash"}
"""Where these don't hold, another attempt stores the content anew, or finds what is copied as it is now."""
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


class DatabaseFailure(Exception):
    """What keeps a statement from being done."""

    written: CommitState | None = None
    """What of the change that it was a part of was written; None: it was a part of none, or nobody knows it yet."""


class StatementFailed(DatabaseFailure):
    """What the database refused, without the values that were in it: those are callers', and this goes to the log."""

    def __init__(self, error: Exception) -> None:
        known = ("sqlstate", "table_name", "column_name", "constraint_name")
        told = {name: getattr(error, name, None) for name in known}
        where = ", ".join(f"{name} {value}" for name, value in told.items() if value)
        super().__init__("\n".join([f"{type(error).__name__}: {where}", *getattr(error, "__notes__", ())]))


class StatementTookTooLong(DatabaseFailure):
    """The database cancelled a statement at its time limit; the transaction is rolled back."""


class DatabaseUnavailable(DatabaseFailure):
    """It can't be used just now, often for want of a connection; the message, for the log, says why.

    Another attempt may succeed.
    """


class ReadOnlyServer(DatabaseUnavailable):
    """The server takes no writes: another one does now, or will."""


class Database:
    """One pool of connections. A connection is taken for one read or one unit of work, never for a whole request."""

    def __init__(self, url: str, pool: Pool, pool_of_probes: Pool) -> None:
        self.url = url
        self._pool = pool
        self._pool_of_probes = pool_of_probes

    def reading(self) -> "Reading":
        """A connection that PostgreSQL lets only read, without BEGIN and COMMIT around each statement if it is direct."""
        return Reading(self._pool)

    def probing(self) -> "Reading":
        """The same, but with a connection of its own, so that a probe needn't wait where all others are at work."""
        return Reading(self._pool_of_probes)

    @asynccontextmanager
    async def writing(self, noted: Commit | None = None) -> AsyncIterator[WriteConnection]:
        """A transaction: committed at the end, rolled back whole if anything is raised. How far it has come is noted."""
        noted = noted or Commit()
        try:
            async with acquired_from(self._pool) as driver:
                with failing_without_values(driver):
                    await begin(driver, read_only=False)
                    try:
                        yield WriteConnection(driver)
                    except BaseException as error:
                        if isinstance(error, OF_NO_USE):
                            driver.terminate()
                        await roll_back(driver)
                        raise
                    await commit(driver, noted)
        except DatabaseFailure as error:
            error.written = noted.state
            if isinstance(error, ReadOnlyServer):
                self.renew_connections()
            raise

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
        await asyncio.gather(self._pool.close(), self._pool_of_probes.close())


class Reading:
    """Takes a connection for reading while it is entered. Not made of generators, since every request needs several."""

    __slots__ = ("_driver", "_pool")

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def __aenter__(self) -> ReadConnection:
        self._driver = await acquired(self._pool)
        if self._driver.is_pooled:
            await self._begin()
        return ReadConnection(self._driver)

    async def __aexit__(self, _: object, error: BaseException | None, __: object) -> None:
        try:
            if self._driver.is_pooled:
                await self._end(error)
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


async def begin(driver: DriverConnection, *, read_only: bool) -> None:
    try:
        await driver.begin(read_only=read_only)
    except asyncpg.FeatureNotSupportedError:
        # So a standby answers to READ WRITE.
        driver.terminate()
        raise ReadOnlyServer("the server is a standby") from None
    except BaseException:
        # Whether it has begun isn't known, so that nobody may go on with this connection.
        driver.terminate()
        raise


async def commit(driver: DriverConnection, noted: Commit) -> None:
    """Whoever is cut off meanwhile doesn't know what was written; a server that refuses has written nothing."""
    noted.state = CommitState.UNKNOWN
    try:
        await driver.commit()
    except FAILURES:
        if not driver.is_closed():
            noted.state = CommitState.NOTHING
        raise
    noted.state = CommitState.WRITTEN


async def roll_back(driver: DriverConnection) -> None:
    """With a connection that is lost, so is the transaction."""
    if not driver.is_closed():
        await driver.rollback()


@asynccontextmanager
async def acquired_from(pool: Pool) -> AsyncIterator[DriverConnection]:
    """A connection of the pool, given back at the end."""
    driver = await acquired(pool)
    try:
        yield driver
    finally:
        pool.release(driver)


async def acquired(pool: Pool) -> DriverConnection:
    """A connection of the pool; only while it is taken, an error of the system is an outage."""
    try:
        return await pool.acquire()
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


def failure_of(error: Exception, *, is_lost: bool) -> DatabaseFailure:
    state = str(getattr(error, "sqlstate", None) or "")
    if state == QUERY_CANCELED:
        return StatementTookTooLong()
    if state == READ_ONLY and is_lost:
        # Within a transaction for writing, whose connection is left for that.
        return ReadOnlyServer(type(error).__name__)
    if getattr(error, "constraint_name", None) in OF_CONTENTS:
        return DatabaseUnavailable("a content was removed at the moment at which it was referred to again")
    if is_lost or is_outage(state):
        # Of a statement that failed otherwise, while the connection was lost, the message may hold values.
        is_told = is_outage(state) or isinstance(error, OSError)
        return DatabaseUnavailable(told(error) if is_told else type(error).__name__)
    return StatementFailed(error)


def is_outage(state: str) -> bool:
    return state.startswith(PASSING) and state != PROTOCOL_VIOLATION


def open_database(
    url: str,
    *,
    pool_size: int = 10,
    statement_timeout_seconds: float = 15,
    connection_wait_seconds: float = 15,
    pool_wait_seconds: float = 15,
    pooler_mode: PoolerMode = "auto",
    in_use: InUse | None = None,
) -> Database:
    """A database behind a SQLAlchemy URL; nothing is connected before the first use.

    A server that doesn't answer is waited for no longer than `connection_wait_seconds`, and a connection, while others
    have all of them, no longer than `pool_wait_seconds`; `in_use` counts those that are at work.
    """
    settings = {"jit": "off", "statement_timeout": str(int(statement_timeout_seconds * 1000))}
    connect = Connector(url, settings, connection_wait_seconds, pooler_mode)
    pool = ConnectionPool(connect, size=pool_size, wait_seconds=pool_wait_seconds, in_use=in_use)
    return Database(url, pool, ConnectionPool(connect, size=1, wait_seconds=connection_wait_seconds, in_use=None))
