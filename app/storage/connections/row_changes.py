"""How rows are written: any number of them in one statement, as a JSON array of arrays.

The table says of which type each column is. The driver would take several times as long for an array of each column.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

import orjson
from sqlalchemy import (
    ARRAY,
    ColumnElement,
    DateTime,
    FromClause,
    Subquery,
    Table,
    Text,
    bindparam,
    cast,
    delete,
    func,
    select,
    union_all,
    update,
)
from sqlalchemy import literal_column as sql
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.types import TypeEngine

from app.storage.connections.connection import Change, Row, Statement, WriteConnection

Value = ColumnElement[Any] | Callable[[FromClause], ColumnElement[Any]]
"""A value that the statement itself computes for a column, also from the row that is sent."""

BY, NOW = bindparam("by", type_=Text), bindparam("now", type_=DateTime(timezone=True))
"""The actor and the time, the same in all rows."""


class RowsOfTable(NamedTuple):
    """How rows of one table are written."""

    change: Callable[..., Change]
    """Makes the statement, with further conditions."""
    parameter: str
    columns: tuple[str, ...]
    returning: tuple[ColumnElement[Any], ...] = ()
    """Columns that the statement answers of these rows; `in_one_statement` joins them with those of flows."""

    def to_json(self, rows: Sequence[tuple[Any, ...]]) -> str:
        """Raises ValueError for a row of more or fewer values than columns."""
        if any(len(row) != len(self.columns) for row in rows):
            raise ValueError(f"{self.parameter} needs a value for each of {', '.join(self.columns)}")
        return orjson.dumps(rows, default=_hexadecimal).decode()


Part = tuple[RowsOfTable, Sequence[tuple[Any, ...]]]
"""Rows with the values of their columns, in the order of the columns."""
Parts = Sequence[Part]


def insert_rows(
    table: Table, columns: Sequence[str], *, replaces: bool = False, returning: Sequence[str] = (), **values: Value
) -> RowsOfTable:
    """Insert rows. Raises KeyError for a column that the table doesn't have, and ValueError without one that it needs.

    With `replaces` a row takes the place of one that has the same key.
    """
    sent = _sent("new", table, columns)
    row = _row(table, sent, columns, values)
    if missing := [each.name for each in table.c if not (each.nullable or each.server_default or each.name in row)]:
        raise ValueError(f"rows of {table.name} need {', '.join(missing)}")

    def change(*conditions: ColumnElement[bool]) -> Change:
        rows = select(*row.values()).select_from(sent).where(*conditions)
        inserted = insert(table).from_select([*row], rows, include_defaults=False)
        others = {name: inserted.excluded[name] for name in row if not table.c[name].primary_key}
        return inserted.on_conflict_do_update(constraint=table.primary_key, set_=others) if replaces else inserted

    return RowsOfTable(change, sent.name, tuple(columns), tuple(table.c[name] for name in returning))


def insert_new_rows(table: Table, columns: Sequence[str]) -> RowsOfTable:
    """Insert rows under hashes that the table doesn't have yet, and return these.

    Rows that it has are locked, so that they aren't removed before something refers to them. In the order of the
    hashes, so that two transactions with the same rows don't wait for each other.
    """
    sent = _sent("new", table, columns)
    row = _row(table, sent, columns, {})
    held = select(table.c.hash).where(table.c.hash.in_(select(sent.c.hash))).order_by(table.c.hash)
    held_hashes = select(held.with_for_update(read=True, key_share=True).cte(f"held_{table.name}").c.hash)

    def change(*conditions: ColumnElement[bool]) -> Change:
        new = select(*row.values()).where(sent.c.hash.not_in(held_hashes), *conditions).order_by(sent.c.hash)
        inserted = insert(table).from_select([*row], new, include_defaults=False)
        return inserted.on_conflict_do_nothing().returning(table.c.hash)

    return RowsOfTable(change, sent.name, tuple(columns))


def update_rows(
    table: Table,
    columns: Sequence[str],
    *only: ColumnElement[bool],
    key: Sequence[str] = ("id",),
    returning: Sequence[str] = (),
    **values: Value,
) -> RowsOfTable:
    """Update the rows with these keys, whose values are sent before the columns, `only` where these conditions hold.

    Raises KeyError for a column that the table doesn't have.
    """
    sent = _sent("changed", table, (*key, *columns))
    row = _row(table, sent, columns, values)
    is_sent = [table.c[name] == sent.c[name] for name in key]
    change = update(table).where(*is_sent, *only).values(row)
    return RowsOfTable(change.where, sent.name, (*key, *columns), tuple(table.c[name] for name in returning))


def delete_rows(table: Table) -> RowsOfTable:
    """Delete the rows with these ids."""
    sent = _sent("deleted", table, ("id",))
    return RowsOfTable(delete(table).where(table.c.id.in_(select(sent.c.id))).where, sent.name, ("id",))


async def write_rows(connection: WriteConnection, *parts: Part, **same: object) -> list[Row]:
    """Write rows of several tables in one statement; parts without rows are left out of it.

    The rows of the last part are written after all others. `same` are parameters with one value for all rows.
    """
    filled = [(table, rows) for table, rows in parts if rows]
    if not filled:
        return []
    sent = {table.parameter: table.to_json(rows) for table, rows in filled}
    return await connection.change(in_one_statement(*(table for table, _ in filled)), {**same, **sent})


@cache
def in_one_statement(*parts: RowsOfTable) -> Statement:
    """Make one statement of parts, the last of which is done after all others.

    If the last part and parts on flows return columns, a row is those of the last part, then those of its flow. Raises
    ValueError where two parts change one table in the same way: PostgreSQL changes a row once in a statement.
    """
    *others, last = parts
    if len({part.parameter for part in parts}) < len(parts):
        raise ValueError(f"{', '.join(part.parameter for part in parts)}: a table is changed twice")
    done = [each.change().returning(*each.returning or [sql("1")]).cte(f"part_{n}") for n, each in enumerate(others)]
    # Always true: to count the rows of the other parts, PostgreSQL has to finish these before it begins with the last.
    change = last.change(*(select(func.count()).select_from(part).scalar_subquery() >= sql("0") for part in done))
    flows = [select(part) for each, part in zip(others, done, strict=True) if each.returning]
    if not (last.returning and flows):
        return change
    written, flow = change.returning(*last.returning).cte("written"), union_all(*flows).subquery("flow_written")
    return select(*written.c, *flow.c).join_from(written, flow, flow.c.id == written.c.flow_id)


def _hexadecimal(value: bytes) -> str:
    """Bytes as PostgreSQL reads them of text; JSON has none."""
    return rf"\x{value.hex()}"


def _sent(what: str, table: Table, columns: Sequence[str]) -> Subquery:
    """The rows that are sent, as statements read them; the parameter has their name."""
    name = f"{what}_{table.name}"
    row = func.jsonb_array_elements(bindparam(name, type_=JSONB)).column_valued("row")
    typed = (_typed(row, index, table.c[each].type).label(each) for index, each in enumerate(columns))
    return select(*typed).subquery(name)


def _typed(row: ColumnElement[Any], index: int, type_: TypeEngine[Any]) -> ColumnElement[Any]:
    """The value at an index of a row, in the type of its column; arrays are of text."""
    if isinstance(type_, ARRAY):
        texts = func.jsonb_array_elements_text(row.op("->")(sql(str(index)))).column_valued("text")
        return func.array(select(texts).scalar_subquery())
    text = row.op("->>", return_type=Text())(sql(str(index)))
    return text if isinstance(type_, Text) else cast(text, type_)


def _row(
    table: Table, sent: FromClause, columns: Sequence[str], values: Mapping[str, Value]
) -> dict[str, ColumnElement[Any]]:
    computed = {table.c[name].name: value(sent) if callable(value) else value for name, value in values.items()}
    return {name: sent.c[name] for name in columns} | computed
