"""Export up to a thousand flows in one call."""

from app.domain.export import Exported
from app.domain.export_batch import BatchRefusal, ExportsWish, plan_batch
from app.domain.input import KeyedCall
from app.storage.store import Store
from app.storage.writes.copies import write_exports
from app.usecases.plan_exports import counted
from app.usecases.results import Batch
from app.usecases.transaction import decide, transaction


@transaction(key=KeyedCall.EXPORT_FLOWS, resumes=True)
async def export_flows(store: Store, wish: ExportsWish) -> Batch[Exported, BatchRefusal]:
    """Export flows as drafts, each with an outcome of its own (P4). A refused item writes nothing."""
    facts = await store.gather([*wish.remaining.values()])
    decided = await decide(facts, lambda: plan_batch(facts, wish, counted))
    return Batch.of(decided, await write_exports(store, decided.plans))
