"""The columns of a draft or version: its state, as rules have it, is made and unmade here alone."""

from collections.abc import Callable, Collection, Hashable, Sequence
from functools import cache, cached_property, partial
from operator import attrgetter, itemgetter
from typing import Any, Self

import orjson
from sqlalchemy import ColumnElement, FromClause, literal

from app.domain.flow import TEXTS, FlowState, Graph, SavedState, ShownFlow
from app.domain.graph import NAMES, Bindings, StepBindings, bindings_from_json, bindings_to_json, canonical
from app.domain.input import name_key
from app.domain.model import ReferenceKind, VersionOrigin
from app.domain.step import Link, Step, make_steps
from app.storage.connections.connection import Row

FIELDS = (*TEXTS, "content_hash", "origin", "revert_of")
RECORDS = ("export_id", "descends_from")
STATE = (*FIELDS, *RECORDS, "bindings")
"""The columns of a state, in the order in which they are written."""
SHOWN = (*TEXTS, "name_key")
"""The columns of a flow that show its published version, or its draft as long as it was never published."""
NAME = 2
"""Index of the optional name in a step of an outline, after the step's id and command."""


SMALL = 8_000
"""Characters of a graph up to which steps and bindings are made at once: reading their texts twice would take longer."""
_NEW_LINK = partial(tuple.__new__, Link)
"""Makes a link from the list of its values in an outline."""


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

    def __init__(self, outline: str, bindings: str, shared: dict[Hashable, StepBindings] | None = None) -> None:
        """`shared` makes equal bindings of several graphs one object."""
        super().__init__()
        self._texts = outline, bindings
        self._is_small = len(outline) + len(bindings) <= SMALL
        self._shared = shared

    @property
    def size(self) -> int:
        return sum(map(len, self._texts))

    @cached_property
    def steps(self) -> tuple[Step, ...]:
        shared = dict[str, str]().setdefault
        steps = orjson.loads(self._texts[0])["steps"]
        return make_steps(
            [(step[0], shared(step[1], step[1]), step[NAME] if len(step) > NAME else None) for step in steps]
        )

    @cached_property
    def bindings(self) -> Bindings:
        return bindings_from_json(orjson.loads(self._texts[1]), self._shared)

    @property
    def bindings_text(self) -> str:
        return self._texts[1]

    @cached_property
    def links(self) -> tuple[Link, ...]:
        return tuple(map(_NEW_LINK, orjson.loads(self._texts[0])["links"]))

    @cached_property
    def commands(self) -> Sequence[str]:
        if self._is_small:
            return super().commands
        shared = dict[str, str]().setdefault
        return [shared(step[1], step[1]) for step in orjson.loads(self._texts[0])["steps"]]

    @cached_property
    def references(self) -> Collection[str]:
        if self._is_small:
            return tuple(super().references)
        # Bindings as rules have them take several times as long, and many decisions need no more of them.
        steps = orjson.loads(self._texts[1])
        named = (step[name] for step in steps for name in _REFERENCES if name in step)
        return tuple(dict.fromkeys(id_ for id_ in named if isinstance(id_, str)))

    def forget(self) -> None:
        for part in ("steps", "bindings", "links", "users"):
            self.__dict__.pop(part, None)

    def whole(self) -> Self:
        """Parse every part."""
        _ = self.parts
        return self


def graph_of(row: Row, name: str, shared: dict[Hashable, StepBindings] | None = None) -> OutlinedGraph:
    """The graph of the state in a row that has `state_columns`."""
    return OutlinedGraph(row[f"{name}_outline"], row[f"{name}_bindings"], shared)


def state_of(row: Row, name: str, graph: Graph) -> SavedState | None:
    """The state in a row that has `state_columns`; None where an outer join found none."""
    id_, revision, *values = _values_of(name)(row)
    if id_ is None:
        return None
    fields = dict(zip(_READ, values, strict=True))
    fields["origin"] = VersionOrigin(fields["origin"])
    return SavedState(id_, FlowState(graph=graph, **fields), revision)


_READ = (*FIELDS, *RECORDS)


@cache
def _values_of(name: str) -> Callable[[Row], tuple[Any, ...]]:
    """Takes those of a state out of a row."""
    return itemgetter(*(f"{name}_{column}" for column in ("id", "revision", *_READ)))


def state_values(state: FlowState) -> tuple[Any, ...]:
    """The values of `STATE`."""
    graph = state.graph
    bindings = graph.bindings_text if isinstance(graph, OutlinedGraph) else bindings_text(graph.bindings)
    return *field_values(state), state.export_id, state.descends_from, bindings


field_values: Callable[[FlowState], tuple[Any, ...]] = attrgetter(*FIELDS)


def bindings_text(bindings: Bindings) -> str:
    """The stored text of bindings, made by orjson where it can: many steps make `canonical` slow."""
    steps = bindings_to_json(bindings)
    try:
        return orjson.dumps(steps, option=orjson.OPT_SORT_KEYS).decode()
    except TypeError:
        # It knows no integers of more than 64 bits.
        return canonical(steps)


def shown_values(state: FlowState | ShownFlow) -> tuple[str | None, ...]:
    """The values of `SHOWN`."""
    return *texts_of(state), name_key(state.name)


texts_of: Callable[[FlowState | ShownFlow], tuple[str | None, ...]] = attrgetter(*TEXTS)
