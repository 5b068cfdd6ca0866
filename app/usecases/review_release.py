"""Review, withdraw or undo a release that was requested."""

from app.domain.errors import Refused
from app.domain.review import (
    ReviewDecision,
    ReviewRefusal,
    ReviewWish,
    WithdrawRefusal,
    plan_review,
    plan_withdrawal,
    review_refused,
)
from app.domain.undo_release import UndoReleaseRefusal, plan_undo_release, undo_refused
from app.storage.store import Store
from app.storage.writes.release_writes import write_review, write_undone_release, write_withdrawal
from app.usecases.results import Released
from app.usecases.transaction import decide, one_by_one, transaction


@transaction()
async def review_release(store: Store, wish: ReviewWish) -> Released | Refused[ReviewRefusal]:
    """Reject a release, or approve it, which publishes its drafts as they were requested (R5).

    A refusal writes nothing.
    """
    facts = await store.release(wish.release_id)
    if facts is not None and wish.decision is ReviewDecision.APPROVE and not review_refused(facts, wish):
        facts = await store.release_drafts(facts)
    plan = await decide(facts, lambda: plan_review(facts, wish, one_by_one(None if facts is None else facts.flows)))
    if isinstance(plan, Refused):
        return plan
    await write_review(store, plan)
    return Released(plan.release_id)


@transaction()
async def withdraw_release(store: Store, release_id: str) -> Released | Refused[WithdrawRefusal]:
    """Withdraw an open request (R6). A refusal writes nothing."""
    plan = plan_withdrawal(await store.release(release_id), release_id)
    if isinstance(plan, Refused):
        return plan
    await write_withdrawal(store, plan)
    return Released(plan.release_id)


@transaction()
async def undo_release(store: Store, release_id: str) -> Released | Refused[UndoReleaseRefusal]:
    """Undo an applied release: publish the earlier versions of its flows (R8). A refusal writes nothing."""
    facts = await store.release(release_id)
    if facts is not None and not undo_refused(facts):
        facts = await store.release_versions(facts)
    plan = await decide(
        facts, lambda: plan_undo_release(facts, release_id, one_by_one(None if facts is None else facts.flows))
    )
    if isinstance(plan, Refused):
        return plan
    await write_undone_release(store, plan)
    return Released(plan.release_id)
