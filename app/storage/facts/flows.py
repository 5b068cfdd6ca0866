"""Flows with their states: only those that matter are read with their graphs, since these may be large."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import orjson
from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Integer,
    Select,
    Text,
    and_,
    any_,
    cast,
    func,
    literal_column,
    null,
    select,
    true,
    union_all,
)

from app.domain.access import WorkspaceAccess
from app.domain.facts import Facts
from app.domain.flow import (
    TEXTS,
    Base,
    CopiedState,
    Flow,
    Graph,
    SavedState,
    ShownFlow,
    SourceWish,
    copied_state,
)
from app.domain.model import FlowId, FlowStatus, FlowType
from app.meter import current_meter
from app.offload import interruptible, offload
from app.storage.connections.connection import ReadConnection, Row, is_one_of
from app.storage.facts.locks import NEW_FLOWS_IN, Touched
from app.storage.facts.mirrored_rules import base_of, flows_used_in
from app.storage.facts.states import OutlinedState, States, columns_at_once, read_outlines, state_of
from app.storage.facts.visibility import ACCESS_COLUMNS, ACCESSES, BY_VIEWER, FLOWS, access_of, with_access
from app.storage.tables import CONTRACT, FLOW, FLOW_CONTENT, FLOW_DRAFT, FLOW_EXPORT, FLOW_VERSION, WORKSPACE

NO_GRAPH = Graph()
STATES = ("published", "draft", "named")


StateChoice = Callable[[Flow, Mapping[str, SavedState]], Iterable[SavedState | None]]
"""Chooses the states of a flow whose graphs are read: of its own, or of the versions that the caller named, by id."""
StateChoices = Mapping[str, Sequence[StateChoice]]
"""Choices by flow: several exports of a call may each choose states of one flow."""


def own_states(flow: Flow, _: Mapping[str, SavedState]) -> Iterable[SavedState | None]:
    return flow.published, flow.draft


def draft_state(flow: Flow, _: Mapping[str, SavedState]) -> Iterable[SavedState | None]:
    return (flow.draft,)


def edited_state(flow: Flow, _: Mapping[str, SavedState]) -> Iterable[SavedState | None]:
    """The draft or, without one, the published version, which a new draft begins with."""
    return (flow.draft or flow.published,)


def named_states(_: Flow, named: Mapping[str, SavedState]) -> Iterable[SavedState | None]:
    return named.values()


def chosen_by(source: SourceWish) -> StateChoice:
    """Choose the state that is copied (X4)."""

    def copied(flow: Flow, named: Mapping[str, SavedState]) -> Iterable[SavedState | None]:
        chosen = copied_state(flow, source, named.get(source.version_id or ""))
        state = chosen.state if isinstance(chosen, CopiedState) else None
        states = (flow.published, flow.draft, *named.values())
        return [saved for saved in states if saved is not None and saved.state is state]

    return copied


# Versions are looked up by id before the join, since a flow may have thousands: OFFSET keeps the planner from another order.
_NAMED = (
    select(FLOW_VERSION).where(is_one_of(FLOW_VERSION.c.id, "versions")).offset(literal_column("0")).subquery("named")
)
_COLUMNS = ("id", "type", "status", "draft_revision", *TEXTS, "updated_at")


def flows_with_states(*more: Callable[[States], ColumnElement[Any]]) -> Select[Any]:
    """Select flows by id, each with its published version and active draft, in a row for each version that is named.

    `more` are further columns, which depend on the tables of the states.
    """
    states = {
        "published": (FLOW_VERSION.alias("published"), FLOW_CONTENT.alias("published_content")),
        "draft": (FLOW_DRAFT.alias("draft"), FLOW_CONTENT.alias("draft_content")),
        "named": (_NAMED, FLOW_CONTENT.alias("named_content")),
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
    columns += [column(states) for column in more]
    return select(*ACCESS_COLUMNS, *flow, *columns).select_from(joined).where(is_one_of(FLOW.c.id))


def _bases(states: States) -> ColumnElement[Any]:
    """The content that a changed flow's published version last had in common with the flow that it descends from, as JSON."""
    published, descent = states["published"][0], FLOW_EXPORT.alias("descent")
    base = base_of(descent.c.source_flow_id, descent.c.destination_flow_id, descent)
    values = func.json_build_array(descent.c.source_flow_id, base.c.content_hash, published.c.number)
    row = select(cast(values, Text)).select_from(descent.join(base, true()))
    is_changed = is_one_of(FLOW.c.id, "changed")
    of_published = row.where(is_changed, descent.c.id == published.c.descends_from, base.c.content_hash.is_not(None))
    return of_published.correlate(FLOW, published).scalar_subquery().label("base")


def _flows_and_workspaces() -> CompoundSelect[Any]:
    """Select flows with their states, and the workspaces of new flows; columns of only one of the two are null in the other."""
    used = flows_used_in(NEW_FLOWS_IN)
    flows = flows_with_states(_bases)
    of_flows = [cast(null(), column.type).label(column.name) for column in flows.selected_columns]
    workspaces = (
        select(*ACCESS_COLUMNS, *of_flows[len(ACCESS_COLUMNS) :], func.coalesce(used.c.used, 0).label("flows_used"))
        .select_from(ACCESSES.outerjoin(used, used.c.contract_id == CONTRACT.c.id))
        .where(BY_VIEWER, WORKSPACE.c.id == any_(NEW_FLOWS_IN))
    )
    return union_all(flows.add_columns(cast(null(), Integer).label("flows_used")), workspaces)


FLOWS_WITH_STATES = flows_with_states()
FLOWS_AND_WORKSPACES = _flows_and_workspaces()


async def read_flow_facts(connection: ReadConnection, viewer: str, choices: StateChoices, touched: Touched) -> Facts:
    """Read flows with the graphs of the chosen states, and the workspaces of new flows with how much their contracts hold (X10)."""
    rows = await connection.rows(FLOWS_AND_WORKSPACES, {"viewer": viewer, **touched.parameters()})
    facts = await with_graphs(connection, [row for row in rows if row.flow_id is not None], choices)
    accesses = [(access_of(row), row.flows_used) for row in rows if row.flow_id is None]
    return replace(
        facts,
        accesses={access.workspace.id: access for access, _ in accesses},
        flows_used={access.workspace.contract.id: used for access, used in accesses if used},
    )


async def with_graphs(connection: ReadConnection, rows: Sequence[Row], choices: StateChoices) -> Facts:
    """The flows in rows, with the graphs of the chosen states; equal graphs are one object, and count once."""
    # Each state stands in the first row that has it.
    ids = ((row[f"{name}_id"], row, name) for row in reversed(rows) for name in STATES)
    outlined = {state_id: OutlinedState(state_id, row, name) for state_id, row, name in ids if state_id is not None}
    visible = _facts_of(rows, outlined, {})
    chosen = {
        state.id
        for flow_id, flow in visible.flows.items()
        for choose in {*choices[flow_id]}
        for state in choose(flow, visible.versions.get(flow_id, {}))
        if state is not None
    }
    states = [outlined[state_id] for state_id in chosen]
    different = {state.key: state for state in states} | {state.key: state for state in states if state.is_read}
    size = sum(state.size for state in different.values())
    current_meter().take_decided(size)
    outlines = await read_outlines(connection, different)
    # What a graph names is parsed at once: facts are read by it.
    await offload(size, lambda: [(graph.commands, graph.references) for graph in interruptible(outlines.values())])
    return _facts_of(rows, outlined, {state.id: outlines[state.key] for state in states})


def _facts_of(rows: Sequence[Row], outlined: Mapping[str, OutlinedState], graphs: Mapping[str, Graph]) -> Facts:
    """The flows with their named versions, whose states have these graphs by id; other states have no steps.

    Flows of one workspace share its `WorkspaceAccess`.
    """
    states = {
        state_id: state_of(row, name, graphs.get(state_id, NO_GRAPH)) for state_id, row, name in outlined.values()
    }
    of_workspaces = {row["workspace_id"]: row for row in rows}
    accesses = {workspace_id: access_of(row) for workspace_id, row in of_workspaces.items()}
    flows = {row["flow_id"]: _flow_of(row, accesses[row["workspace_id"]], states) for row in rows}
    versions: dict[str, dict[str, SavedState]] = {}
    for row in rows:
        named = states.get(row["named_id"])
        if named is not None:
            versions.setdefault(row["flow_id"], {})[named.id] = named
    return Facts(flows, versions)


def _flow_of(row: Row, access: WorkspaceAccess, states: Mapping[str, SavedState | None]) -> Flow:
    base = row.get("base")
    return Flow(
        id=FlowId(row["flow_id"]),
        name=row["flow_name"],
        type=FlowType(row["flow_type"]),
        access=access,
        published=states.get(row["published_id"]),
        draft=states.get(row["draft_id"]),
        draft_revision=row["flow_draft_revision"],
        status=FlowStatus(row["flow_status"]),
        shows=ShownFlow(*(row[f"flow_{column}"] for column in (*TEXTS, "updated_at"))),
        base=None if base is None else Base(*orjson.loads(base)),
    )
