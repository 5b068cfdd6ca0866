"""The columns of a draft or version: its state, as rules have it, is made and unmade here alone; drafts by their ids.

Outlines of graphs and bindings are read with their flows while they are short together, else once they are counted.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import cached_property, reduce
from operator import add, attrgetter
from typing import Any, NamedTuple

import orjson
from sqlalchemy import (
    ColumnElement,
    FromClause,
    Integer,
    Text,
    bindparam,
    case,
    exists,
    func,
    literal,
    select,
    union_all,
)

from app.domain.component import Link, Step, make_steps
from app.domain.flow import TEXTS, FlowState, Graph, SavedState, ShownFlow, texts_of
from app.domain.graph import NAMES, Bindings, bindings_from_json, bindings_to_json
from app.domain.input import name_key
from app.domain.model import Kind, ReferenceKind, VersionOrigin, is_id
from app.storage.connections.connection import ReadConnection, Row, is_one_of
from app.storage.connections.failures import TransactionConflict
from app.storage.facts.visibility import FLOWS
from app.storage.tables import FLOW, FLOW_CONTENT, FLOW_DRAFT, FLOW_VERSION

FIELDS = (*TEXTS, "content_hash", "origin", "revert_of")
_READ = (*FIELDS, "export_id", "descends_from")
STATE = (*_READ, "bindings")
"""The columns of a state, in the order in which they are written."""
SHOWN = (*TEXTS, "name_key")
"""The columns of a flow that show its published version, or its draft as long as it was never published."""


def state_columns(name: str, table: FromClause, content: FromClause) -> list[ColumnElement[Any]]:
    """The columns of a state, each with `name` before it; of its content only the outline is read."""
    columns = {column: table.c[column] for column in ("id", *STATE)}
    revision = table.c.revision if "revision" in table.c else literal(0)
    return [
        column.label(f"{name}_{label}")
        for label, column in (columns | {"revision": revision, "outline": content.c.outline}).items()
    ]


_REFERENCES = [name for kind, name in NAMES.items() if kind is not ReferenceKind.DATA_SAMPLES]


class OutlinedGraph(Graph):
    """A stored graph, whose parts are parsed when they are asked for: most decisions need only a few parts."""

    def __init__(self, outline: str, bindings: str) -> None:
        super().__init__()
        self.outline_text, self.bindings_text = outline, bindings

    @property
    def size(self) -> int:
        return len(self.outline_text) + len(self.bindings_text)

    @cached_property
    def steps(self) -> tuple[Step, ...]:
        shared = dict[str, str]().setdefault
        steps = orjson.loads(self.outline_text)["steps"]
        return make_steps([(id_, shared(command, command), *(name or [None])) for id_, command, *name in steps])

    @cached_property
    def bindings(self) -> Bindings:
        return bindings_from_json(orjson.loads(self.bindings_text))

    @cached_property
    def links(self) -> tuple[Link, ...]:
        return tuple(map(Link._make, orjson.loads(self.outline_text)["links"]))

    @cached_property
    def commands(self) -> Sequence[str]:
        shared = dict[str, str]().setdefault
        return [shared(step[1], step[1]) for step in orjson.loads(self.outline_text)["steps"]]

    @cached_property
    def references(self) -> Collection[str]:
        # Bindings as rules have them take several times as long, and many decisions need no more of them.
        steps = orjson.loads(self.bindings_text)
        named = (step[name] for step in steps for name in _REFERENCES if name in step)
        return tuple(dict.fromkeys(id_ for id_ in named if isinstance(id_, str)))

    def forget(self) -> None:
        for part in ("steps", "bindings", "links", "uses"):
            self.__dict__.pop(part, None)


def graph_of(row: Row, name: str) -> OutlinedGraph:
    """The graph of the state in a row that has `state_columns`."""
    return OutlinedGraph(row[f"{name}_outline"], row[f"{name}_bindings"])


def state_of(row: Row, name: str, graph: Graph) -> SavedState:
    """The state in a row that has `state_columns`."""
    fields = {column: row[f"{name}_{column}"] for column in _READ}
    fields["origin"] = VersionOrigin(fields["origin"])
    return SavedState(row[f"{name}_id"], FlowState(graph=graph, **fields), row[f"{name}_revision"])


def state_values(state: FlowState) -> tuple[Any, ...]:
    """The values of `STATE`."""
    graph = state.graph
    bindings = graph.bindings_text if isinstance(graph, OutlinedGraph) else bindings_text(graph.bindings)
    return *field_values(state), state.export_id, state.descends_from, bindings


field_values: Callable[[FlowState], tuple[Any, ...]] = attrgetter(*FIELDS)


def bindings_text(bindings: Bindings) -> str:
    """The stored text of bindings, by orjson: many steps make `canonical` slow."""
    return orjson.dumps(bindings_to_json(bindings), option=orjson.OPT_SORT_KEYS).decode()


def shown_values(state: FlowState | ShownFlow) -> tuple[str | None, ...]:
    """The values of `SHOWN`."""
    return *texts_of(state), name_key(state.name)


MOST_AT_ONCE = 4_000_000
"""Bytes of graphs that are read with the flows, before the needed states are known: as many as one flow may have."""
States = Mapping[str, tuple[FromClause, FromClause]]
"""Tables of states by name: the table of the draft or version, and that of its content."""

_OUTLINES = union_all(
    *(
        select(table.c.id, FLOW_CONTENT.c.outline, table.c.bindings)
        .join_from(table, FLOW_CONTENT, FLOW_CONTENT.c.hash == table.c.content_hash)
        .where(is_one_of(table.c.id))
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
    graphs = {row_id: OutlinedGraph(row.outline, row.bindings) for row_id, row in rows.items()}
    return {key: graphs.get(state.id) or graph_of(state.row, state.name) for key, state in states.items()}


_DRAFT = (
    select(FLOW_DRAFT.c.flow_id, *state_columns("draft", FLOW_DRAFT, FLOW_CONTENT))
    .select_from(FLOWS.join(FLOW_DRAFT, FLOW_DRAFT.c.flow_id == FLOW.c.id))
    .join(FLOW_CONTENT, FLOW_CONTENT.c.hash == FLOW_DRAFT.c.content_hash)
    .where(FLOW_DRAFT.c.id == bindparam("draft", type_=Text))
)

_HAS_SET_ASIDE = select(
    exists(
        select(literal(1)).where(
            FLOW_DRAFT.c.flow_id == bindparam("flow", type_=Text), FLOW_DRAFT.c.set_aside_at.is_not(None)
        )
    )
)


async def read_draft(connection: ReadConnection, viewer: str, draft_id: str) -> tuple[str | None, SavedState | None]:
    """Read the id of a draft's flow, and the draft without its graph; None of both if the viewer can't see it."""
    row = await connection.row(_DRAFT, {"viewer": viewer, "draft": draft_id}) if is_id(Kind.DRAFT, draft_id) else None
    return (None, None) if row is None else (row.flow_id, state_of(row, "draft", Graph()))


async def has_drafts_set_aside(connection: ReadConnection, flow_id: str) -> bool:
    return bool(await connection.value(_HAS_SET_ASIDE, {"flow": flow_id}))
