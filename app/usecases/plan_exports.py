"""What exports would do, without doing it (P1): from the same functions, without locks, and nothing is written."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.domain.export import ExportPlan, plan_export
from app.domain.export_batch import BatchWish, Decided, Decision, plan_batch
from app.domain.export_facts import ExportFacts, ExportWish
from app.domain.fingerprint import fingerprint_of
from app.domain.flow import FlowState
from app.domain.model import UserId, Workspace
from app.domain.readiness import Blocker, blockers
from app.domain.source import Chosen, CopiedFrom, chosen_state
from app.meter import current_meter
from app.offload import interruptible, offload
from app.storage.engine import Database
from app.storage.gather import gather
from app.usecases.planned_exports import counted
from app.usecases.sizes import size_of_exports, size_of_states


@dataclass(frozen=True, slots=True, eq=False)
class PlannedDraft:
    """A draft that there isn't yet. Each is a thing of its own, however alike two are."""

    state: FlowState
    workspace: Workspace
    facts: ExportFacts
    before: FlowState | None
    """What it is compared with: the published version of the overridden flow, or its draft where it has none."""


@dataclass(frozen=True, slots=True)
class PlannedExport:
    """A plan, or every reason why there is none, with what was found of both ends."""

    fingerprint: str
    decision: Decision
    workspace_id: str | None
    overrides: str | None
    copied_from: CopiedFrom | None
    draft: PlannedDraft | None


async def plan_for(database: Database, actor: UserId, wish: ExportWish) -> PlannedExport:
    """The plan for an export, as it would be carried out now."""
    async with database.reading() as connection:
        facts = await gather(connection, actor, [wish])
    its = facts.of(wish)
    return await offload(size_of_exports(facts), lambda: _told(Decided(wish, its, plan_export(its, wish))))


async def plan_for_all(database: Database, actor: UserId, wish: BatchWish) -> list[PlannedExport]:
    """The same for a call of many, with what only the whole can tell: quotas, items onto one flow."""
    async with database.reading() as connection:
        facts = await gather(connection, actor, wish.items)
    size = size_of_exports(facts, len(wish.items))
    return await offload(
        size, lambda: [_told(decided) for decided in interruptible(plan_batch(facts, wish, counted).items)]
    )


async def check_planned(drafts: Sequence[PlannedDraft]) -> list[tuple[Blocker, ...]]:
    """What would keep each of these drafts from being published (H3); every step that is looked at counts."""
    current_meter().take_objects(sum(len(draft.state.steps) for draft in drafts))
    size = size_of_states(*(draft.state for draft in drafts))
    return await offload(size, lambda: [_blockers(draft) for draft in interruptible(drafts)])


def _blockers(draft: PlannedDraft) -> tuple[Blocker, ...]:
    return blockers(draft.state, draft.workspace, draft.facts.catalogue, draft.facts.targets)


def _told(decided: Decided) -> PlannedExport:
    wish, facts, decision = decided
    chosen = None if facts.source is None else chosen_state(facts.source, wish.source, facts.named_version)
    return PlannedExport(
        fingerprint=fingerprint_of(facts, wish),
        decision=decision,
        workspace_id=None if facts.destination is None else facts.destination.workspace.id,
        overrides=None if facts.overridden is None else facts.overridden.id,
        copied_from=chosen.copied_from if isinstance(chosen, Chosen) else None,
        draft=_draft(facts, decision) if isinstance(decision, ExportPlan) else None,
    )


def _draft(facts: ExportFacts, plan: ExportPlan) -> PlannedDraft | None:
    if facts.destination is None:
        return None
    over = facts.overridden
    before = None if over is None else over.published or over.draft
    return PlannedDraft(plan.state, facts.destination.workspace, facts, None if before is None else before.state)
