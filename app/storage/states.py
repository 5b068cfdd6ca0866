"""The columns of a draft or version: its state, as rules have it, is made and unmade here alone."""

from typing import Any

import orjson
from sqlalchemy import ColumnElement, FromClause, literal

from app.domain.flow import FlowState, SavedState
from app.domain.graph import Bindings, bindings_from_json, bindings_to_json, canonical
from app.domain.input import name_key
from app.domain.model import ExportId, VersionId, VersionOrigin
from app.domain.step import Link, make_steps
from app.storage.database_connections import Row

COLUMNS = ("id", "name", "description", "cron", "content_hash", "bindings", "origin", "revert_of", "export_id")


NAME = 2
"""Where a step of the outline has its name, if it has one: after its id and its command."""


def state_columns(name: str, table: FromClause, content: FromClause) -> list[ColumnElement[Any]]:
    """The columns of a state, each with `name` before it; of its content only the outline is read."""
    columns = {column: table.c[column] for column in COLUMNS}
    revision = table.c.revision if "revision" in table.c else literal(0)
    return [
        column.label(f"{name}_{label}")
        for label, column in (columns | {"revision": revision, "outline": content.c.outline}).items()
    ]


def state_of(row: Row, name: str, *, with_graph: bool = True) -> SavedState | None:
    """The state in a row that has `state_columns`; None where an outer join found none.

    Without its graph it has neither steps nor links nor bindings: reading them takes time where they are many.
    """
    values = {column: row[f"{name}_{column}"] for column in (*COLUMNS, "revision", "outline")}
    if values["id"] is None:
        return None
    outline = orjson.loads(values["outline"]) if with_graph else {"steps": (), "links": ()}
    state = FlowState(
        name=values["name"],
        description=values["description"],
        cron=values["cron"],
        content_hash=values["content_hash"],
        steps=make_steps((step[0], step[1], step[2] if len(step) > NAME else None) for step in outline["steps"]),
        bindings=bindings_from_json(orjson.loads(values["bindings"])) if with_graph else (),
        links=tuple(Link(*link) for link in outline["links"]),
        origin=VersionOrigin(values["origin"]),
        revert_of=None if values["revert_of"] is None else VersionId(values["revert_of"]),
        export_id=None if values["export_id"] is None else ExportId(values["export_id"]),
    )
    return SavedState(values["id"], state, values["revision"])


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


def graph_size(row: Row, name: str) -> int:
    """How many characters of a state's graph are in a row that has `state_columns`."""
    return sum(len(row[f"{name}_{column}"] or "") for column in ("outline", "bindings"))
