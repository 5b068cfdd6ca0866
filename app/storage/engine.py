"""The database as the rest of storage uses it: connections for reading, transactions for writing."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

from sqlalchemy import event
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import QueuePool

from app.observability import count_statement

QUERY_CANCELED = "57014"
"""What PostgreSQL says when a statement reached its time limit."""


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
        with failing_without_values():
            async with self.engine.begin() as connection:
                yield connection

    @property
    def connections_in_use(self) -> int:
        """How many connections are at work just now."""
        pool = self.engine.sync_engine.pool
        return pool.checkedout() if isinstance(pool, QueuePool) else 0

    async def close(self) -> None:
        await self.engine.dispose()


@contextmanager
def failing_without_values() -> Iterator[None]:
    """Raise StatementTookTooLong or StatementFailed for what the database refuses."""
    try:
        yield
    except DBAPIError as error:
        is_late = getattr(error.orig, "sqlstate", None) == QUERY_CANCELED
        failed = StatementTookTooLong() if is_late else StatementFailed(error)
        raise failed.with_traceback(error.__traceback__) from None


def open_database(url: str, *, pool_size: int = 10, statement_timeout_seconds: float = 15) -> Database:
    """A database behind a SQLAlchemy URL; nothing is connected before the first use."""
    engine = create_async_engine(
        url,
        pool_size=pool_size,
        max_overflow=0,
        pool_pre_ping=False,
        # What callers send stays out of the log, where exceptions go.
        hide_parameters=True,
        connect_args={
            "server_settings": {
                "application_name": "flowport",
                "timezone": "UTC",
                "jit": "off",
                "statement_timeout": str(int(statement_timeout_seconds * 1000)),
            }
        },
    )
    event.listen(engine.sync_engine, "before_cursor_execute", lambda *_: count_statement())
    return Database(engine)
