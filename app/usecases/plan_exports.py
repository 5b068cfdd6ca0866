"""Plan exports without doing them (P1): the rules are those of the export; nothing is locked or written."""

from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from app.domain.batch import CallRefusal
from app.domain.bindings import ExportWarning
from app.domain.errors import Refused
from app.domain.export import ExportPlan, plan_export
from app.domain.export_batch import BatchRefusal, Decided, Decision, ExportsWish, plan_batch
from app.domain.export_facts import ExportFacts, ExportWish
from app.domain.fingerprint import fingerprint_of
from app.domain.flow import FlowState, Graph, size_of_graphs
from app.domain.input import IdempotencyKeyReused, KeyedCall
from app.domain.model import Workspace
from app.domain.readiness import Blocker, blockers
from app.domain.references import ReferenceOutcome
from app.domain.source import CopiedFrom, CopiedState
from app.meter import current_meter
from app.offload import interruptible, offload
from app.storage.connections.connection import ReadConnection
from app.storage.facts.gather import gather
from app.storage.facts.idempotency_keys import UsedKey, find_call
from app.storage.facts.locks import touched_by
from app.usecases.keyed_calls import KeyedWish, key_in_use
from app.usecases.transaction import UnitOfWork, decide

RECENT_GRAPHS = 16
"""Graphs that stay parsed: a call may be about a thousand flows, and items about one flow often follow each other."""


@dataclass(frozen=True, slots=True, eq=False)
class PlannedDraft:
    """A draft that there isn't yet. Each is a thing of its own, however alike two are."""

    state: FlowState
    workspace: Workspace
    facts: ExportFacts
    before: FlowState | None
    """The state that the draft is compared with: the overridden flow's published version or, without one, its draft."""
    about: str | None = None
    """In a call of many, the name of the flow that is exported."""


@dataclass(frozen=True, slots=True)
class PlannedExport:
    """A plan or every refusal of the export, with the source and the destination as the caller sees them."""

    fingerprint: str
    decision: Decision
    plan: ExportPlan | None
    """The plan of the item, also if only other items of its call prevent it (P1)."""
    workspace_id: str | None
    overrides: str | None
    copied_from: CopiedFrom | None
    draft: PlannedDraft | None

    @property
    def references(self) -> tuple[ReferenceOutcome, ...]:
        return () if self.plan is None else self.plan.references

    @property
    def warnings(self) -> tuple[ExportWarning, ...]:
        return () if self.plan is None else self.plan.warnings

    @property
    def blockers(self) -> tuple[BatchRefusal, ...]:
        return self.decision.errors if isinstance(self.decision, Refused) else ()


@dataclass(frozen=True, slots=True)
class PlannedExports:
    """The plan of each item of a call, and the refusals of the call as a whole."""

    plans: list[PlannedExport]
    errors: tuple[CallRefusal, ...]


async def plan_for(work: UnitOfWork, wish: ExportWish) -> PlannedExport:
    """The plan for an export, as it would be carried out now."""
    async with work.database.reading() as connection:
        facts = await gather(connection, work.actor, [wish], touched_by([wish]))
        reused = await _key_reused(connection, work, KeyedCall.EXPORT_FLOW, wish)
    export_facts = facts.of(wish)

    def planned() -> PlannedExport:
        decision = Refused(reused) if reused else plan_export(export_facts, wish)
        return _planned_export(Decided(0, wish, export_facts, decision))

    return await decide(facts, planned)


async def plan_each(work: UnitOfWork, wishes: Iterable[ExportWish]) -> list[PlannedExport]:
    """Plan one export after the other, since each may read as much as a whole request may."""
    return [await plan_for(work, wish) for wish in wishes]


async def plan_for_all(work: UnitOfWork, wish: ExportsWish) -> PlannedExports:
    """Plan all exports of one call, with the refusals that only the whole call shows: quotas, items onto one flow."""
    async with work.database.reading() as connection:
        remaining = [*wish.remaining.values()]
        facts = await gather(connection, work.actor, remaining, touched_by(remaining))
        reused = await _key_reused(connection, work, KeyedCall.EXPORT_FLOWS, wish)

    def planned() -> PlannedExports:
        batch = plan_batch(facts, wish, counted, reused)
        plans = [_planned_export(decided, is_of_many=True) for decided in forgetting_graphs(batch.items)]
        return PlannedExports(plans, batch.errors)

    return await decide(facts, planned)


async def _key_reused(
    connection: ReadConnection, work: UnitOfWork, call: KeyedCall, wish: KeyedWish
) -> tuple[IdempotencyKeyReused, ...]:
    """Why the call would be refused before it is looked at: its key was used for another input (P5)."""
    since = work.clock() - work.keys_kept
    use = await key_in_use(wish, lambda key, _: find_call(connection, UsedKey(work.actor, call, key, since)))
    return use.errors if isinstance(use, Refused) else ()


async def check_planned(drafts: Sequence[PlannedDraft]) -> list[tuple[Blocker, ...]]:
    """Find what would keep each planned draft from being published (H3). Every step counts as an object of the operation."""
    current_meter().take_objects(sum(len(draft.state.graph.steps) for draft in drafts))
    size = size_of_graphs(*(draft.state.graph for draft in drafts))
    return await offload(size, lambda: [_blockers(draft) for draft in interruptible(drafts)])


def _blockers(draft: PlannedDraft) -> tuple[Blocker, ...]:
    found = blockers(draft.state, draft.workspace, draft.facts.catalogue, draft.facts.targets)
    return found if draft.about is None else tuple(replace(blocker, about=draft.about) for blocker in found)


def _planned_export(decided: Decided, *, is_of_many: bool = False) -> PlannedExport:
    wish, facts, plan = decided.wish, decided.facts, decided.plan
    chosen = facts.copied_state(wish)
    return PlannedExport(
        fingerprint=fingerprint_of(facts, wish),
        decision=decided.decision,
        plan=plan,
        workspace_id=None if facts.destination is None else facts.destination.workspace.id,
        overrides=None if facts.overridden is None else facts.overridden.id,
        copied_from=chosen.copied_from if isinstance(chosen, CopiedState) else None,
        draft=None if plan is None else _draft(facts, plan, is_of_many=is_of_many),
    )


def _draft(facts: ExportFacts, plan: ExportPlan, *, is_of_many: bool) -> PlannedDraft | None:
    if facts.destination is None:
        return None
    over = facts.overridden
    saved = None if over is None else over.published or over.draft
    before = None if saved is None else saved.state
    about = facts.source.name if is_of_many and facts.source is not None else None
    return PlannedDraft(plan.state, facts.destination.workspace, facts, before, about)


def counted(decided: Iterable[Decided]) -> Iterator[Decided]:
    """Pass the decisions on while the operation is within its limits; a graph shared by several of them counts once."""
    meter, planned = current_meter(), dict[int, Graph]()
    for each in forgetting_graphs(decided):
        plan = each.decision
        if not isinstance(plan, Refused) and id(plan.state.graph) not in planned:
            planned[id(plan.state.graph)] = plan.state.graph
            meter.take_planned(plan.size)
        yield each


def forgetting_graphs(decided: Iterable[Decided]) -> Iterator[Decided]:
    """Pass the decisions on while the operation is within its limits; only the last few graphs stay parsed."""
    recent: OrderedDict[int, Graph] = OrderedDict()
    for each in interruptible(decided):
        yield each
        for graph in _graphs_of(each):
            recent[id(graph)] = graph
            recent.move_to_end(id(graph))
        while len(recent) > RECENT_GRAPHS:
            recent.popitem(last=False)[1].forget()


def _graphs_of(decided: Decided) -> Iterator[Graph]:
    flows = (flow for flow in (decided.facts.source, decided.facts.overridden) if flow is not None)
    yield from (saved.state.graph for flow in flows for saved in flow.states)
    yield from (each.state.graph for each in (decided.facts.named_version, decided.plan) if each is not None)
