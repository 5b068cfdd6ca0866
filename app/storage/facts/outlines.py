"""Outlines of graphs, with bindings: read with their flows while they are short together, else once they are counted."""

from collections.abc import Hashable, Iterable, Mapping
from functools import reduce
from operator import add
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, FromClause, Integer, Text, any_, bindparam, case, func, select, union_all
from sqlalchemy.dialects.postgresql import ARRAY

from app.domain.graph import StepBindings
from app.storage.connections.connection import ReadConnection, Row
from app.storage.connections.failures import TransactionConflict
from app.storage.facts.states import OutlinedGraph, graph_of, state_columns
from app.storage.tables import FLOW_CONTENT, FLOW_DRAFT, FLOW_VERSION

MOST_AT_ONCE = 4_000_000
"""Bytes of graphs that are read with the flows, before the needed states are known: as many as one flow may have."""
States = Mapping[str, tuple[FromClause, FromClause]]
"""Tables of states by name: the table of the draft or version, and that of its content."""

_OUTLINES = union_all(
    *(
        select(table.c.id, FLOW_CONTENT.c.outline, table.c.bindings)
        .join_from(table, FLOW_CONTENT, FLOW_CONTENT.c.hash == table.c.content_hash)
        .where(table.c.id == any_(bindparam("ids", type_=ARRAY(Text))))
        for table in (FLOW_DRAFT, FLOW_VERSION)
    )
)

Key = tuple[str, str]
"""Tells graphs apart: by the hashes of content and bindings."""


class OutlinedState(NamedTuple):
    """A draft or version in a row that has `columns_at_once`."""

    id: str
    row: Row
    name: str

    @property
    def key(self) -> Key:
        return self.row[f"{self.name}_content_hash"], self.row[f"{self.name}_bindings_hash"]

    @property
    def size(self) -> int:
        """In bytes."""
        return int(self.row[f"{self.name}_size"])

    @property
    def is_read(self) -> bool:
        return self.row[f"{self.name}_outline"] is not None


def columns_at_once(states: States, *, order_by: Iterable[ColumnElement[Any]]) -> list[ColumnElement[Any]]:
    """The columns of states, with their sizes. In this order, rows beyond MOST_AT_ONCE have no outlines or bindings.

    PostgreSQL knows the size of a text without reading it, since TOAST stores long texts apart.
    """
    sizes = {
        name: func.octet_length(content.c.outline, type_=Integer) + func.octet_length(table.c.bindings, type_=Integer)
        for name, (table, content) in states.items()
    }
    together = func.sum(reduce(add, (func.coalesce(size, 0) for size in sizes.values()))).over(order_by=[*order_by])
    columns: list[ColumnElement[Any]] = []
    for name, (table, content) in states.items():
        long = {f"{name}_outline": content.c.outline, f"{name}_bindings": table.c.bindings}
        columns += [column for column in state_columns(name, table, content) if column.name not in long]
        columns += [case((together <= MOST_AT_ONCE, column)).label(label) for label, column in long.items()]
        bindings_hash = func.md5(table.c.bindings, type_=Text)
        columns += [sizes[name].label(f"{name}_size"), bindings_hash.label(f"{name}_bindings_hash")]
    return columns


async def read_outlines(connection: ReadConnection, states: Mapping[Key, OutlinedState]) -> dict[Key, OutlinedGraph]:
    """The graphs of states, by what tells them apart. Raises TransactionConflict where one has gone meanwhile."""
    ids = [state.id for state in states.values() if not state.is_read]
    rows = {row.id: row for row in await connection.rows(_OUTLINES, {"ids": ids})} if ids else {}
    if rows.keys() != {*ids}:
        raise TransactionConflict("a draft has gone while it was looked at")
    shared: dict[Hashable, StepBindings] = {}
    graphs = {row_id: OutlinedGraph(row.outline, row.bindings, shared) for row_id, row in rows.items()}
    return {key: graphs.get(state.id) or graph_of(state.row, state.name, shared) for key, state in states.items()}
