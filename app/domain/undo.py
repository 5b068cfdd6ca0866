"""Undoing a copy or export: the state before comes back, unless somebody has built on the result (P6)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum, StrEnum

from app.domain.access import ContractSuspended, InsufficientPermission, WorkspaceAccess, writing_refused
from app.domain.batch import Batch, BatchNotApplied, UndosWish, decide_items
from app.domain.errors import EXPORT, NotFound, Refusal, Refused, printable, refused
from app.domain.flow import ShownFlow
from app.domain.input import InvalidInput
from app.domain.model import DraftId, ExportId, FlowId, Kind


class DraftState(Enum):
    """Whether a draft is being edited, set aside, or gone."""

    ACTIVE = "ACTIVE"
    ASIDE = "ASIDE"
    GONE = "GONE"


class ChangeSinceExport(StrEnum):
    """The first change of the result of an export."""

    EDITED = "EDITED"
    PUBLISHED = "PUBLISHED"
    OVERRIDDEN_AGAIN = "OVERRIDDEN_AGAIN"
    DISCARDED = "DISCARDED"
    ALREADY_UNDONE = "ALREADY_UNDONE"
    EXPIRED = "EXPIRED"
    """The draft that was set aside is no longer kept."""


@dataclass(frozen=True, slots=True)
class ExportNotFound(NotFound):
    kind = Kind.EXPORT


class Instead(Enum):
    """The advice where an export can't be undone, as the flow is now."""

    UNDO_LATER_EXPORT = "Undo the later export first, which set its draft aside."
    RESTORE_DRAFT = "Restore the draft that it set aside instead."
    DISCARD_DRAFT = "Discard the draft that the flow has now instead."
    REVERT = "Revert the flow to an earlier version instead."
    DELETE = "Delete the flow instead."
    STOP_AND_DELETE = "Stop the flow and delete it instead."
    NOTHING = "Nothing is left to undo."


@dataclass(frozen=True, slots=True)
class CannotUndo(Refusal):
    flow_name: str | None
    """None: the flow is gone."""
    since: ChangeSinceExport
    instead: Instead | None = None
    """None for a caller who may not change the flow."""

    @property
    def message(self) -> str:
        if self.since is ChangeSinceExport.ALREADY_UNDONE:
            return f"{self._export} is undone already."
        reason = "its flow is gone since" if self.flow_name is None else _REASONS[self.since]
        told = f"{self._export} can't be undone: {reason}."
        return told if self.instead is None else f"{told} {self.instead.value}"

    @property
    def _export(self) -> str:
        return "The export" if self.flow_name is None else f"The export to the flow {printable(self.flow_name)}"


_REASONS = {
    ChangeSinceExport.EDITED: "its draft was edited since",
    ChangeSinceExport.PUBLISHED: "the flow was published since",
    ChangeSinceExport.OVERRIDDEN_AGAIN: "another draft took its place since",
    ChangeSinceExport.DISCARDED: "its draft was discarded since",
    ChangeSinceExport.EXPIRED: "the draft that it set aside is no longer kept",
}


@dataclass(frozen=True, slots=True)
class ExportedDraft:
    """The draft that an export made, as long as it exists, and the draft before it."""

    id: DraftId
    flow_id: FlowId
    set_aside: DraftId | None = None
    is_kept: bool = True
    """Whether the draft that was set aside, if there is one, is still there."""
    other_states: int = 0
    """Number of the flow's other drafts and published version; 0 for a flow that only the export made."""


@dataclass(frozen=True, slots=True)
class FlowSince:
    """The flow as it is now, which decides the way out where its export can't be undone."""

    draft: DraftState = DraftState.GONE
    """The draft that the export made."""
    set_aside: DraftState = DraftState.GONE
    """The draft that the export set aside; GONE also where it set none aside."""
    has_draft: bool = False
    """A draft is being edited, whether the export made it or not."""
    is_new: bool = False
    """The export made it."""
    had_version: bool = False
    """Before the export."""
    was_published: bool = False
    """Since the export, whatever it was."""
    is_running: bool = False
    has_later_export: bool = False
    """A later export set the draft aside, and can be undone."""


@dataclass(frozen=True, slots=True)
class UndoFacts:
    """The facts about an undo, where the caller is a member of the destination workspace (A5)."""

    export_id: ExportId
    access: WorkspaceAccess
    """The destination workspace."""
    created_at: datetime
    """The time of the export."""
    shows: ShownFlow | None
    """The flow as it is shown now. None: the flow is gone."""
    before: ShownFlow | None
    """The flow as it was shown before the export; None for an old record, which doesn't note it."""
    since: ChangeSinceExport | None
    """The first change since the export."""
    overridden_at: datetime | None
    """When the first change set the draft aside: the time of the later export, if an export did; else None."""
    draft: ExportedDraft | None
    flow: FlowSince
    draft_revision: int
    """The revision of the latest draft that the flow had (H1)."""
    is_published: bool = False
    """The flow shows its published version, which no export changes (X5)."""

    @property
    def flow_name(self) -> str | None:
        return None if self.shows is None else self.shows.name


@dataclass(frozen=True, slots=True)
class UndoPlan:
    export_id: ExportId
    created_at: datetime
    """The time of the export."""
    draft: ExportedDraft
    """The draft that goes; one that it set aside comes back."""
    deletes_flow: bool
    """The flow would be empty without the draft, as a new one is (H8)."""
    revision: int
    """The revision of the flow's latest draft: that of the draft that comes back, if there is one (H1)."""
    shows: ShownFlow
    """The flow as it is shown afterwards; a start or stop since the export keeps its time."""


@dataclass(frozen=True, slots=True)
class Undone:
    """A copy or export that was undone."""

    export_id: ExportId
    flow_id: FlowId
    restored_draft: DraftId | None
    deleted_flow_id: FlowId | None
    """The id of the flow if it is gone with the draft."""


UndoRefusal = InsufficientPermission | ContractSuspended | ExportNotFound | CannotUndo | InvalidInput | BatchNotApplied


def plan_undo(facts: UndoFacts | None, export_id: str) -> UndoPlan | Refused[UndoRefusal]:
    """Decide to undo a copy or export, or give every reason against it: above all that somebody has built on it.

    Without facts there is no such record, or the caller can't see where it went.
    """
    if facts is None:
        return Refused((ExportNotFound(export_id, path=EXPORT),))
    refusals, draft, shown = writing_refused(facts.access, EXPORT), facts.draft, facts.shows
    if facts.since is not None or shown is None or draft is None or not draft.is_kept:
        gone = ChangeSinceExport.DISCARDED if draft is None else ChangeSinceExport.EXPIRED
        instead = None if refusals else _instead(facts)
        return Refused((*refusals, CannotUndo(facts.flow_name, facts.since or gone, instead, path=EXPORT)))
    deletes_flow = draft.set_aside is None and draft.other_states == 0
    revision = facts.draft_revision if draft.set_aside is None else facts.draft_revision + 1
    return refused(*refusals) or UndoPlan(
        facts.export_id, facts.created_at, draft, deletes_flow, revision, _shown_before(facts, shown)
    )


def _shown_before(facts: UndoFacts, now: ShownFlow) -> ShownFlow:
    before = facts.before or now
    texts = now if facts.is_published else before
    is_last_change = now.updated_at == facts.created_at
    return replace(texts, updated_at=before.updated_at if is_last_change else now.updated_at)


def plan_undos(facts: Mapping[str, UndoFacts], wish: UndosWish) -> Batch[UndoPlan, UndoRefusal]:
    """Decide to undo several copies or exports, each by `plan_undo`, the latest onto a flow first (B2)."""
    decisions = {export_id: plan_undo(each, export_id) for export_id, each in facts.items()}
    by_draft = {each.draft.id: each for each in facts.values() if each.draft is not None}
    for decision in list(decisions.values()):
        later = decision
        while isinstance(later, UndoPlan) and (earlier := _overridden_by(later, by_draft)) is not None:
            later = decisions[earlier.export_id] = plan_undo(_after(later, earlier), earlier.export_id)
    names = {export_id: each.flow_name for export_id, each in facts.items()}
    return decide_items(wish, lambda export_id: decisions.get(export_id) or plan_undo(None, export_id), str, names)


def earliest_of_flows(plans: Sequence[UndoPlan]) -> dict[FlowId, UndoPlan]:
    """The plans of the earliest export onto each flow, which decide the state of the flow afterwards."""
    gone = {plan.draft.id for plan in plans}
    return {plan.draft.flow_id: plan for plan in plans if plan.draft.set_aside not in gone}


def _overridden_by(later: UndoPlan, by_draft: Mapping[DraftId, UndoFacts]) -> UndoFacts | None:
    """The export whose draft a later export set aside, if nothing else was done with that draft before."""
    earlier = None if later.draft.set_aside is None else by_draft.get(later.draft.set_aside)
    return earlier if earlier is not None and earlier.overridden_at == later.created_at else None


def _after(later: UndoPlan, facts: UndoFacts) -> UndoFacts:
    """The facts about an export after undoing the later export that set its draft aside."""
    return replace(
        facts,
        since=None,
        overridden_at=None,
        shows=later.shows,
        draft=None if facts.draft is None else replace(facts.draft, other_states=later.draft.other_states - 1),
        flow=replace(facts.flow, draft=DraftState.ACTIVE, has_later_export=False),
        draft_revision=later.revision,
    )


def _instead(facts: UndoFacts) -> Instead:
    """The way back to what the flow had before the export, or as near to that as is possible now."""
    flow, draft = facts.flow, facts.draft
    is_active = flow.draft is DraftState.ACTIVE
    if facts.since is ChangeSinceExport.ALREADY_UNDONE or facts.flow_name is None:
        return Instead.NOTHING
    if flow.has_later_export:
        return Instead.UNDO_LATER_EXPORT
    if flow.was_published and flow.had_version and not is_active:
        return Instead.REVERT
    if flow.set_aside is DraftState.ASIDE:
        return Instead.RESTORE_DRAFT
    if flow.is_new or (is_active and draft is not None and draft.other_states == 0):
        return Instead.STOP_AND_DELETE if flow.is_running else Instead.DELETE
    if is_active or (flow.draft is DraftState.ASIDE and flow.has_draft and flow.set_aside is DraftState.GONE):
        return Instead.DISCARD_DRAFT
    return Instead.NOTHING
