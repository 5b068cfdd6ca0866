"""What changes of a draft or of a flow that is there write, under the lock of the flow."""

from sqlalchemy import delete, func, insert, select, update

from app.domain.discard import DiscardPlan
from app.domain.flow import FlowState
from app.domain.model import DraftId, FlowId, FlowStatus, VersionId
from app.domain.publish import PublishPlan
from app.domain.restore import RestorePlan
from app.domain.revert import RevertPlan
from app.domain.undo import ChangeSinceExport
from app.domain.update import UpdatePlan
from app.storage.ids import Kind, new_id
from app.storage.states import shown, state_values
from app.storage.tables import FLOW, FLOW_DRAFT, FLOW_EXPORT, FLOW_VERSION
from app.storage.write_context import (
    KEEP_OTHERS_AWAY,
    MADE_THIS_DRAFT,
    SAVE_DRAFT,
    THIS_DRAFT,
    THIS_FLOW,
    UPDATE_DRAFT,
    WriteContext,
    noting,
)

_DELETE_DRAFT = delete(FLOW_DRAFT).where(FLOW_DRAFT.c.id == THIS_DRAFT)
_PUBLISH_DRAFT, _DISCARD_DRAFT = (
    noting(_DELETE_DRAFT, since, MADE_THIS_DRAFT)
    for since in (ChangeSinceExport.PUBLISHED, ChangeSinceExport.DISCARDED)
)
_DELETE_FLOW = noting(
    delete(FLOW).where(FLOW.c.id == THIS_FLOW),
    ChangeSinceExport.DISCARDED,
    FLOW_EXPORT.c.draft_id.in_(select(FLOW_DRAFT.c.id).where(FLOW_DRAFT.c.flow_id == THIS_FLOW)),
)
_UPDATE_FLOW = update(FLOW).where(FLOW.c.id == THIS_FLOW)
_LAST_NUMBER = select(func.coalesce(func.max(FLOW_VERSION.c.number), 0)).where(FLOW_VERSION.c.flow_id == THIS_FLOW)
_INSERT_VERSION = insert(FLOW_VERSION).values(number=_LAST_NUMBER.scalar_subquery() + 1)
"""It sets each other column too that a parameter is named for."""


async def save_draft(context: WriteContext, plan: UpdatePlan) -> DraftId:
    """Save a draft, or make one where there is none; its revision grows by one (H1)."""
    if plan.content is not None:
        await context.insert_content(plan.content)
    revision = await context.next_revision(plan.flow_id, plan.state if plan.renames_flow else None)
    if plan.draft_id is None:
        return await context.insert_draft(plan.flow_id, plan.state, revision=revision)
    saved = {**state_values(plan.state), "revision": revision, "updated_at": context.at}
    await context.connection.change(SAVE_DRAFT, {"this_draft": plan.draft_id, "at": context.at, **saved})
    return plan.draft_id


async def publish_draft(context: WriteContext, plan: PublishPlan) -> VersionId:
    """Turn the draft into the next version and remove it (H2)."""
    version_id = await _insert_version(context, plan.flow_id, plan.state, starts_flow=plan.starts_flow)
    await context.connection.change(_PUBLISH_DRAFT, {"this_draft": plan.draft_id, "at": context.at})
    return version_id


async def revert_to_draft(context: WriteContext, plan: RevertPlan) -> DraftId:
    """Make the old version the new draft (H5)."""
    await context.set_aside(plan.sets_aside)
    revision = await context.next_revision(plan.flow_id)
    return await context.insert_draft(plan.flow_id, plan.state, revision=revision)


async def revert_and_publish(context: WriteContext, plan: RevertPlan) -> VersionId:
    """Make the old version the next one at once; the draft that it would have been counts as one (H1, H5)."""
    await context.set_aside(plan.sets_aside, ChangeSinceExport.PUBLISHED)
    await context.next_revision(plan.flow_id)
    return await _insert_version(context, plan.flow_id, plan.state)


async def discard_draft(context: WriteContext, plan: DiscardPlan) -> None:
    """Remove the draft, and the flow if nothing would be left of it (H8)."""
    if plan.deletes_flow:
        await remove_flow(context, plan.flow_id)
        return
    await context.connection.change(_DISCARD_DRAFT, {"this_draft": plan.draft_id, "at": context.at})
    await context.connection.change(_UPDATE_FLOW, {"this_flow": plan.flow_id, "updated_at": context.at})


async def restore_draft(context: WriteContext, plan: RestorePlan) -> None:
    """Make a draft that was set aside the active one again; the present one is set aside in exchange (H8)."""
    await context.set_aside(plan.sets_aside)
    active = {"set_aside_at": None, "set_aside_by": None, "updated_at": context.at}
    revision = await context.next_revision(plan.flow_id, plan.draft.state if plan.renames_flow else None)
    await context.connection.change(UPDATE_DRAFT, {"this_draft": plan.draft.id, **active, "revision": revision})


async def remove_flow(context: WriteContext, flow_id: FlowId) -> None:
    """Remove a flow with its drafts and versions; the records of its exports stay (H9)."""
    await context.connection.row(KEEP_OTHERS_AWAY, {"this_flow": flow_id})
    await context.connection.change(_DELETE_FLOW, {"this_flow": flow_id, "at": context.at})


async def set_status(context: WriteContext, flow_id: FlowId, status: FlowStatus) -> None:
    """Let a flow run, or not (H9)."""
    changes = {"status": status.value, "updated_at": context.at}
    await context.connection.change(_UPDATE_FLOW, {"this_flow": flow_id, **changes})


async def _insert_version(
    context: WriteContext, flow_id: FlowId, state: FlowState, *, starts_flow: bool = False
) -> VersionId:
    """The next version; what it says becomes the flow's, and whether the flow runs stays as it is (H4), unless it starts."""
    version_id = VersionId(new_id(Kind.VERSION))
    published = {"published_by": context.actor, "published_at": context.at}
    version = {"id": version_id, "flow_id": flow_id, **state_values(state), **published}
    await context.connection.change(_INSERT_VERSION, {"this_flow": flow_id, **version})
    changes = {**shown(state), "published_version_id": version_id, "updated_at": context.at}
    if starts_flow:
        changes["status"] = FlowStatus.ACTIVE.value
    await context.connection.change(_UPDATE_FLOW, {"this_flow": flow_id, **changes})
    return version_id
