"""Undo a copy or export, or up to a thousand in one call."""

from app.domain.batch import UndosWish
from app.domain.errors import Refused
from app.domain.undo import UndoRefusal, earliest_of_flows, plan_undo, plan_undos
from app.storage.store import Store
from app.storage.writes.undo import undo_exports as restore_what_was_there
from app.usecases.results import Batch, Undone
from app.usecases.transaction import transaction


@transaction()
async def undo_export(store: Store, export_id: str) -> Undone | Refused[UndoRefusal]:
    """Restore what was there before, unless somebody has built on the result (P6). On a refusal nothing is written."""
    facts = await store.undo_facts([export_id])
    plan = plan_undo(facts.get(export_id), export_id)
    if isinstance(plan, Refused):
        return plan
    await restore_what_was_there(store, [plan])
    return Undone.of(plan, plan)


@transaction()
async def undo_exports(store: Store, wish: UndosWish) -> Batch[Undone, UndoRefusal]:
    """Undo copies and exports, the latest first: all or none, or with BEST_EFFORT each on its own (B2)."""
    facts = await store.undo_facts(wish.remaining.values())
    decided = plan_undos(facts, wish)
    await restore_what_was_there(store, decided.plans)
    earliest = earliest_of_flows(decided.plans)
    return Batch.of(decided, [Undone.of(plan, earliest[plan.draft.flow_id]) for plan in decided.plans])
