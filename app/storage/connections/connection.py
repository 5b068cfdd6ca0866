"""Connections as the rest of storage uses them: for reading, or for writing in a transaction."""

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any

import asyncpg

from app.fair_queue import Place
from app.storage.connections.compiled import CompiledStatement, Parameters, Query, Statement, compiled
from app.telemetry.log import count_statement

if TYPE_CHECKING:
    # Only the stubs know that connections are generic.
    from app.telemetry.spans import RequestSpan

    AnyConnection = asyncpg.Connection[Any]
else:
    AnyConnection = asyncpg.Connection

NOTHING: Parameters = {}


class Row(asyncpg.Record):
    """A row: a sequence of its values, which have the names of their columns besides."""

    __slots__ = ()

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - of any column
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None


class ReadConnection:
    """A connection for queries alone. PostgreSQL refuses writes on one of `Database.reading`."""

    def __init__(self, driver: AnyConnection) -> None:
        self._driver = driver

    async def rows(self, query: Query | CompiledStatement, parameters: Parameters = NOTHING) -> list[Row]:
        return await self._fetch(query, parameters)

    async def row(self, query: Query | CompiledStatement, parameters: Parameters = NOTHING) -> Row | None:
        """The only row, or none."""
        rows = await self._fetch(query, parameters)
        return rows[0] if rows else None

    async def value(self, query: Query | CompiledStatement, parameters: Parameters = NOTHING) -> Any:  # noqa: ANN401 - of any column
        """The first column of the only row; None where there is no row."""
        rows = await self._fetch(query, parameters)
        return rows[0][0] if rows else None

    async def _fetch(self, statement: Statement | CompiledStatement, parameters: Mapping[str, Any]) -> list[Row]:
        prepared, span = compiled(statement), count_statement()
        try:
            if span is None:
                return await self._driver.fetch(prepared.text, *prepared.arguments(parameters))
            with span.statement(prepared.text):
                return await self._driver.fetch(prepared.text, *prepared.arguments(parameters))
        except (asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            error.add_note(f"[SQL: {prepared.text}]")
            raise


class WriteConnection(ReadConnection):
    """A transaction: queries, which may lock rows, and changes."""

    def __init__(self, driver: AnyConnection, lock_place: Place | None, lock_seconds: float) -> None:
        """`lock_place` is one of those that may wait for locks, each `lock_seconds`."""
        super().__init__(driver)
        self.lock_place = lock_place
        self.lock_seconds = lock_seconds

    async def change(self, change: Statement, parameters: Parameters = NOTHING) -> list[Row]:
        """Change rows; what the change is said to return of them is returned."""
        return await self._fetch(change, parameters)

    async def execute(self, statement: str) -> list[Row]:
        """Run a statement that SQLAlchemy can't build, such as LOCK TABLE."""
        return await self._fetch(CompiledStatement(statement, (), {}), NOTHING)


def traced(statement: str, span: "RequestSpan | None") -> AbstractContextManager[None]:
    """A span below that of the request, if there is one: without values."""
    return nullcontext() if span is None else span.statement(statement)
