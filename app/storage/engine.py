"""The database as the rest of storage uses it: connections for reading, transactions for writing."""

import re
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from enum import Enum
from typing import TYPE_CHECKING, Any, Protocol

import asyncpg
from sqlalchemy import event
from sqlalchemy.engine.interfaces import AdaptedConnection
from sqlalchemy.exc import DBAPIError, InvalidatePoolError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as NoConnectionFree
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from app.storage.database_connections import ReadConnection, WriteConnection
from app.telemetry.log import count_statement

QUERY_CANCELED = "57014"
"""What PostgreSQL says when a statement reached its time limit."""
UNREACHABLE = ("08", "53300", "57P01", "57P02", "57P03")
"""How it begins what it says, or the driver does, when there is no connection for now: it broke or is one too many, or
the server stops or starts. That we aren't allowed in, or that there is no such database, doesn't pass by itself."""
PROTOCOL_VIOLATION = "08P01"

BEGIN = re.compile("BEGIN( ISOLATION LEVEL [A-Z ]+)?;")
"""What the driver sends at the beginning of a transaction that is not said to be read-only."""

if TYPE_CHECKING:
    # Only the stubs know that connections are generic.
    _DriverConnection = asyncpg.Connection[asyncpg.Record]
else:
    _DriverConnection = asyncpg.Connection


class StatementFailed(SQLAlchemyError):
    """What the database refused, without the values that were in it: those are callers', and this goes to the log."""

    def __init__(self, error: DBAPIError) -> None:
        cause = error.orig.__cause__ if error.orig is not None else None
        known = ("sqlstate", "table_name", "column_name", "constraint_name")
        told = {name: getattr(cause, name, None) for name in known}
        where = ", ".join(f"{name} {value}" for name, value in told.items() if value)
        super().__init__(f"{type(cause or error).__name__}: {where}\n[SQL: {error.statement}]")


class StatementTookTooLong(SQLAlchemyError):
    """The database cancelled a statement at its time limit; the transaction is rolled back."""


class CommitState(Enum):
    """What a transaction has written that ended with the connection."""

    NOTHING = "nothing"
    UNKNOWN = "unknown"
    """It was being committed."""


class DatabaseUnavailable(SQLAlchemyError):
    """No connection could be had or it was lost; the message, for the log, says why. Another attempt may succeed."""

    written: CommitState | None = None
    """None: it was for reading."""


class InUse(Protocol):
    """What counts the connections that are at work."""

    def inc(self) -> None: ...
    def dec(self) -> None: ...


class Database:
    """One pool of connections. A connection is taken for one read or one unit of work, never for a whole request."""

    def __init__(self, engine: AsyncEngine) -> None:
        self.engine = engine
        self._reading = engine.execution_options(isolation_level="AUTOCOMMIT")

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[ReadConnection]:
        """A connection that PostgreSQL lets only read, without BEGIN and ROLLBACK around each statement."""
        with failing_without_values():
            async with taken_from(self._reading) as connection:
                yield ReadConnection(connection)

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[WriteConnection]:
        """A transaction: committed at the end, rolled back whole if anything is raised."""
        is_committing = False
        try:
            with failing_without_values():
                async with taken_from(self.engine) as connection, connection.begin():
                    yield WriteConnection(connection)
                    is_committing = True
        except DatabaseUnavailable as error:
            error.written = CommitState.UNKNOWN if is_committing else CommitState.NOTHING
            raise

    async def close(self) -> None:
        await self.engine.dispose()


@asynccontextmanager
async def taken_from(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """A connection of the pool, given back at the end; only while it is taken, an error of the system is an outage."""
    async with AsyncExitStack() as stack:
        try:
            connection = await stack.enter_async_context(engine.connect())
        except NoConnectionFree:
            raise DatabaseUnavailable("all connections are at work") from None
        except OSError as error:
            raise DatabaseUnavailable(told(error)) from None
        yield connection


@contextmanager
def failing_without_values() -> Iterator[None]:
    """Raise one of our own exceptions for what the database refuses, or because it is lost."""
    try:
        yield
    except DBAPIError as error:
        raise failure_of(error).with_traceback(error.__traceback__) from None


def failure_of(error: DBAPIError) -> SQLAlchemyError:
    state = str(getattr(error.orig, "sqlstate", None) or "")
    if state == QUERY_CANCELED:
        return StatementTookTooLong()
    if error.connection_invalidated or is_outage(state):
        cause = (error.orig.__cause__ if error.orig is not None else None) or error
        # Of a statement that failed otherwise, while the connection was lost, the message may hold values.
        return DatabaseUnavailable(told(cause) if is_outage(state) else type(cause).__name__)
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
    engine = create_async_engine(
        url,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=connection_wait_seconds,
        # Those that the server has closed are known without asking it.
        pool_pre_ping=False,
        # What callers send stays out of the log, where exceptions go.
        hide_parameters=True,
        connect_args={
            "timeout": connection_wait_seconds,
            "connection_class": DriverConnection,
            "server_settings": {"application_name": "flowport", "timezone": "UTC"},
        },
    )
    # Not as parameters of the start, most of which poolers refuse, or drop without a word.
    set_up = (
        f"set jit = off; set statement_timeout = {int(statement_timeout_seconds * 1000)}; "
        "set default_transaction_read_only = on"
    )
    # Before SQLAlchemy asks anything itself, so that the time limit is there for a server that doesn't answer.
    event.listen(engine.sync_engine, "connect", setting_up(set_up, connection_wait_seconds), insert=True)
    event.listen(engine.sync_engine, "before_cursor_execute", lambda *_: count_statement())
    event.listen(engine.sync_engine, "checkout", refuse_closed)
    if in_use is not None:
        count(engine, in_use)
    return Database(engine)


class DriverConnection(_DriverConnection):
    """A connection whose transactions may write, although it only reads otherwise: BEGIN says so, no other statement."""

    async def execute(self, query: str, *values: object, timeout: float | None = None) -> str:  # noqa: ASYNC109 - the driver's signature
        if BEGIN.fullmatch(query):
            query = f"{query.removesuffix(';')} READ WRITE;"
        return await super().execute(query, *values, timeout=timeout)


def setting_up(statements: str, seconds: float) -> Callable[[AdaptedConnection, object], None]:
    """What sends the first statements of a new connection; whatever keeps them from being done is an outage."""

    async def set_up(connection: Any) -> None:  # noqa: ANN401 - its stub takes parameters that it has not when it runs
        try:
            await connection.execute(statements, timeout=seconds)
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
            # Nobody waits for a server that is silent to say goodbye.
            connection.terminate()
            raise DatabaseUnavailable(told(error)) from None

    def new(connection: AdaptedConnection, _: object) -> None:
        connection.run_async(set_up)

    return new


def refuse_closed(_: object, entry: ConnectionPoolEntry, __: object) -> None:
    """Give out no connection that the server has closed meanwhile: then all of them are made anew."""
    if entry.driver_connection is None or entry.driver_connection.is_closed():
        raise InvalidatePoolError


def count(engine: AsyncEngine, in_use: InUse) -> None:
    """Count the connections that are taken from the pool and not given back yet."""
    at_work: set[ConnectionPoolEntry] = set()

    def taken(_: object, entry: ConnectionPoolEntry, __: object) -> None:
        at_work.add(entry)
        in_use.inc()

    def given_back(_: object, entry: ConnectionPoolEntry) -> None:
        # One that could not be made is given back without having been taken.
        if entry in at_work:
            at_work.remove(entry)
            in_use.dec()

    event.listen(engine.sync_engine, "checkout", taken)
    event.listen(engine.sync_engine, "checkin", given_back)
