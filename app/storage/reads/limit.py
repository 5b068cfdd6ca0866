"""How much one request may read of graphs: what is beyond is refused before it is read."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import add
from typing import Any

import orjson
from sqlalchemy import BigInteger, Select, bindparam, case, func, select
from sqlalchemy.sql import FromClause

from app.storage.database_connections import ReadConnection, Row

MOST = bindparam("most", type_=BigInteger)


@dataclass(frozen=True, slots=True)
class ReadLimit:
    """How many bytes are left, and what counts and refuses bytes and steps."""

    bytes: int
    take_bytes: Callable[[int], None]
    take_steps: Callable[[int], None]
    take_compared: Callable[[int], None]
    """Counts and refuses bytes of graphs that are compared."""


BYTES_PER_CONTAINER = 16
"""What a list or an object in a graph counts besides its text: once it is parsed it takes many times the room."""


UNWRITABLE_SIZE = 1_000_000


def parsed_size(text: str) -> int:
    """What a graph counts when it is parsed."""
    return len(text) + BYTES_PER_CONTAINER * (text.count("[") + text.count("{"))


def sent_size(graph: object) -> int:
    """What a graph counts that was sent; one that can't be written, since it is nested too deep, as much as any."""
    try:
        return parsed_size(orjson.dumps(graph).decode())
    except TypeError:
        return UNWRITABLE_SIZE


def bounded(rows: FromClause, *, by: str, long: Sequence[str]) -> Select[Any]:
    """Rows with long texts, and how many bytes these have together up to each row, in the order of the column `by`.

    Of rows beyond the limit the texts are not read: their sizes are known without that, since TOAST keeps them apart.
    """
    size = reduce(add, (func.octet_length(rows.c[name]) for name in long))
    total = func.sum(size).over(order_by=rows.c[by])
    columns = [case((total <= MOST, column)).label(column.name) if column.name in long else column for column in rows.c]
    return select(*columns, total.label("total"))


async def read_bounded(
    connection: ReadConnection, statement: Select[Any], parameters: Mapping[str, Any], limit: ReadLimit
) -> Sequence[Row]:
    """The rows of a statement that `bounded` made, counted."""
    rows = await connection.rows(statement, {**parameters, "most": limit.bytes})
    limit.take_bytes(max((int(row.total) for row in rows), default=0))
    return rows
