"""The database as the rest of storage uses it: connections for reading, transactions for writing."""

import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from enum import Enum
from typing import Any, NoReturn

import asyncpg
from sqlalchemy import make_url

from app.storage.compiled import DIALECT
from app.storage.connection_pool import AnyConnection, ConnectionPool, InUse, NoConnectionFree
from app.storage.database_connections import ReadConnection, Row, WriteConnection

QUERY_CANCELED = "57014"
"""What PostgreSQL says when a statement reached its time limit."""
UNREACHABLE = ("08", "53300", "57P01", "57P02", "57P03")
"""How it begins what it says, or the driver does, when there is no connection for now: it broke or is one too many, or
the server stops or starts. That we aren't allowed in, or that there is no such database, doesn't pass by itself."""
PROTOCOL_VIOLATION = "08P01"

BEGIN = re.compile("BEGIN( ISOLATION LEVEL [A-Z ]+)?;")
"""What the driver sends at the beginning of a transaction that is not said to be read-only."""
OF_SQLALCHEMY = ("prepared_statement_cache_size", "prepared_statement_name_func", "async_fallback", "async_creator_fn")
"""What a URL may say to SQLAlchemy, and not to the driver."""


class DatabaseFailure(Exception):
    """What keeps a statement from being done."""


class StatementFailed(DatabaseFailure):
    """What the database refused, without the values that were in it: those are callers', and this goes to the log."""

    def __init__(self, error: Exception) -> None:
        known = ("sqlstate", "table_name", "column_name", "constraint_name")
        told = {name: getattr(error, name, None) for name in known}
        where = ", ".join(f"{name} {value}" for name, value in told.items() if value)
        super().__init__("\n".join([f"{type(error).__name__}: {where}", *getattr(error, "__notes__", ())]))


class StatementTookTooLong(DatabaseFailure):
    """The database cancelled a statement at its time limit; the transaction is rolled back."""


class CommitState(Enum):
    """What a transaction has written that ended with the connection."""

    NOTHING = "nothing"
    UNKNOWN = "unknown"
    """It was being committed."""


class DatabaseUnavailable(DatabaseFailure):
    """No connection could be had or it was lost; the message, for the log, says why. Another attempt may succeed."""

    written: CommitState | None = None
    """None: it was for reading."""


class Database:
    """One pool of connections. A connection is taken for one read or one unit of work, never for a whole request."""

    def __init__(self, url: str, pool: ConnectionPool) -> None:
        self.url = url
        self._pool = pool

    def reading(self) -> "Reading":
        """A connection that PostgreSQL lets only read, without BEGIN and ROLLBACK around each statement."""
        return Reading(self._pool)

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[WriteConnection]:
        """A transaction: committed at the end, rolled back whole if anything is raised."""
        is_committing = False
        try:
            async with acquired_from(self._pool) as driver:
                with failing_without_values(driver):
                    transaction = driver.transaction()
                    try:
                        await transaction.start()
                    except BaseException:
                        # Whether it has begun isn't known, so that nobody may go on with this connection.
                        driver.terminate()
                        raise
                    try:
                        yield WriteConnection(driver)
                    except BaseException:
                        # With a connection that is lost, so is the transaction.
                        if not driver.is_closed():
                            await transaction.rollback()
                        raise
                    is_committing = True
                    await transaction.commit()
        except DatabaseUnavailable as error:
            error.written = CommitState.UNKNOWN if is_committing else CommitState.NOTHING
            raise

    async def close(self) -> None:
        await self._pool.close()


class Reading:
    """Takes a connection for reading while it is entered. Not made of generators, since every request needs several."""

    __slots__ = ("_driver", "_pool")

    def __init__(self, pool: ConnectionPool) -> None:
        self._pool = pool

    async def __aenter__(self) -> ReadConnection:
        self._driver = await acquired(self._pool)
        return ReadConnection(self._driver)

    async def __aexit__(self, _: object, error: BaseException | None, __: object) -> None:
        try:
            if isinstance(error, FAILURES):
                raise_failure(error, self._driver)
        finally:
            self._pool.release(self._driver)


@asynccontextmanager
async def acquired_from(pool: ConnectionPool) -> AsyncIterator[AnyConnection]:
    """A connection of the pool, given back at the end."""
    driver = await acquired(pool)
    try:
        yield driver
    finally:
        pool.release(driver)


async def acquired(pool: ConnectionPool) -> AnyConnection:
    """A connection of the pool; only while it is taken, an error of the system is an outage."""
    try:
        return await pool.acquire()
    except NoConnectionFree:
        raise DatabaseUnavailable("all connections are at work") from None
    except (OSError, *FAILURES) as error:
        is_lost = isinstance(error, OSError | asyncpg.InternalClientError)
        raise failure_of(error, is_lost=is_lost) from None


FAILURES = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)


@contextmanager
def failing_without_values(driver: AnyConnection) -> Iterator[None]:
    """Raise one of our own exceptions for what the database refuses, or because it is lost."""
    try:
        yield
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
    if is_lost or is_outage(state):
        # Of a statement that failed otherwise, while the connection was lost, the message may hold values.
        is_told = is_outage(state) or isinstance(error, OSError)
        return DatabaseUnavailable(told(error) if is_told else type(error).__name__)
    return StatementFailed(error)


def is_outage(state: str) -> bool:
    return state.startswith(UNREACHABLE) and state != PROTOCOL_VIOLATION


def told(error: BaseException) -> str:
    """Which error, and what it says."""
    return f"{type(error).__name__}: {error}".removesuffix(": ")


def open_database(
    url: str,
    *,
    pool_size: int = 10,
    statement_timeout_seconds: float = 15,
    connection_wait_seconds: float = 15,
    in_use: InUse | None = None,
) -> Database:
    """A database behind a SQLAlchemy URL; nothing is connected before the first use.

    A connection is waited for no longer than `connection_wait_seconds`, whether others have all of them or the server
    doesn't answer; `in_use` counts those that are at work.
    """
    # Not as parameters of the start, most of which poolers refuse, or drop without a word.
    set_up = (
        f"set jit = off; set statement_timeout = {int(statement_timeout_seconds * 1000)}; "
        "set default_transaction_read_only = on"
    )

    async def connect() -> AnyConnection:
        connection = await asyncpg.connect(
            **arguments_of(url),
            timeout=connection_wait_seconds,
            connection_class=DriverConnection,
            record_class=Row,
            server_settings={"application_name": "flowport", "timezone": "UTC"},
        )
        try:
            await connection.execute(set_up, timeout=connection_wait_seconds)
        except (OSError, *FAILURES) as error:
            # Nobody waits for a server that is silent to say goodbye. Whatever keeps this from being done is an outage.
            connection.terminate()
            raise DatabaseUnavailable(told(error)) from None
        except BaseException:
            connection.terminate()
            raise
        return connection

    pool = ConnectionPool(connect, size=pool_size, wait_seconds=connection_wait_seconds, in_use=in_use)
    return Database(url, pool)


def arguments_of(url: str) -> dict[str, Any]:
    """What the driver is told of a database behind a SQLAlchemy URL."""
    _, arguments = DIALECT.create_connect_args(make_url(url))
    return {name: value for name, value in arguments.items() if name not in OF_SQLALCHEMY}


class DriverConnection(AnyConnection):
    """A connection whose transactions may write, although it only reads otherwise: BEGIN says so, no other statement."""

    async def execute(self, query: str, *values: object, timeout: float | None = None) -> str:  # noqa: ASYNC109 - the driver's signature
        if BEGIN.fullmatch(query):
            query = f"{query.removesuffix(';')} READ WRITE;"
        return await super().execute(query, *values, timeout=timeout)
