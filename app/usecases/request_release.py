"""Request that drafts of a workspace be released together."""

from app.domain.errors import Refused
from app.domain.input import KeyedCall
from app.domain.release import RequestRefusal, RequestWish, plan_request
from app.storage.facts.flows import draft_state
from app.storage.store import Store
from app.storage.writes.release_writes import write_request
from app.usecases.results import Released
from app.usecases.transaction import decide, one_by_one, transaction


@transaction(key=KeyedCall.REQUEST_RELEASE)
async def request_release(store: Store, wish: RequestWish) -> Released | Refused[RequestRefusal]:
    """Request a release of drafts, each at the revision that the caller saw (R4). A refusal writes nothing."""
    facts = await store.draft_facts({item.flow_id: [draft_state] for item in wish.remaining.values()})
    plan = await decide(facts, lambda: plan_request(facts, wish, one_by_one(facts)))
    if isinstance(plan, Refused):
        return plan
    return Released(await write_request(store, plan))
