"""Writes of releases: requests, decisions and versions (R4 to R8)."""

from collections.abc import Iterable, Sequence

from sqlalchemy import select

from app.domain.model import EventType, FlowStatus, Kind
from app.domain.publish import Published, PublishPlan
from app.domain.release import ReleaseOutcome, ReleasePlan, ReleaseState
from app.domain.review import ReleaseTransition
from app.domain.running import StatusPlan
from app.storage.connections.row_changes import BY, NOW, insert_rows, update_rows
from app.storage.event_writes import release_event
from app.storage.ids import new_id
from app.storage.store import Store
from app.storage.tables import FLOW_DRAFT, RELEASE_ITEM, RELEASE_REQUEST
from app.storage.writes.lifecycle import NOTED_VERSION, REMOVED_DRAFTS, NextVersion, set_status, version_rows

_REQUESTS = insert_rows(
    RELEASE_REQUEST,
    ("id", "workspace_id", "title", "comment", "start", "state"),
    requested_by=BY,
    requested_at=NOW,
)
_ITEMS = insert_rows(
    RELEASE_ITEM,
    (
        "request_id",
        "position",
        "flow_id",
        "flow_name",
        "draft_id",
        "revision",
        "over_version_id",
        "version_id",
        "started",
    ),
    author_id=lambda sent: select(FLOW_DRAFT.c.author_id).where(FLOW_DRAFT.c.id == sent.c.draft_id).scalar_subquery(),
)
_APPLIED = insert_rows(
    RELEASE_REQUEST,
    ("id", "workspace_id", "title", "start", "state"),
    requested_by=BY,
    requested_at=NOW,
    closed_at=NOW,
)
_DECIDED = update_rows(RELEASE_REQUEST, ("state", "review_comment", "reviewed_by", "withdrawn_by"), closed_at=NOW)
_UNDONE = update_rows(RELEASE_REQUEST, ("state",), undone_at=NOW)
_PUBLISHED = update_rows(RELEASE_ITEM, ("version_id", "started"), key=("request_id", "position"))


_EVENT_OF = {
    ReleaseState.APPLIED: EventType.RELEASE_APPLIED,
    ReleaseState.REJECTED: EventType.RELEASE_REJECTED,
    ReleaseState.WITHDRAWN: EventType.RELEASE_WITHDRAWN,
}


async def write_request(store: Store, plan: ReleasePlan) -> ReleaseOutcome:
    """Write a request with its items."""
    id_ = new_id(Kind.RELEASE)
    request = (id_, plan.workspace_id, plan.title, plan.comment, plan.start, ReleaseState.OPEN)
    items = [(id_, position, *_draft_values(each), None, False) for position, each in enumerate(plan.plans)]
    event = release_event(EventType.RELEASE_REQUESTED, plan.workspace_id, id_)
    await store.write(event, (_REQUESTS, [request]), (_ITEMS, items))
    return ReleaseOutcome(id_)


async def publish_drafts(
    store: Store, plans: Sequence[PublishPlan], releases: Iterable[ReleasePlan] = ()
) -> list[Published]:
    """Turn drafts into the next versions of their flows, remove them (H2), and note the releases that they are (B4)."""
    ids, versions = version_rows(
        [
            NextVersion(
                plan.flow.id, plan.draft.state, FlowStatus.ACTIVE if plan.starts_flow else None, plan.without_review
            )
            for plan in plans
        ]
    )
    by_flow = dict(zip((plan.flow.id for plan in plans), ids, strict=True))
    requests, items = [], []
    for release in releases:
        id_ = new_id(Kind.RELEASE)
        requests.append((id_, release.workspace_id, release.title, release.start, ReleaseState.APPLIED))
        items += [
            (id_, position, *_draft_values(plan), by_flow[plan.flow.id], plan.starts_flow)
            for position, plan in enumerate(release.plans)
        ]
    await store.write(
        (_APPLIED, requests),
        (_ITEMS, items),
        (NOTED_VERSION, [(plan.draft.id, by_flow[plan.flow.id]) for plan in plans]),
        (REMOVED_DRAFTS, [(plan.draft.id,) for plan in plans]),
        *versions,
    )
    return [Published(*version) for version in by_flow.items()]


def _draft_values(plan: PublishPlan) -> tuple[str | int | None, ...]:
    """The draft of a release at its revision, over the version that is published."""
    flow, draft = plan.flow, plan.draft
    return flow.id, flow.name, draft.id, draft.revision, None if flow.published is None else flow.published.id


async def write_review(store: Store, plan: ReleaseTransition) -> ReleaseOutcome:
    """Note a decision or a withdrawal; an approval publishes the drafts as the next versions of their flows (R5)."""
    versions = await publish_drafts(store, plan.publishes)
    published = enumerate(zip(versions, plan.publishes, strict=True))
    items = [(plan.release_id, place, version.version_id, each.starts_flow) for place, (version, each) in published]
    event = release_event(_EVENT_OF[plan.state], plan.workspace_id, plan.release_id)
    by = (None, store.actor) if plan.state is ReleaseState.WITHDRAWN else (store.actor, None)
    await store.write(event, (_DECIDED, [(plan.release_id, plan.state, plan.comment, *by)]), (_PUBLISHED, items))
    return ReleaseOutcome(plan.release_id)


async def write_undone_release(store: Store, plan: ReleaseTransition) -> ReleaseOutcome:
    """Make the earlier version of each flow its next one, and stop the flows that the release started (R8)."""
    restored = [
        NextVersion(flow.flow_id, flow.state, FlowStatus.INACTIVE if flow.stops else None)
        for flow in plan.restores
        if flow.state is not None
    ]
    stopped = [
        StatusPlan(flow.flow_id, FlowStatus.INACTIVE) for flow in plan.restores if flow.state is None and flow.stops
    ]
    await store.write(*version_rows(restored)[1])
    await set_status(store, stopped)
    event = release_event(EventType.RELEASE_UNDONE, plan.workspace_id, plan.release_id)
    await store.write(event, (_UNDONE, [(plan.release_id, ReleaseState.UNDONE)]))
    return ReleaseOutcome(plan.release_id)
