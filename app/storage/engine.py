"""The database as the rest of storage uses it: connections for reading, transactions for writing."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from enum import Enum
from typing import Protocol

from sqlalchemy import event
from sqlalchemy.exc import DBAPIError, InvalidatePoolError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as NoConnectionFree
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from app.observability import count_statement

QUERY_CANCELED = "57014"
"""What PostgreSQL says when a statement reached its time limit."""
UNREACHABLE = ("08", "28", "3D", "53300", "57P01", "57P02", "57P03")
"""How it begins what it says, or the driver does, when there is no connection: it broke, wasn't allowed or is one too
many, there is no such database, or the server stops or starts."""


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


class Written(Enum):
    """What a transaction has written that ended with the connection."""

    NOTHING = "nothing"
    UNKNOWN = "unknown"
    """It was being committed."""


class DatabaseUnavailable(SQLAlchemyError):
    """No connection could be had or it was lost; the message, for the log, says why. Another attempt may succeed."""

    written: Written | None = None
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
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        """A connection without BEGIN and ROLLBACK around each statement."""
        with failing_without_values():
            async with self._reading.connect() as connection:
                yield connection

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncConnection]:
        """A transaction: committed at the end, rolled back whole if anything is raised."""
        is_committing = False
        try:
            with failing_without_values():
                async with self.engine.begin() as connection:
                    yield connection
                    is_committing = True
        except DatabaseUnavailable as error:
            error.written = Written.UNKNOWN if is_committing else Written.NOTHING
            raise

    async def close(self) -> None:
        await self.engine.dispose()


@contextmanager
def failing_without_values() -> Iterator[None]:
    """Raise one of our own exceptions for what the database refuses, or why it can't be asked."""
    try:
        yield
    except DBAPIError as error:
        raise failure_of(error).with_traceback(error.__traceback__) from None
    except NoConnectionFree:
        raise DatabaseUnavailable("all connections are at work") from None
    except OSError as error:
        raise DatabaseUnavailable(type(error).__name__) from None


def failure_of(error: DBAPIError) -> SQLAlchemyError:
    state = str(getattr(error.orig, "sqlstate", None) or "")
    if state == QUERY_CANCELED:
        return StatementTookTooLong()
    if error.connection_invalidated or state.startswith(UNREACHABLE):
        cause = error.orig.__cause__ if error.orig is not None else None
        return DatabaseUnavailable(type(cause or error).__name__)
    return StatementFailed(error)


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
            "server_settings": {"application_name": "flowport", "timezone": "UTC"},
        },
    )
    set_up = f"set jit = off; set statement_timeout = {int(statement_timeout_seconds * 1000)}"
    # Not as parameters of the start, most of which poolers refuse, or drop without a word.
    event.listen(engine.sync_engine, "connect", lambda new, _: new.run_async(lambda each: each.execute(set_up)))
    event.listen(engine.sync_engine, "before_cursor_execute", lambda *_: count_statement())
    event.listen(engine.sync_engine, "checkout", refuse_closed)
    if in_use is not None:
        count(engine, in_use)
    return Database(engine)


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
