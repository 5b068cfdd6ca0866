"""Export a flow to another workspace or onto an existing flow, or up to a thousand in one call."""

from app.domain.errors import Refused
from app.domain.export import Exported, ExportRefusal, plan_export
from app.domain.export_batch import BatchRefusal, ExportsWish, plan_batch
from app.domain.export_facts import ExportWish
from app.domain.input import KeyedCall
from app.storage.store import Store
from app.storage.writes.copies import write_exports
from app.usecases.plan_exports import counted
from app.usecases.results import Batch
from app.usecases.transaction import decide, transaction


@transaction(key=KeyedCall.EXPORT_FLOW)
async def export_flow(store: Store, wish: ExportWish) -> Exported | Refused[ExportRefusal]:
    """Export a flow as a draft (X2 to X11). On a refusal nothing is written."""
    facts = await store.gather([wish])
    plan = await decide(facts, lambda: plan_export(facts.of(wish), wish))
    if isinstance(plan, Refused):
        return plan
    [exported] = await write_exports(store, [plan])
    return exported


@transaction(key=KeyedCall.EXPORT_FLOWS, resumes=True)
async def export_flows(store: Store, wish: ExportsWish) -> Batch[Exported, BatchRefusal]:
    """Export flows as drafts, each with an outcome of its own (P4). A refused item writes nothing."""
    facts = await store.gather([*wish.remaining.values()])
    decided = await decide(facts, lambda: plan_batch(facts, wish, counted))
    return Batch.of(decided, await write_exports(store, decided.plans))
