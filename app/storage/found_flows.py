"""Flows with their states: only those that matter are read with their graphs, since these may be large."""

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any, NamedTuple

from sqlalchemy import Select, and_, any_, bindparam, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Text

from app.domain.flow import Flow, SavedState
from app.domain.model import FlowId, FlowType
from app.domain.source import Chosen, SourceWish, chosen_state
from app.offload import offload
from app.storage.database_connections import ReadConnection, Row
from app.storage.ids import Kind, is_id
from app.storage.states import graph_size, state_columns, state_of
from app.storage.tables import FLOW, FLOW_CONTENT, FLOW_DRAFT, FLOW_VERSION
from app.storage.visibility import ACCESS_COLUMNS, FLOWS, access_of, with_access
from app.telemetry.effort import count_graph

IDS = bindparam("ids", type_=ARRAY(Text))

CHARACTERS_OF_OUTLINE = 3
"""How many of a graph a character of its outline and bindings stands for: what is long in a graph isn't read here."""

STATES = ("published", "draft", "named")


class FoundFlow(NamedTuple):
    """A flow, and the version that is named if it is one of its own. States whose graphs aren't needed have no steps."""

    flow: Flow
    named: SavedState | None


Needed = Callable[[FoundFlow], Iterable[SavedState | None]]
"""Says whose graphs are needed."""


def every_state(found: FoundFlow) -> Iterable[SavedState | None]:
    return found.flow.published, found.flow.draft, found.named


def no_state(_: FoundFlow) -> Iterable[SavedState | None]:
    return ()


def chosen_by(source: SourceWish) -> Needed:
    """The state that is copied (X4)."""

    def needed(found: FoundFlow) -> Iterable[SavedState | None]:
        chosen = chosen_state(found.flow, source, found.named)
        state = chosen.state if isinstance(chosen, Chosen) else None
        return [each for each in every_state(found) if each is not None and each.state is state]

    return needed


def _flows_with_states() -> Select[Any]:
    """The flows with these ids, each with its published version, its active draft, and the version that is named."""
    states = {
        "published": (FLOW_VERSION.alias("published"), FLOW_CONTENT.alias("published_content")),
        "draft": (FLOW_DRAFT.alias("draft"), FLOW_CONTENT.alias("draft_content")),
        "named": (FLOW_VERSION.alias("named"), FLOW_CONTENT.alias("named_content")),
    }
    published, draft, named = (states[name][0] for name in states)
    joined = with_access(FLOWS)
    on = {
        "published": FLOW.c.published_version_id == published.c.id,
        "draft": and_(draft.c.flow_id == FLOW.c.id, draft.c.set_aside_at.is_(None)),
        "named": and_(named.c.flow_id == FLOW.c.id, named.c.id == bindparam("version", type_=Text)),
    }
    for name, (table, content) in states.items():
        joined = joined.outerjoin(table, on[name]).outerjoin(content, content.c.hash == table.c.content_hash)
    columns = [column for name, (table, content) in states.items() for column in state_columns(name, table, content)]
    flow = (FLOW.c.id.label("flow_id"), FLOW.c.name.label("flow_name"), FLOW.c.type.label("flow_type"))
    return select(*ACCESS_COLUMNS, *flow, *columns).select_from(joined).where(FLOW.c.id == any_(IDS))


FLOWS_WITH_STATES = _flows_with_states()


async def read_flows(
    connection: ReadConnection,
    viewer: str,
    needed: Mapping[str, Needed],
    version_id: str | None,
    take_bytes: Callable[[int], None] = lambda _: None,
) -> dict[str, FoundFlow]:
    """The flows with these ids. How long the graphs are that are needed is told to `take_bytes` before they are read."""
    ids = [flow_id for flow_id in needed if is_id(Kind.FLOW, flow_id)]
    version = version_id if is_id(Kind.VERSION, version_id) else None
    rows = await connection.rows(FLOWS_WITH_STATES, {"viewer": viewer, "ids": ids, "version": version})
    names = [_needed_names(row, needed[row.flow_id]) for row in rows]
    size = sum(graph_size(row, name) for row, its in zip(rows, names, strict=True) for name in its)
    take_bytes(size)
    count_graph(CHARACTERS_OF_OUTLINE * size)
    found = await offload(size, lambda: [_found(row, its) for row, its in zip(rows, names, strict=True)])
    return {each.flow.id: each for each in found}


def _needed_names(row: Row, needed: Needed) -> Collection[str]:
    """Under which names the states whose graphs are needed stand in a row."""
    found = _found(row, ())
    states = dict(zip(STATES, every_state(found), strict=True))
    wanted = [id(state) for state in needed(found) if state is not None]
    return [name for name, state in states.items() if id(state) in wanted]


def _found(row: Row, with_graphs: Collection[str]) -> FoundFlow:
    published, draft, named = (state_of(row, name, with_graph=name in with_graphs) for name in STATES)
    flow = Flow(
        id=FlowId(row.flow_id),
        name=row.flow_name,
        type=FlowType(row.flow_type),
        access=access_of(row),
        published=published,
        draft=draft,
    )
    return FoundFlow(flow, named)
