"""Copy a flow inside its workspace, export flows to a workspace or onto existing flows, and undo that, up to a thousand in one call.

Exports are planned by the same rules (P1): then nothing is locked or written.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from app.domain.batch import Batch, CallRefusal, UndosWish
from app.domain.bindings import ExportWarning
from app.domain.errors import Refused
from app.domain.export import CopyRefusal, Exported, ExportPlan, ExportRefusal, plan_copy, plan_export
from app.domain.export_batch import BatchRefusal, DecidedExport, ExportsWish, plan_batch
from app.domain.facts import CopyWish, ExportFacts, ExportWish
from app.domain.fingerprint import fingerprint_of
from app.domain.flow import CopiedFrom, CopiedState, FlowState, Graph, size_of_graphs
from app.domain.input import IdempotencyKeyReused, KeyedCall
from app.domain.readiness import Blocker, blockers
from app.domain.references import ReferenceOutcome
from app.domain.undo import Undone, UndoRefusal, plan_undo, plan_undos
from app.meter import current_meter
from app.offload import interruptible, offload
from app.storage.connections.connection import ReadConnection
from app.storage.facts.gather import gather
from app.storage.facts.locks import find_call, touched_by
from app.storage.store import Store
from app.storage.writes.copies import write_exports, write_undos
from app.usecases.keyed_calls import KeyedWish, find_keyed_call
from app.usecases.transaction import UnitOfWork, decide, forgetting_graphs, transaction, write_one


@transaction(key=KeyedCall.COPY_FLOW)
async def copy_flow(store: Store, wish: CopyWish) -> Exported | Refused[CopyRefusal]:
    """Make an exact copy as a draft in the same workspace (X1). On a refusal nothing is written."""
    facts = await store.lock_export_facts([wish])
    plan = await decide(facts, lambda: plan_copy(ExportFacts.of(facts, wish), wish))
    return await write_one(store, plan, write_exports)


@transaction(key=KeyedCall.EXPORT_FLOW)
async def export_flow(store: Store, wish: ExportWish) -> Exported | Refused[ExportRefusal]:
    """Export a flow as a draft (X2 to X11). On a refusal nothing is written."""
    facts = await store.lock_export_facts([wish])
    plan = await decide(facts, lambda: plan_export(ExportFacts.of(facts, wish), wish))
    return await write_one(store, plan, write_exports)


@transaction(key=KeyedCall.EXPORT_FLOWS, resumes=True)
async def export_flows(store: Store, wish: ExportsWish) -> Batch[Exported, BatchRefusal]:
    """Export flows as drafts, each with an outcome of its own (P4). A refused item writes nothing."""
    facts = await store.lock_export_facts([*wish.remaining.values()])
    _, batch = await decide(facts, lambda: plan_batch(facts, wish, metered_decisions))
    return batch.with_outcomes(await write_exports(store, batch.accepted))


@transaction()
async def undo_export(store: Store, export_id: str) -> Undone | Refused[UndoRefusal]:
    """Restore what was there before, unless somebody has built on the result (P6). On a refusal nothing is written."""
    facts = await store.lock_undo_facts([export_id])
    return await write_one(store, plan_undo(facts.get(export_id), export_id), write_undos)


@transaction()
async def undo_exports(store: Store, wish: UndosWish) -> Batch[Undone, UndoRefusal]:
    """Undo copies and exports, the latest first: all or none, or with BEST_EFFORT each on its own (B2)."""
    batch = plan_undos(await store.lock_undo_facts(wish.remaining.values()), wish)
    return batch.with_outcomes(await write_undos(store, batch.accepted))


@dataclass(frozen=True, slots=True, eq=False)
class ExportPreview:
    """The plan of an export, or every reason against it, with the facts. Previews are told apart by identity."""

    fingerprint: str
    facts: ExportFacts
    copied_from: CopiedFrom | None
    decision: ExportPlan | Refused[BatchRefusal]
    plan: ExportPlan | None
    """The plan of the item, also if only other items of its call prevent it (P1)."""
    about: str | None = None
    """In a call of many, the name of the flow that is exported."""

    @property
    def references(self) -> tuple[ReferenceOutcome, ...]:
        return () if self.plan is None else self.plan.references

    @property
    def warnings(self) -> tuple[ExportWarning, ...]:
        return () if self.plan is None else self.plan.warnings

    @property
    def blockers(self) -> tuple[BatchRefusal, ...]:
        return self.decision.errors if isinstance(self.decision, Refused) else ()

    @property
    def with_draft(self) -> "ExportPreview | None":
        """Itself, if there would be a draft."""
        return None if self.plan is None else self

    @property
    def changed_states(self) -> tuple[FlowState, FlowState] | None:
        """The overridden flow's published version or, without one, its draft, before the draft that it would have; None without such."""
        over = self.facts.overridden
        before = None if over is None else over.published or over.draft
        return None if self.plan is None or before is None else (before.state, self.plan.state)


class ExportPreviews(NamedTuple):
    """The plan of each item of a call, and the refusals of the call as a whole."""

    plans: list[ExportPreview]
    errors: tuple[CallRefusal, ...]


async def preview_export(work: UnitOfWork, wish: ExportWish) -> ExportPreview:
    """Plan an export as it would be carried out now."""
    async with work.database.reading() as connection:
        facts = await gather(connection, work.actor, [wish], touched_by([wish]))
        key_refusals = await _key_refusals(connection, work, KeyedCall.EXPORT_FLOW, wish)
    export_facts = ExportFacts.of(facts, wish)

    def preview() -> ExportPreview:
        decision = Refused(key_refusals) if key_refusals else plan_export(export_facts, wish)
        return _preview_of(DecidedExport(wish, export_facts, decision), decision)

    return await decide(facts, preview)


async def preview_exports(work: UnitOfWork, wish: ExportsWish) -> ExportPreviews:
    """Plan all exports of one call, with the refusals that only the whole call shows: quotas, items onto one flow."""
    async with work.database.reading() as connection:
        remaining = [*wish.remaining.values()]
        facts = await gather(connection, work.actor, remaining, touched_by(remaining))
        key_refusals = await _key_refusals(connection, work, KeyedCall.EXPORT_FLOWS, wish)

    def preview() -> ExportPreviews:
        decided, batch = plan_batch(facts, wish, metered_decisions, key_refusals)
        results = zip(forgetting_graphs(decided, _graphs_of), batch.results, strict=True)
        return ExportPreviews([_preview_of(each, result, each.about) for each, result in results], batch.errors)

    return await decide(facts, preview)


async def _key_refusals(
    connection: ReadConnection, work: UnitOfWork, call: KeyedCall, wish: KeyedWish
) -> tuple[IdempotencyKeyReused, ...]:
    """Refuse a call whose key was used for another input, before the call is looked at (P5)."""
    since = work.clock() - work.keys_kept
    call_or_refusal = await find_keyed_call(
        wish, lambda key, _: find_call(connection, work.actor, call, key, since=since)
    )
    return call_or_refusal.errors if isinstance(call_or_refusal, Refused) else ()


async def check_previews(exports: Sequence[ExportPreview]) -> list[tuple[Blocker, ...]]:
    """Find what would keep each planned draft from being published (H3). Every step counts as an object of the operation."""
    graphs = [export.plan.state.graph for export in exports if export.plan is not None]
    current_meter().take_objects(sum(len(graph.steps) for graph in graphs))
    return await offload(size_of_graphs(*graphs), lambda: [_blockers(export) for export in interruptible(exports)])


def _blockers(export: ExportPreview) -> tuple[Blocker, ...]:
    facts, plan = export.facts, export.plan
    if plan is None or facts.destination is None:
        return ()
    reasons = blockers(plan.state.graph, facts.destination.workspace, facts.catalogue, facts.targets)
    return tuple(replace(reason, about=export.about) for reason in reasons)


def _preview_of(
    decided: DecidedExport, decision: ExportPlan | Refused[BatchRefusal], about: str | None = None
) -> ExportPreview:
    """The plan of an export; the `decision` may be that the rest of its call keeps it from being applied."""
    copied = decided.facts.copied_state(decided.wish)
    return ExportPreview(
        fingerprint_of(decided.facts, decided.wish),
        decided.facts,
        copied.copied_from if isinstance(copied, CopiedState) else None,
        decision,
        decided.plan,
        about,
    )


def metered_decisions(decided: Iterable[DecidedExport]) -> Iterator[DecidedExport]:
    """Pass the decisions on while the operation is within its limits; a graph shared by several of them counts once."""
    meter, graphs = current_meter(), dict[int, Graph]()
    for each in forgetting_graphs(decided, _graphs_of):
        plan = each.plan
        if plan is not None and id(plan.state.graph) not in graphs:
            graphs[id(plan.state.graph)] = plan.state.graph
            meter.take_planned(plan.size)
        yield each


def _graphs_of(decided: DecidedExport) -> Iterator[Graph]:
    facts = decided.facts
    flows = (flow for flow in (facts.source, facts.overridden) if flow is not None)
    states = (facts.named_version, *(saved for flow in flows for saved in flow.states))
    return (saved.state.graph for saved in states if saved is not None)
