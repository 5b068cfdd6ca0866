"""Writes changes of drafts and flows, under the locks of the flows; contents are stored once, however often they come."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, FromClause, Text, func, literal, null, select

from app.domain.component import read_command
from app.domain.content import Content
from app.domain.draft import DiscardPlan, RestorePlan
from app.domain.edit import Saved, UpdatePlan
from app.domain.flow import Flow, FlowState
from app.domain.graph import canonical
from app.domain.model import DraftId, EventType, FlowId, FlowStatus, Kind, VersionId
from app.domain.publish import Reverted, RevertPlan
from app.domain.running import StatusPlan
from app.domain.undo import ChangeSinceExport
from app.meter import current_meter
from app.offload import offload
from app.storage.connections.connection import is_one_of
from app.storage.connections.row_changes import (
    BY,
    NOW,
    Part,
    Parts,
    delete_rows,
    insert_new_rows,
    insert_rows,
    update_rows,
)
from app.storage.event_writes import FlowEvent, flow_events, removed_flows
from app.storage.facts.states import SHOWN, STATE, shown_values, state_values
from app.storage.ids import new_id
from app.storage.reads.rows import DraftView, FlowView
from app.storage.store import Store
from app.storage.tables import FLOW, FLOW_CONTENT, FLOW_CONTENT_COMPONENT, FLOW_DRAFT, FLOW_EXPORT, FLOW_VERSION

LONGEST_COMPONENT_NAME = 255
"""Characters of the name of a team or a component."""

CONTENTS = insert_new_rows(FLOW_CONTENT, ("hash", "graph", "outline"))
COMPONENTS = insert_rows(FLOW_CONTENT_COMPONENT, ("hash", "team", "name"))


async def write_content(store: Store, content: Content) -> None:
    current_meter().take_decided(len(content.canonical))
    row = await offload(len(content.canonical), content_row, content)
    if await store.write((CONTENTS, [row])):
        rows = await offload(len(content.canonical), component_rows, content)
        await store.write((COMPONENTS, rows))


def content_row(content: Content) -> tuple[str, str, str]:
    """Content as it is stored, with steps and links apart, for rules that need not read the graph."""
    links = [[link.source, link.target, link.conditional] for link in content.graph.links]
    steps = [[step.id, step.command, *([] if step.name is None else [step.name])] for step in content.graph.steps]
    return content.hash, content.canonical, canonical({"steps": steps, "links": links})


def component_rows(content: Content) -> list[tuple[str, str, str]]:
    """The components that a content names, and that may exist: an index can't hold names of any length."""
    names = {read.component for step in content.graph.steps if (read := read_command(step.command)) is not None}
    possible = [name for name in sorted(names) if max(map(len, name)) <= LONGEST_COMPONENT_NAME]
    return [(content.hash, name.team, name.name) for name in possible]


def _next_number(version: FromClause) -> ColumnElement[Any]:
    last = select(func.max(FLOW_VERSION.c.number)).where(FLOW_VERSION.c.flow_id == version.c.flow_id)
    return func.coalesce(last.scalar_subquery(), 0) + 1


NEW_FLOWS = insert_rows(
    FLOW,
    ("id", "workspace_id", "type", "draft_revision", *SHOWN),
    returning=FlowView._fields,
    status=literal(FlowStatus.INACTIVE.value, Text),
    created_by=BY,
    created_at=NOW,
    updated_at=NOW,
)
NEW_DRAFTS = insert_rows(
    FLOW_DRAFT,
    ("id", "flow_id", "revision", *STATE),
    returning=DraftView._fields,
    author_id=BY,
    created_at=NOW,
    updated_at=NOW,
)
NEW_VERSIONS = insert_rows(
    FLOW_VERSION, ("id", "flow_id", *STATE), number=_next_number, published_by=BY, published_at=NOW
)
SAVED = update_rows(FLOW_DRAFT, ("revision", *STATE), updated_at=NOW)
SET_ASIDE = update_rows(FLOW_DRAFT, (), set_aside_at=NOW, set_aside_by=BY)
RESTORED = update_rows(FLOW_DRAFT, ("revision",), set_aside_at=null(), set_aside_by=null(), updated_at=NOW)
NOTED = {
    since: update_rows(
        FLOW_EXPORT,
        (),
        FLOW_EXPORT.c.first_change.is_(None),
        key=("draft_id",),
        first_change=literal(since.value, Text),
        first_changed_at=NOW,
    )
    for since in ChangeSinceExport
}
"""Records of exports note what is done first with their drafts (P6)."""
NOTED_VERSION = update_rows(
    FLOW_EXPORT,
    ("version_id",),
    key=("draft_id",),
    first_change=func.coalesce(FLOW_EXPORT.c.first_change, ChangeSinceExport.PUBLISHED.value),
    first_changed_at=func.coalesce(FLOW_EXPORT.c.first_changed_at, NOW),
)
"""Records of exports note the version that their draft became."""
TOUCHED = update_rows(FLOW, (), updated_at=NOW)
REVISED = update_rows(FLOW, ("draft_revision",), updated_at=NOW)
REVISED_WITH_TEXTS = update_rows(FLOW, ("draft_revision", *SHOWN), returning=FlowView._fields, updated_at=NOW)
TOGGLED = update_rows(FLOW, ("status",), updated_at=NOW)
PUBLISHED = update_rows(
    FLOW,
    ("published_version_id", "status", *SHOWN),
    status=lambda flow: func.coalesce(flow.c.status, FLOW.c.status),
    updated_at=NOW,
)
"""Without a status the flow keeps its own (H4)."""
_EVENT_OF = {FlowStatus.ACTIVE: EventType.FLOW_STARTED, FlowStatus.INACTIVE: EventType.FLOW_STOPPED}
REMOVED_DRAFTS = delete_rows(FLOW_DRAFT)

_LOCK_FLOWS_TO_REMOVE = (
    select(FLOW_DRAFT.c.id)
    .select_from(FLOW.outerjoin(FLOW_DRAFT, FLOW_DRAFT.c.flow_id == FLOW.c.id))
    .where(is_one_of(FLOW.c.id, "flows"))
    .order_by(FLOW.c.id)
    .with_for_update(of=FLOW)
)
"""From flows that go: nobody copies from them any more."""


class NextVersion(NamedTuple):
    """A state that becomes the next version of its flow."""

    flow_id: FlowId
    state: FlowState
    status: FlowStatus | None = None
    """The new status of the flow; None where it stays as it is."""
    without_review: bool = False


async def save_draft(store: Store, plan: UpdatePlan) -> Saved:
    """Save a draft, or make one where there is none (H1)."""
    if plan.content is not None:
        await write_content(store, plan.content)
    flow = plan.flow
    revised, values = _revised(flow, plan.state), (flow.next_revision, *state_values(plan.state))
    draft_id = flow.draft_id or DraftId(new_id(Kind.DRAFT))
    if flow.draft_id is None:
        await store.write(revised, (NEW_DRAFTS, [(draft_id, flow.id, *values)]))
    else:
        noted = NOTED[ChangeSinceExport.EDITED], [(draft_id,)]
        await store.write(revised, noted, (SAVED, [(draft_id, *values)]))
    return Saved(flow.id, draft_id)


async def revert_flow(store: Store, plan: RevertPlan) -> Reverted:
    """Make the old version the new draft, or the next version at once (H5)."""
    flow, sets_aside, revised = plan.flow, plan.flow.draft_id, _revised(plan.flow)
    if plan.publish:
        # The draft that it would have been counts as one (H1).
        await store.write(revised)
        [version_id], version = version_rows([NextVersion(flow.id, plan.state, None, plan.without_review)])
        await store.write(*set_aside_rows([sets_aside], ChangeSinceExport.PUBLISHED), *version)
        return Reverted(flow.id, None, version_id, sets_aside, plan.references)
    draft_id = DraftId(new_id(Kind.DRAFT))
    draft = draft_id, flow.id, flow.next_revision, *state_values(plan.state)
    await store.write(*set_aside_rows([sets_aside]), revised, (NEW_DRAFTS, [draft]))
    return Reverted(flow.id, draft_id, None, sets_aside, plan.references)


async def discard_draft(store: Store, plan: DiscardPlan) -> None:
    """Remove the draft, and the flow if nothing would be left of it (H8)."""
    if plan.deleted_flow_id is not None:
        await remove_flow(store, plan.deleted_flow_id)
        return
    draft = [(plan.draft_id,)]
    noted = NOTED[ChangeSinceExport.DISCARDED], draft
    await store.write(noted, (TOUCHED, [(plan.flow_id,)]), (REMOVED_DRAFTS, draft))


async def restore_draft(store: Store, plan: RestorePlan) -> None:
    """Make a draft that was set aside the active one again; the present one is set aside in exchange (H8)."""
    # Two updates of one table can't be parts of one statement.
    await store.write(_revised(plan.flow, plan.draft.state), *set_aside_rows([plan.flow.draft_id]))
    await store.write((RESTORED, [(plan.draft.id, plan.flow.next_revision)]))


async def remove_flow(store: Store, flow_id: FlowId, *, without_review: bool = False) -> None:
    """Remove a flow with its drafts and versions; the records of its exports stay (H9)."""
    drafts = await lock_flows_and_read_drafts(store, [flow_id])
    await store.write(
        (NOTED[ChangeSinceExport.DISCARDED], drafts), *removed_flows([flow_id], without_review=without_review)
    )


async def set_status(store: Store, plans: Sequence[StatusPlan]) -> None:
    """Let flows run, or not; those that stay as they are aren't written (H9)."""
    flows = [(plan.flow_id, plan.status) for plan in plans if plan.status is not None]
    events = [FlowEvent(_EVENT_OF[status], flow_id) for flow_id, status in flows]
    await store.write(flow_events(events), (TOGGLED, flows))


def set_aside_rows(
    drafts: Sequence[DraftId | None], since: ChangeSinceExport = ChangeSinceExport.OVERRIDDEN_AGAIN
) -> Parts:
    """The rows by which active drafts are set aside, with who did it and when; they keep their ids (X6)."""
    rows = [(draft_id,) for draft_id in drafts if draft_id is not None]
    return (SET_ASIDE, rows), (NOTED[since], rows)


async def lock_flows_and_read_drafts(store: Store, flow_ids: Sequence[FlowId]) -> Sequence[tuple[DraftId]]:
    """Lock flows that are to be removed, and read the ids of their drafts."""
    rows = await store.connection.rows(_LOCK_FLOWS_TO_REMOVE, {"flows": flow_ids})
    return [(row.id,) for row in rows if row.id is not None]


def _revised(flow: Flow, draft: FlowState | None = None) -> Part:
    """The next revision of the flow; as long as it was never published, it shows what its draft says."""
    if draft is None or not flow.shows_draft:
        return REVISED, [(flow.id, flow.next_revision)]
    return REVISED_WITH_TEXTS, [(flow.id, flow.next_revision, *shown_values(draft))]


def version_rows(states: Sequence[NextVersion]) -> tuple[list[VersionId], Parts]:
    """The next versions of flows, with their events; what they say becomes the flows', and those with a status get it."""
    ids = [VersionId(new_id(Kind.VERSION)) for _ in states]
    each = [*zip(ids, states, strict=True)]
    flows = [(one.flow_id, version_id, one.status, *shown_values(one.state)) for version_id, one in each]
    versions = [(version_id, one.flow_id, *state_values(one.state)) for version_id, one in each]
    published = [
        FlowEvent(
            EventType.FLOW_PUBLISHED,
            one.flow_id,
            one.state.name,
            version_id=version_id,
            without_review=one.without_review,
        )
        for version_id, one in each
    ]
    toggled = [FlowEvent(_EVENT_OF[one.status], one.flow_id, one.state.name) for one in states if one.status]
    # Versions before flows: their trigger notes the references of all at once, that of flows one flow after the other.
    return ids, (flow_events([*published, *toggled]), (NEW_VERSIONS, versions), (PUBLISHED, flows))
