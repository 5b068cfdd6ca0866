"""Publish a draft as the next version of its flow."""

from app.domain.errors import Refused
from app.domain.input import KeyedCall
from app.domain.publish import PublishRefusal, PublishWish, plan_publish
from app.storage.store import Store
from app.storage.writes.lifecycle import publish_drafts
from app.usecases.results import Published
from app.usecases.transaction import decide, transaction


@transaction(key=KeyedCall.PUBLISH_FLOW_DRAFT)
async def publish_draft(store: Store, wish: PublishWish) -> Published | Refused[PublishRefusal]:
    """Publish a draft that is ready (H2 to H4). On a refusal nothing is written."""
    facts = await store.draft_facts(wish.flow_id, lambda visible: [visible.flow.draft])
    plan = await decide(facts, lambda: plan_publish(facts, wish))
    if isinstance(plan, Refused):
        return plan
    [version_id] = await publish_drafts(store, [plan])
    return Published(plan.flow_id, version_id)
