"""Export a flow to another workspace, or onto an existing flow."""

from collections.abc import Callable
from typing import TypeVar

from app.domain.errors import Refusal, Refused
from app.domain.export import ExportPlan, ExportRefusal, plan_export
from app.domain.export_facts import CopyWish, ExportFacts, ExportWish
from app.domain.idempotency import KeyedCall
from app.domain.model import UserId
from app.offload import offload
from app.storage.store import Store, UnitOfWork
from app.storage.writes import write_exports
from app.usecases.do_once import once
from app.usecases.results import Exported
from app.usecases.sizes import size_of_exports

Wish = TypeVar("Wish", CopyWish, ExportWish)
Some = TypeVar("Some", bound=Refusal)


async def export_flow(work: UnitOfWork, actor: UserId, wish: ExportWish) -> Exported | Refused[ExportRefusal]:
    """Export a flow as a draft (X2 to X11), as a call of one item (P8). On a refusal nothing is written."""
    async with work.begin(actor) as store:
        return await once(work, store, KeyedCall.EXPORT_FLOW, wish, lambda: carry_out(plan_export, work, store, wish))


async def carry_out(
    rule: Callable[[ExportFacts, Wish], ExportPlan | Refused[Some]], work: UnitOfWork, store: Store, wish: Wish
) -> Exported | Refused[Some]:
    """Gather facts, have the rule decide, and write its plan."""
    facts = await store.gather([wish])
    plan = await offload(size_of_exports(facts), rule, facts.of(wish), wish)
    if isinstance(plan, Refused):
        return plan
    [written] = await write_exports(store.context(at=work.now()), [plan])
    return Exported.of(plan, written)
