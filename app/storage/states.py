"""Drafts and versions as rules see them: the columns of a state, and the state in a row that has them."""

from typing import Any

import orjson
from sqlalchemy import ColumnElement, FromClause, literal

from app.domain.graph import bindings_from_json
from app.domain.model import VersionId, VersionOrigin
from app.domain.source import State
from app.domain.step import Link, make_steps
from app.storage.access import AnyRow

COLUMNS = ("id", "name", "description", "cron", "content_hash", "bindings", "origin", "revert_of")


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


def state_of(row: AnyRow, name: str, *, with_graph: bool = True) -> State | None:
    """The state in a row that has `state_columns`; None where an outer join found none.

    Without its graph it has neither steps nor links nor bindings: reading them takes time where they are many.
    """
    values = {column: row._mapping[f"{name}_{column}"] for column in (*COLUMNS, "revision", "outline")}  # noqa: SLF001 - SQLAlchemy's public way to a column by its name
    if values["id"] is None:
        return None
    outline = orjson.loads(values["outline"]) if with_graph else {"steps": (), "links": ()}
    return State(
        id=values["id"],
        name=values["name"],
        description=values["description"],
        cron=values["cron"],
        content_hash=values["content_hash"],
        steps=make_steps((step[0], step[1], step[2] if len(step) > NAME else None) for step in outline["steps"]),
        bindings=bindings_from_json(orjson.loads(values["bindings"])) if with_graph else (),
        links=tuple(Link(*link) for link in outline["links"]),
        origin=VersionOrigin(values["origin"]),
        revert_of=None if values["revert_of"] is None else VersionId(values["revert_of"]),
        revision=values["revision"],
    )


def graph_size(row: AnyRow, name: str) -> int:
    """How many characters of a state's graph are in a row that has `state_columns`."""
    return sum(len(row._mapping[f"{name}_{column}"] or "") for column in ("outline", "bindings"))  # noqa: SLF001 - as above
