"""How much one request may read of graphs: what is beyond is refused before it is read."""

from collections.abc import Mapping, Sequence
from functools import reduce
from operator import add
from typing import Any

from sqlalchemy import BigInteger, Select, bindparam, case, func, select
from sqlalchemy.sql import FromClause

from app.meter import current_meter
from app.storage.connections.connection import ReadConnection, Row

MOST = bindparam("most", type_=BigInteger)


def bounded(rows: FromClause, *, by: str, long: Sequence[str]) -> Select[Any]:
    """Select rows with long texts, and the sum of their bytes up to each row, in the order of the column `by`.

    The texts of rows beyond the limit are null: PostgreSQL knows a text's size without reading it, since TOAST stores long
    texts apart.
    """
    size = reduce(add, (func.octet_length(rows.c[name]) for name in long))
    total = func.sum(size).over(order_by=rows.c[by])
    columns = [case((total <= MOST, column)).label(column.name) if column.name in long else column for column in rows.c]
    return select(*columns, total.label("total"))


async def read_bounded(
    connection: ReadConnection, statement: Select[Any], parameters: Mapping[str, Any]
) -> Sequence[Row]:
    """The rows of a statement that `bounded` made, counted."""
    meter = current_meter()
    rows = await connection.rows(statement, {**parameters, "most": meter.readable_bytes})
    meter.take_graphs(max((int(row.total) for row in rows), default=0))
    return rows
