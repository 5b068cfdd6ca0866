"""The columns of a draft or version: its state, as rules have it, is made and unmade here alone."""

from collections.abc import Callable, Collection, Hashable, Sequence
from functools import cache, cached_property, partial
from operator import itemgetter
from typing import Any, Self

import orjson
from sqlalchemy import ColumnElement, FromClause, literal

from app.domain.flow import FlowState, Graph, SavedState
from app.domain.graph import Bindings, StepBindings, bindings_from_json, bindings_to_json, canonical
from app.domain.input import name_key
from app.domain.model import VersionOrigin
from app.domain.step import Link, Step, make_steps
from app.storage.connections.connection import Row

COLUMNS = ("id", "name", "description", "cron", "content_hash", "bindings", "origin", "revert_of", "export_id")


NAME = 2
"""Where a step of the outline has its name, if it has one: after its id and its command."""


_NEW_LINK = partial(tuple.__new__, Link)
"""Makes one of a list of all its values, as an outline has it."""


def state_columns(name: str, table: FromClause, content: FromClause) -> list[ColumnElement[Any]]:
    """The columns of a state, each with `name` before it; of its content only the outline is read."""
    columns = {column: table.c[column] for column in COLUMNS}
    revision = table.c.revision if "revision" in table.c else literal(0)
    return [
        column.label(f"{name}_{label}")
        for label, column in (columns | {"revision": revision, "outline": content.c.outline}).items()
    ]


class OutlinedGraph(Graph):
    """A graph as it is stored. Its parts are read when they are asked for: most decisions need few of them."""

    def __init__(self, outline: str, bindings: str, known: dict[Hashable, StepBindings] | None = None) -> None:
        super().__init__()
        self._texts = outline, bindings
        self._known = known

    @property
    def size(self) -> int:
        return sum(map(len, self._texts))

    @cached_property
    def steps(self) -> tuple[Step, ...]:
        steps = orjson.loads(self._texts[0])["steps"]
        named = (step[NAME] if len(step) > NAME else None for step in steps)
        return make_steps([*zip((step[0] for step in steps), self.commands, named, strict=True)])

    @cached_property
    def bindings(self) -> Bindings:
        return bindings_from_json(orjson.loads(self._texts[1]), self._known)

    @cached_property
    def links(self) -> tuple[Link, ...]:
        return tuple(map(_NEW_LINK, orjson.loads(self._texts[0])["links"]))

    @cached_property
    def commands(self) -> Sequence[str]:
        different: dict[str, str] = {}
        return [different.setdefault(step[1], step[1]) for step in orjson.loads(self._texts[0])["steps"]]

    @cached_property
    def references(self) -> Collection[str]:
        return tuple(super().references)

    def forget(self) -> None:
        for part in ("steps", "bindings", "links", "users"):
            self.__dict__.pop(part, None)

    def whole(self) -> Self:
        """The same, of which every part has been read."""
        _ = self.parts
        return self


def graph_of(row: Row, name: str, known: dict[Hashable, StepBindings] | None = None) -> OutlinedGraph:
    """The graph of the state in a row that has `state_columns`."""
    return OutlinedGraph(row[f"{name}_outline"], row[f"{name}_bindings"], known)


def state_of(row: Row, name: str, graph: Graph) -> SavedState | None:
    """The state in a row that has `state_columns`; None where an outer join found none."""
    values = _values_of(name)(row)
    id_, text, description, cron, content_hash, origin, revert_of, export_id, revision = values
    if id_ is None:
        return None
    state = FlowState(
        name=text,
        description=description,
        cron=cron,
        content_hash=content_hash,
        graph=graph,
        origin=VersionOrigin(origin),
        revert_of=revert_of,
        export_id=export_id,
    )
    return SavedState(id_, state, revision)


@cache
def _values_of(name: str) -> Callable[[Row], tuple[Any, ...]]:
    """Takes those of a state out of a row."""
    return itemgetter(*(f"{name}_{column}" for column in (*COLUMNS, "revision") if column != "bindings"))


def state_values(state: FlowState) -> dict[str, Any]:
    """The columns that a draft and a version have alike; the content has a row of its own."""
    return {
        **_texts(state),
        "content_hash": state.content_hash,
        "bindings": bindings_text(state.bindings),
        "origin": state.origin.value,
        "revert_of": state.revert_of,
        "export_id": state.export_id,
    }


def bindings_text(bindings: Bindings) -> str:
    """Bindings as they are stored. There may be some for every step, and orjson takes a fraction of the time."""
    steps = bindings_to_json(bindings)
    try:
        return orjson.dumps(steps, option=orjson.OPT_SORT_KEYS).decode()
    except TypeError:
        # It knows no integers of more than 64 bits.
        return canonical(steps)


def shown(state: FlowState) -> dict[str, Any]:
    """What a flow shows of its published version, or of its draft as long as it was never published."""
    return {**_texts(state), "name_key": name_key(state.name)}


def _texts(state: FlowState) -> dict[str, str | None]:
    return {"name": state.name, "description": state.description, "cron": state.cron}
