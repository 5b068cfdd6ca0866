"""A connection as the rest of storage has it: one that only reads, or one that writes in a transaction."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import CompoundSelect, CursorResult, Delete, Insert, ScalarResult, Select, Update
from sqlalchemy.ext.asyncio import AsyncConnection

AnyColumns = tuple[Any, ...]
Query = Select[*AnyColumns] | CompoundSelect[*AnyColumns]
Change = Insert | Update | Delete
Parameters = Mapping[str, Any]


class ReadConnection:
    """Takes queries and nothing else. That of `Database.reading` is read-only to PostgreSQL too."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def execute(self, query: Query, parameters: Parameters | None = None) -> CursorResult[*AnyColumns]:
        return await self._connection.execute(query, parameters)

    async def scalar(self, query: Query, parameters: Parameters | None = None) -> Any:  # noqa: ANN401 - of any column
        return await self._connection.scalar(query, parameters)

    async def scalars(self, query: Query, parameters: Parameters | None = None) -> ScalarResult[Any]:
        return await self._connection.scalars(query, parameters)


class WriteConnection(ReadConnection):
    """A transaction: queries, which may lock rows, and changes."""

    async def change(self, change: Change, parameters: Parameters | None = None) -> CursorResult[*AnyColumns]:
        return await self._connection.execute(change, parameters)
