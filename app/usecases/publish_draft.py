"""Publish a draft as the next version of its flow."""

from app.domain.errors import Refused
from app.domain.idempotency import KeyedCall
from app.domain.model import UserId
from app.domain.publish import PublishRefusal, PublishWish, plan_publish
from app.offload import offload
from app.storage.draft_writes import publish_draft as write_version
from app.storage.store import Store, UnitOfWork
from app.usecases.do_once import once
from app.usecases.results import Published
from app.usecases.sizes import size_of_draft


async def publish_draft(work: UnitOfWork, actor: UserId, wish: PublishWish) -> Published | Refused[PublishRefusal]:
    """Publish a draft that is ready (H2 to H4). On a refusal nothing is written."""
    async with work.begin(actor) as store:
        return await once(work, store, KeyedCall.PUBLISH_FLOW_DRAFT, wish, lambda: _published(work, store, wish))


async def _published(work: UnitOfWork, store: Store, wish: PublishWish) -> Published | Refused[PublishRefusal]:
    facts = await store.draft_facts(wish.flow_id, lambda found: [found.flow.draft])
    plan = await offload(size_of_draft(facts), plan_publish, facts, wish)
    if isinstance(plan, Refused):
        return plan
    version_id = await write_version(store.context(at=work.now()), plan)
    return Published(plan.flow_id, version_id)
