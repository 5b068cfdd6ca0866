"""Create, start, stop and delete flows; save, publish, discard or restore their drafts; release drafts of a workspace together."""

from collections.abc import Callable
from typing import TypeVar

from app.domain.access import FLOW_EDIT, FLOW_TOGGLE_STATUS
from app.domain.batch import Batch, BatchWish, FlowsWish
from app.domain.draft import (
    DiscardPlan,
    DiscardRefusal,
    DiscardWish,
    RestorePlan,
    RestoreRefusal,
    plan_discard,
    plan_restore,
)
from app.domain.edit import (
    CreateRefusal,
    CreateWish,
    Saved,
    UpdatePlan,
    UpdateRefusal,
    UpdateWish,
    plan_create,
    plan_update,
)
from app.domain.errors import Refused
from app.domain.facts import Facts
from app.domain.flow import Flow
from app.domain.input import KeyedCall
from app.domain.publish import (
    Published,
    PublishRefusal,
    PublishWish,
    Reverted,
    RevertRefusal,
    RevertWish,
    plan_publish,
    plan_publishes,
    plan_revert,
)
from app.domain.release import ReleaseOutcome, RequestRefusal, RequestWish, applied_releases, plan_request
from app.domain.review import (
    ReviewDecision,
    ReviewRefusal,
    ReviewWish,
    UndoReleaseRefusal,
    WithdrawRefusal,
    plan_review,
    plan_undo_release,
    plan_withdrawal,
    review_refused,
    undo_refused,
)
from app.domain.running import (
    DeletePlan,
    DeleteRefusal,
    StartRefusal,
    StatusPlan,
    StopRefusal,
    plan_delete,
    plan_each,
    plan_start,
    plan_stop,
)
from app.storage.facts.flows import draft_state, edited_state, named_states
from app.storage.facts.states import has_drafts_set_aside
from app.storage.store import Store
from app.storage.writes import lifecycle, release_writes
from app.storage.writes.copies import write_flow
from app.usecases.transaction import decide, metered_items, transaction, write_one

Reason = TypeVar("Reason", StartRefusal, StopRefusal)
Rule = Callable[[Flow | None, str], StatusPlan | Refused[Reason]]


@transaction(key=KeyedCall.CREATE_FLOW)
async def create_flow(store: Store, wish: CreateWish) -> Saved | Refused[CreateRefusal]:
    """Create a flow with a draft, however unfinished (C6). On a refusal nothing is written."""
    facts = await store.lock_create_facts(wish)
    plan = await decide(facts, lambda: plan_create(facts, wish))
    return plan if isinstance(plan, Refused) else await write_flow(store, plan)


@transaction()
async def update_draft(store: Store, wish: UpdateWish) -> Saved | Refused[UpdateRefusal]:
    """Save a draft, made from the published version if there is none (H1). On a refusal nothing is written."""
    bound = [choice for step in wish.bindings for choice in step.choices.values() if choice is not None]
    facts = await store.lock_draft_facts({wish.flow_id: [edited_state]}, sent=wish.graph, bound=bound)
    plan = await decide(facts, lambda: plan_update(facts, wish))
    return await lifecycle.save_draft(store, plan) if isinstance(plan, UpdatePlan) else plan


@transaction()
async def discard_draft(store: Store, wish: DiscardWish) -> DiscardPlan | Refused[DiscardRefusal]:
    """Remove a draft, and the flow if nothing is left of it (H8). On a refusal nothing is removed."""
    flow = (await store.lock_flows([wish.flow_id], permission=FLOW_EDIT)).get(wish.flow_id)
    aside = flow is not None and await has_drafts_set_aside(store.connection, flow.id)
    plan = plan_discard(flow, wish, has_drafts_set_aside=aside)
    if not isinstance(plan, Refused):
        await lifecycle.discard_draft(store, plan)
    return plan


@transaction()
async def restore_draft(store: Store, draft_id: str) -> RestorePlan | Refused[RestoreRefusal]:
    """Make it the active draft; the present one is set aside in exchange (H8). On a refusal nothing is written."""
    plan = plan_restore(*await store.lock_flow_and_draft(draft_id), draft_id)
    if not isinstance(plan, Refused):
        await lifecycle.restore_draft(store, plan)
    return plan


@transaction(key=KeyedCall.PUBLISH_FLOW_DRAFT)
async def publish_draft(store: Store, wish: PublishWish) -> Published | Refused[PublishRefusal]:
    """Publish a draft that is ready (H2 to H4). On a refusal nothing is written."""
    facts = await store.lock_draft_facts({wish.flow_id: [draft_state]})
    plan = await decide(facts, lambda: plan_publish(facts, wish))
    return await write_one(store, plan, release_writes.publish_drafts)


@transaction(key=KeyedCall.PUBLISH_FLOW_DRAFTS, resumes=True)
async def publish_drafts(store: Store, wish: BatchWish[PublishWish]) -> Batch[Published, PublishRefusal]:
    """Publish drafts, all or none unless the call is best effort (B1), as one applied release of each workspace (B4).

    A refused draft is left as it is.
    """
    facts = await store.lock_draft_facts({item.flow_id: [draft_state] for item in wish.remaining.values()})
    batch = await decide(facts, lambda: plan_publishes(facts, wish, metered_items(facts)))
    return batch.with_outcomes(
        await release_writes.publish_drafts(store, batch.accepted, applied_releases(batch.accepted))
    )


@transaction(key=KeyedCall.REVERT_FLOW)
async def revert_flow(store: Store, wish: RevertWish) -> Reverted | Refused[RevertRefusal]:
    """Make an old version the new draft, or the next version at once (H5). On a refusal nothing is written."""
    facts = await store.lock_draft_facts({wish.flow_id: [named_states]}, wish.version_id)
    plan = await decide(facts, lambda: plan_revert(facts, wish))
    return plan if isinstance(plan, Refused) else await lifecycle.revert_flow(store, plan)


@transaction()
async def start_flow(store: Store, flow_id: str) -> StatusPlan | Refused[StartRefusal]:
    """Start the flow's published version, unless it runs already (H9). On a refusal nothing is written."""
    return await _toggle(store, flow_id, plan_start)


@transaction()
async def start_flows(store: Store, wish: FlowsWish) -> Batch[StatusPlan, StartRefusal]:
    """Start flows, all or none unless the call is best effort (B3). A refused flow is left as it is."""
    return await _toggle_each(store, wish, plan_start)


@transaction()
async def stop_flow(store: Store, flow_id: str) -> StatusPlan | Refused[StopRefusal]:
    """Stop a flow if it runs, also one of a suspended contract (H9). On a refusal nothing is written."""
    return await _toggle(store, flow_id, plan_stop)


@transaction()
async def stop_flows(store: Store, wish: FlowsWish) -> Batch[StatusPlan, StopRefusal]:
    """Stop flows, all or none unless the call is best effort (B3). A refused flow is left as it is."""
    return await _toggle_each(store, wish, plan_stop)


async def _toggle(store: Store, flow_id: str, rule: Rule[Reason]) -> StatusPlan | Refused[Reason]:
    flows = await store.lock_flows([flow_id], permission=FLOW_TOGGLE_STATUS)
    plan = rule(flows.get(flow_id), flow_id)
    if not isinstance(plan, Refused):
        await lifecycle.set_status(store, [plan])
    return plan


async def _toggle_each(store: Store, wish: FlowsWish, rule: Rule[Reason]) -> Batch[StatusPlan, Reason]:
    flows = await store.lock_flows(wish.remaining.values(), permission=FLOW_TOGGLE_STATUS)
    batch = plan_each(rule, flows, wish)
    await lifecycle.set_status(store, batch.accepted)
    return batch


@transaction()
async def delete_flow(store: Store, flow_id: str) -> DeletePlan | Refused[DeleteRefusal]:
    """Delete a flow that doesn't run, with its drafts and versions (H9). On a refusal nothing is written."""
    flows = await store.lock_flows([flow_id], permission=FLOW_EDIT)
    plan = plan_delete(flows.get(flow_id), flow_id)
    if not isinstance(plan, Refused):
        await lifecycle.remove_flow(store, plan.flow_id, without_review=plan.without_review)
    return plan


@transaction(key=KeyedCall.REQUEST_RELEASE)
async def request_release(store: Store, wish: RequestWish) -> ReleaseOutcome | Refused[RequestRefusal]:
    """Request a release of drafts, each at the revision that the caller saw (R4). A refusal writes nothing."""
    facts = await store.lock_draft_facts({item.flow_id: [draft_state] for item in wish.remaining.values()})
    plan = await decide(facts, lambda: plan_request(facts, wish, metered_items(facts)))
    return plan if isinstance(plan, Refused) else await release_writes.write_request(store, plan)


@transaction()
async def review_release(store: Store, wish: ReviewWish) -> ReleaseOutcome | Refused[ReviewRefusal]:
    """Reject a release, or approve it, which publishes its drafts as they were requested (R5).

    A refusal writes nothing.
    """
    facts = await store.lock_release(wish.release_id)
    if facts is not None and wish.decision is ReviewDecision.APPROVE and not review_refused(facts, wish):
        facts = await store.lock_release_drafts(facts)
    drafts = Facts() if facts is None else facts.drafts
    plan = await decide(drafts, lambda: plan_review(facts, wish, metered_items(drafts)))
    return plan if isinstance(plan, Refused) else await release_writes.write_review(store, plan)


@transaction()
async def withdraw_release(store: Store, release_id: str) -> ReleaseOutcome | Refused[WithdrawRefusal]:
    """Withdraw an open request (R6). A refusal writes nothing."""
    plan = plan_withdrawal(await store.lock_release(release_id), release_id)
    return plan if isinstance(plan, Refused) else await release_writes.write_review(store, plan)


@transaction()
async def undo_release(store: Store, release_id: str) -> ReleaseOutcome | Refused[UndoReleaseRefusal]:
    """Undo an applied release: publish the earlier versions of its flows (R8). A refusal writes nothing."""
    facts = await store.lock_release(release_id)
    if facts is not None and not undo_refused(facts):
        facts = await store.lock_release_versions(facts)
    drafts = Facts() if facts is None else facts.drafts
    plan = await decide(drafts, lambda: plan_undo_release(facts, release_id, metered_items(drafts)))
    return plan if isinstance(plan, Refused) else await release_writes.write_undone_release(store, plan)
