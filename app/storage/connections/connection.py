"""A connection as the rest of storage has it: one that only reads, or one that writes in a transaction."""

from collections.abc import Mapping
from typing import Any

import asyncpg

from app.fair_queue import Place
from app.storage.compiled import Change, CompiledStatement, Parameters, Query, Statement, compiled
from app.storage.connections.pool import AnyConnection
from app.telemetry.log import count_statement

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
    """Takes queries and nothing else. That of `Database.reading` is read-only to PostgreSQL too."""

    def __init__(self, driver: AnyConnection) -> None:
        self._driver = driver

    async def rows(self, query: Query | CompiledStatement, parameters: Parameters = NOTHING) -> list[Row]:
        return await self._fetch(query, parameters)

    async def row(self, query: Query | CompiledStatement, parameters: Parameters = NOTHING) -> Row | None:
        """The only row, or none."""
        found = await self._fetch(query, parameters)
        return found[0] if found else None

    async def value(self, query: Query | CompiledStatement, parameters: Parameters = NOTHING) -> Any:  # noqa: ANN401 - of any column
        """The first column of the only row; None where there is no row."""
        found = await self._fetch(query, parameters)
        return found[0][0] if found else None

    async def _fetch(self, statement: Statement | CompiledStatement, parameters: Mapping[str, Any]) -> list[Row]:
        prepared = compiled(statement, parameters)
        span = count_statement()
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

    lock_place: Place | None = None
    """Among those that may wait for locks."""
    lock_seconds: float = 5
    """How long a lock may be waited for."""

    async def change(self, change: Change, parameters: Parameters = NOTHING) -> list[Row]:
        """Change rows; what the change is said to return of them is returned."""
        return await self._fetch(change, parameters)
