"""Flows with their states: only those that matter are read with their graphs, since these may be large."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import itemgetter
from typing import Any, NamedTuple

from sqlalchemy import (
    CompoundSelect,
    Select,
    Subquery,
    and_,
    any_,
    bindparam,
    cast,
    func,
    literal_column,
    null,
    select,
    union_all,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Integer, Text

from app.domain.access import WorkspaceAccess
from app.domain.flow import TEXTS, Flow, Graph, SavedState, ShownFlow
from app.domain.model import ContractId, FlowId, FlowStatus, FlowType
from app.domain.source import CopiedState, SourceWish, copied_state
from app.meter import current_meter
from app.offload import interruptible, offload
from app.storage.connections.connection import ReadConnection, Row
from app.storage.locks import NEW_FLOWS_IN, Touched
from app.storage.mirrored_rules import flows_used_in
from app.storage.outlines import OutlinedState, columns_at_once, read_outlines
from app.storage.states import OutlinedGraph, state_of
from app.storage.tables import CONTRACT, FLOW, FLOW_CONTENT, FLOW_DRAFT, FLOW_VERSION, WORKSPACE
from app.storage.visibility import ACCESS_COLUMNS, ACCESSES, BY_VIEWER, FLOWS, access_of, with_access

IDS = bindparam("ids", type_=ARRAY(Text))

NO_GRAPH = Graph()
STATES = ("published", "draft", "named")


class FoundFlow(NamedTuple):
    """A flow, and those of its versions that are named, by id. States whose graphs aren't needed have no steps."""

    flow: Flow
    named: Mapping[str, SavedState]


class FoundFlows(NamedTuple):
    """Flows, and the workspaces in which new ones are made, with how many flows their contracts hold (X10)."""

    flows: dict[str, FoundFlow]
    accesses: dict[str, WorkspaceAccess]
    flows_used: dict[ContractId, int]


Needed = Callable[[FoundFlow], Iterable[SavedState | None]]
"""Says whose graphs are needed."""
Needs = Mapping[str, Sequence[Needed]]
"""By flow: what each export of a call, or whatever looks at it, needs of it."""


def own_states(found: FoundFlow) -> Iterable[SavedState | None]:
    return found.flow.published, found.flow.draft


def named_states(found: FoundFlow) -> Iterable[SavedState | None]:
    return found.named.values()


def no_state(_: FoundFlow) -> Iterable[SavedState | None]:
    return ()


def chosen_by(source: SourceWish) -> Needed:
    """The state that is copied (X4)."""

    def needed(found: FoundFlow) -> Iterable[SavedState | None]:
        chosen = copied_state(found.flow, source, found.named.get(source.version_id or ""))
        state = chosen.state if isinstance(chosen, CopiedState) else None
        return [each for each in (*own_states(found), *named_states(found)) if each is not None and each.state is state]

    return needed


def _named_versions() -> Subquery:
    """Looked up by their ids first, since a flow may have thousands of versions: OFFSET keeps that from being planned anew."""
    wanted = FLOW_VERSION.c.id == any_(bindparam("versions", type_=ARRAY(Text)))
    return select(FLOW_VERSION).where(wanted).offset(literal_column("0")).subquery("named")


_COLUMNS = ("id", "type", "status", "draft_revision", *TEXTS, "updated_at")
_shown_values = itemgetter(*(f"flow_{column}" for column in (*TEXTS, "updated_at")))


def _flows_with_states() -> Select[Any]:
    """The flows with these ids, each with its published version and its active draft, once for each version that is named."""
    states = {
        "published": (FLOW_VERSION.alias("published"), FLOW_CONTENT.alias("published_content")),
        "draft": (FLOW_DRAFT.alias("draft"), FLOW_CONTENT.alias("draft_content")),
        "named": (_named_versions(), FLOW_CONTENT.alias("named_content")),
    }
    published, draft, named = (states[name][0] for name in states)
    joined = with_access(FLOWS)
    on = {
        "published": FLOW.c.published_version_id == published.c.id,
        "draft": and_(draft.c.flow_id == FLOW.c.id, draft.c.set_aside_at.is_(None)),
        "named": named.c.flow_id == FLOW.c.id,
    }
    for name, (table, content) in states.items():
        joined = joined.outerjoin(table, on[name]).outerjoin(content, content.c.hash == table.c.content_hash)
    columns = columns_at_once(states, order_by=(FLOW.c.id, named.c.id))
    flow = [FLOW.c[name].label(f"flow_{name}") for name in _COLUMNS]
    return select(*ACCESS_COLUMNS, *flow, *columns).select_from(joined).where(FLOW.c.id == any_(IDS))


def _flows_and_workspaces() -> CompoundSelect[Any]:
    """The same, and the workspaces in which new flows are made; what only one of the two has is null in the other."""
    used = flows_used_in(NEW_FLOWS_IN)
    of_flows = [cast(null(), column.type).label(column.name) for column in FLOWS_WITH_STATES.selected_columns]
    workspaces = (
        select(*ACCESS_COLUMNS, *of_flows[len(ACCESS_COLUMNS) :], func.coalesce(used.c.used, 0).label("flows_used"))
        .select_from(ACCESSES.outerjoin(used, used.c.contract_id == CONTRACT.c.id))
        .where(BY_VIEWER, WORKSPACE.c.id == any_(NEW_FLOWS_IN))
    )
    return union_all(FLOWS_WITH_STATES.add_columns(cast(null(), Integer).label("flows_used")), workspaces)


FLOWS_WITH_STATES = _flows_with_states()
FLOWS_AND_WORKSPACES = _flows_and_workspaces()


async def read_flows(
    connection: ReadConnection,
    viewer: str,
    needed: Needs,
    versions: Iterable[str | None] = (),
) -> dict[str, FoundFlow]:
    """The flows with these ids."""
    touched = Touched(kept=[*needed], versions=[*filter(None, versions)])
    rows = await connection.rows(FLOWS_WITH_STATES, {"viewer": viewer, **touched.parameters()})
    return await _with_graphs(connection, rows, needed, OutlinedGraph.whole)


async def read_flows_and_workspaces(
    connection: ReadConnection,
    viewer: str,
    needed: Needs,
    touched: Touched,
) -> FoundFlows:
    """The same, with the workspaces in which new flows are made."""
    rows = await connection.rows(FLOWS_AND_WORKSPACES, {"viewer": viewer, **touched.parameters()})
    of_flows = [row for row in rows if row["flow_id"] is not None]
    accesses = [(access_of(row), row.flows_used) for row in rows if row.flow_id is None]
    return FoundFlows(
        await _with_graphs(connection, of_flows, needed, lambda graph: (graph.commands, graph.references)),
        {access.workspace.id: access for access, _ in accesses},
        {access.workspace.contract.id: used for access, used in accesses if used},
    )


async def _with_graphs(
    connection: ReadConnection, rows: Iterable[Row], needed: Needs, look_at: Callable[[OutlinedGraph], object]
) -> dict[str, FoundFlow]:
    """The flows, of whose graphs all that `look_at` looks at is read now. Equal graphs are one, and count once."""
    flows = _by_flow(rows)
    states = [
        OutlinedState(state_id, *its.places[state_id])
        for flow_id, its in flows.items()
        for state_id in its.needed_ids(needed[flow_id])
    ]
    different = {state.key: state for state in states} | {state.key: state for state in states if state.is_read}
    size = sum(state.size for state in different.values())
    current_meter().take_decided(size)
    outlines = await read_outlines(connection, different)
    await offload(size, lambda: [look_at(graph) for graph in interruptible(outlines.values())])
    graphs = {state.id: outlines[state.key] for state in states}
    return {flow_id: its.found(graphs) for flow_id, its in flows.items()}


def _by_flow(rows: Iterable[Row]) -> "dict[str, _RowsOfFlow]":
    """The flows of a workspace share what is known of it."""
    rows_of: dict[str, list[Row]] = {}
    for row in rows:
        rows_of.setdefault(row["flow_id"], []).append(row)
    accesses = {its[0]["workspace_id"]: its[0] for its in rows_of.values()}
    known = {workspace_id: access_of(row) for workspace_id, row in accesses.items()}
    return {flow_id: _RowsOfFlow(its, _places(its), known[its[0]["workspace_id"]]) for flow_id, its in rows_of.items()}


def _places(rows: Sequence[Row]) -> dict[str, tuple[Row, str]]:
    """In which row of a flow, and under which name, each of its states stands first."""
    places: dict[str, tuple[Row, str]] = {}
    for row in rows:
        for name, column in _IDS_OF_STATES.items():
            if row[column] is not None:
                places.setdefault(row[column], (row, name))
    return places


_IDS_OF_STATES = {name: f"{name}_id" for name in STATES}


class _RowsOfFlow(NamedTuple):
    rows: Sequence[Row]
    places: Mapping[str, tuple[Row, str]]
    access: WorkspaceAccess

    def needed_ids(self, needed: Sequence[Needed]) -> set[str]:
        """The drafts and versions whose graphs are needed."""
        found = self.found({})
        return {state.id for each in {*needed} for state in each(found) if state is not None}

    def found(self, graphs: Mapping[str, Graph]) -> FoundFlow:
        """With these graphs; other states have none."""
        states = {
            state_id: state_of(row, name, graphs.get(state_id, NO_GRAPH))
            for state_id, (row, name) in self.places.items()
        }
        first = self.rows[0]
        flow = Flow(
            id=FlowId(first["flow_id"]),
            name=first["flow_name"],
            type=FlowType(first["flow_type"]),
            access=self.access,
            published=states.get(first["published_id"]),
            draft=states.get(first["draft_id"]),
            draft_revision=first["flow_draft_revision"],
            status=FlowStatus(first["flow_status"]),
            shows=ShownFlow(*_shown_values(first)),
        )
        named = (states.get(row["named_id"]) for row in self.rows)
        return FoundFlow(flow, {state.id: state for state in named if state is not None})
