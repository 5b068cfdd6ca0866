"""Request that drafts of a workspace be released together, and review, withdraw or undo a release."""

from app.domain.errors import Refused
from app.domain.facts import Facts
from app.domain.input import KeyedCall
from app.domain.release import Released, RequestRefusal, RequestWish, plan_request
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
from app.storage.facts.flows import draft_state
from app.storage.store import Store
from app.storage.writes.release_writes import write_request, write_review, write_undone_release, write_withdrawal
from app.usecases.transaction import decide, one_by_one, transaction


@transaction(key=KeyedCall.REQUEST_RELEASE)
async def request_release(store: Store, wish: RequestWish) -> Released | Refused[RequestRefusal]:
    """Request a release of drafts, each at the revision that the caller saw (R4). A refusal writes nothing."""
    facts = await store.draft_facts({item.flow_id: [draft_state] for item in wish.remaining.values()})
    plan = await decide(facts, lambda: plan_request(facts, wish, one_by_one(facts)))
    return plan if isinstance(plan, Refused) else await write_request(store, plan)


@transaction()
async def review_release(store: Store, wish: ReviewWish) -> Released | Refused[ReviewRefusal]:
    """Reject a release, or approve it, which publishes its drafts as they were requested (R5).

    A refusal writes nothing.
    """
    facts = await store.release(wish.release_id)
    if facts is not None and wish.decision is ReviewDecision.APPROVE and not review_refused(facts, wish):
        facts = await store.release_drafts(facts)
    drafts = Facts() if facts is None else facts.drafts
    plan = await decide(drafts, lambda: plan_review(facts, wish, one_by_one(drafts)))
    return plan if isinstance(plan, Refused) else await write_review(store, plan)


@transaction()
async def withdraw_release(store: Store, release_id: str) -> Released | Refused[WithdrawRefusal]:
    """Withdraw an open request (R6). A refusal writes nothing."""
    plan = plan_withdrawal(await store.release(release_id), release_id)
    return plan if isinstance(plan, Refused) else await write_withdrawal(store, plan)


@transaction()
async def undo_release(store: Store, release_id: str) -> Released | Refused[UndoReleaseRefusal]:
    """Undo an applied release: publish the earlier versions of its flows (R8). A refusal writes nothing."""
    facts = await store.release(release_id)
    if facts is not None and not undo_refused(facts):
        facts = await store.release_versions(facts)
    drafts = Facts() if facts is None else facts.drafts
    plan = await decide(drafts, lambda: plan_undo_release(facts, release_id, one_by_one(drafts)))
    return plan if isinstance(plan, Refused) else await write_undone_release(store, plan)
