"""Publish a draft as the next version of its flow, or up to a thousand in one call."""

from app.domain.batch import BatchWish
from app.domain.errors import Refused
from app.domain.input import KeyedCall
from app.domain.publish import PublishRefusal, PublishWish, plan_publish, plan_publishes
from app.domain.release import applied_releases
from app.storage.facts.flows import draft_state
from app.storage.store import Store
from app.storage.writes.lifecycle import publish_drafts as write_version
from app.storage.writes.release_writes import publish_together
from app.usecases.results import Batch, Published
from app.usecases.transaction import decide, one_by_one, transaction


@transaction(key=KeyedCall.PUBLISH_FLOW_DRAFT)
async def publish_draft(store: Store, wish: PublishWish) -> Published | Refused[PublishRefusal]:
    """Publish a draft that is ready (H2 to H4). On a refusal nothing is written."""
    facts = await store.draft_facts({wish.flow_id: [draft_state]})
    plan = await decide(facts, lambda: plan_publish(facts.flows.get(wish.flow_id), wish))
    if isinstance(plan, Refused):
        return plan
    [version_id] = await write_version(store, [plan])
    return Published(plan.draft.flow_id, version_id)


@transaction(key=KeyedCall.PUBLISH_FLOW_DRAFTS, resumes=True)
async def publish_drafts(store: Store, wish: BatchWish[PublishWish]) -> Batch[Published, PublishRefusal]:
    """Publish drafts, all or none unless the call is best effort (B1). A refused draft is left as it is."""
    facts = await store.draft_facts({item.flow_id: [draft_state] for item in wish.remaining.values()})
    decided = await decide(facts, lambda: plan_publishes(facts, wish, one_by_one(facts)))
    versions = await publish_together(store, decided.plans, applied_releases(decided.plans))
    done = [Published(plan.draft.flow_id, version) for plan, version in zip(decided.plans, versions, strict=True)]
    return Batch.of(decided, done)
