"""Export up to a thousand flows in one call."""

from app.domain.errors import Refused
from app.domain.export import ExportPlan
from app.domain.export_batch import BatchWish, plan_batch
from app.domain.input import KeyedCall
from app.storage.store import Store
from app.storage.writes.copies import write_exports
from app.usecases.plan_exports import counted
from app.usecases.results import ExportedBatch
from app.usecases.transaction import decide, transaction


@transaction(key=KeyedCall.EXPORT_FLOWS, resumes=True)
async def export_flows(store: Store, wish: BatchWish) -> ExportedBatch:
    """Export flows as drafts, each with an outcome of its own (P4). A refused item writes nothing."""
    facts = await store.gather([*wish.remaining.values()])
    decided = await decide(facts, lambda: plan_batch(facts, wish, counted))
    decisions = [each.decision for each in decided.items]
    plans = [decision for decision in decisions if isinstance(decision, ExportPlan)]
    exported = iter(await write_exports(store, plans))
    results = (decision if isinstance(decision, Refused) else next(exported) for decision in decisions)
    return ExportedBatch(tuple(results), decided.errors)
