"""Copy a flow inside its workspace, export flows to a workspace or onto existing flows, and undo that, up to a thousand in one call."""

from app.domain.batch import Batch, UndosWish
from app.domain.errors import Refused
from app.domain.export import CopyRefusal, Exported, ExportRefusal, plan_copy, plan_export
from app.domain.export_batch import BatchRefusal, ExportsWish, plan_batch
from app.domain.facts import CopyWish, ExportFacts, ExportWish
from app.domain.input import KeyedCall
from app.domain.undo import Undone, UndoRefusal, plan_undo, plan_undos
from app.storage.store import Store
from app.storage.writes.copies import undo_exports as restore_what_was_there
from app.storage.writes.copies import write_exports
from app.usecases.plan_exports import counted
from app.usecases.transaction import decide, transaction


@transaction(key=KeyedCall.COPY_FLOW)
async def copy_flow(store: Store, wish: CopyWish) -> Exported | Refused[CopyRefusal]:
    """Make an exact copy as a draft in the same workspace (X1). On a refusal nothing is written."""
    facts = await store.gather([wish])
    plan = await decide(facts, lambda: plan_copy(ExportFacts.of(facts, wish), wish))
    if isinstance(plan, Refused):
        return plan
    [exported] = await write_exports(store, [plan])
    return exported


@transaction(key=KeyedCall.EXPORT_FLOW)
async def export_flow(store: Store, wish: ExportWish) -> Exported | Refused[ExportRefusal]:
    """Export a flow as a draft (X2 to X11). On a refusal nothing is written."""
    facts = await store.gather([wish])
    plan = await decide(facts, lambda: plan_export(ExportFacts.of(facts, wish), wish))
    if isinstance(plan, Refused):
        return plan
    [exported] = await write_exports(store, [plan])
    return exported


@transaction(key=KeyedCall.EXPORT_FLOWS, resumes=True)
async def export_flows(store: Store, wish: ExportsWish) -> Batch[Exported, BatchRefusal]:
    """Export flows as drafts, each with an outcome of its own (P4). A refused item writes nothing."""
    facts = await store.gather([*wish.remaining.values()])
    _, decided = await decide(facts, lambda: plan_batch(facts, wish, counted))
    return decided.carried_out(await write_exports(store, decided.done))


@transaction()
async def undo_export(store: Store, export_id: str) -> Undone | Refused[UndoRefusal]:
    """Restore what was there before, unless somebody has built on the result (P6). On a refusal nothing is written."""
    facts = await store.undo_facts([export_id])
    plan = plan_undo(facts.get(export_id), export_id)
    if isinstance(plan, Refused):
        return plan
    [undone] = await restore_what_was_there(store, [plan])
    return undone


@transaction()
async def undo_exports(store: Store, wish: UndosWish) -> Batch[Undone, UndoRefusal]:
    """Undo copies and exports, the latest first: all or none, or with BEST_EFFORT each on its own (B2)."""
    decided = plan_undos(await store.undo_facts(wish.remaining.values()), wish)
    return decided.carried_out(await restore_what_was_there(store, decided.done))
