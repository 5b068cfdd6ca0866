"""Drafts and versions by their ids, as rules need them, with the place that they live in."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import FromClause, Select, Text, any_, bindparam, select, union_all
from sqlalchemy.dialects.postgresql import ARRAY

from app.domain.access import WorkspaceAccess
from app.domain.flow import FlowState
from app.meter import current_meter
from app.offload import interruptible, offload
from app.storage.connections.connection import ReadConnection, Row
from app.storage.facts.states import graph_of, state_columns, state_of
from app.storage.facts.visibility import ACCESS_COLUMNS, FLOWS, access_of, with_access
from app.storage.reads.limit import bounded, read_bounded
from app.storage.tables import FLOW, FLOW_CONTENT, FLOW_DRAFT, FLOW_VERSION

IDS = bindparam("ids", type_=ARRAY(Text))


class StateView(NamedTuple):
    flow_id: str
    access: WorkspaceAccess
    state: FlowState


def _states(table: FromClause) -> Select[Any]:
    rows = with_access(FLOWS.join(table, table.c.flow_id == FLOW.c.id)).join(
        FLOW_CONTENT, FLOW_CONTENT.c.hash == table.c.content_hash
    )
    columns = (*ACCESS_COLUMNS, FLOW.c.id.label("flow_id"), *state_columns("state", table, FLOW_CONTENT))
    return select(*columns).select_from(rows).where(table.c.id == any_(IDS))


STATES = bounded(
    union_all(_states(FLOW_DRAFT), _states(FLOW_VERSION)).subquery("states"),
    by="state_id",
    long=("state_bindings", "state_outline"),
)


async def read_states(
    connection: ReadConnection, viewer: str, ids: Sequence[str], *, counts_steps: bool = False
) -> dict[str, StateView]:
    """The drafts and versions with these ids that the viewer sees; their steps count too where each is looked at."""
    rows = await read_bounded(connection, STATES, {"viewer": viewer, "ids": list(ids)})
    size = max((int(row.total) for row in rows), default=0)
    return await offload(size, _views, rows, counts_steps=counts_steps)


def _views(rows: Sequence[Row], *, counts_steps: bool) -> dict[str, StateView]:
    found = {}
    for row in interruptible(rows):
        saved = state_of(row, "state", graph_of(row, "state").whole())
        if saved is not None:
            if counts_steps:
                current_meter().take_objects(len(saved.state.graph.steps))
            found[saved.id] = StateView(row.flow_id, access_of(row), saved.state)
    return found
