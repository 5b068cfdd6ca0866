"""Undoing a copy or export: what was there before comes back, unless somebody has built on the result (P6)."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar

from app.domain.access import (
    ContractSuspended,
    InsufficientPermission,
    WorkspaceAccess,
    contract_suspended,
    rights_missing,
)
from app.domain.error_code import ErrorCode
from app.domain.errors import Refused, at, in_order
from app.domain.id_prefixes import Kind
from app.domain.model import DraftId, ExportId, FlowId
from app.domain.paths import EXPORT, Path
from app.domain.wording import not_found, shown


class ChangeSinceExport(StrEnum):
    """What was done first with the result of an export."""

    EDITED = "EDITED"
    PUBLISHED = "PUBLISHED"
    OVERRIDDEN_AGAIN = "OVERRIDDEN_AGAIN"
    DISCARDED = "DISCARDED"
    ALREADY_UNDONE = "ALREADY_UNDONE"
    EXPIRED = "EXPIRED"
    """The draft that was set aside is no longer kept."""


@dataclass(frozen=True, slots=True)
class ExportNotFound:
    code: ClassVar = ErrorCode.EXPORT_NOT_FOUND
    export_id: str
    path: Path = field(default=(), compare=False)

    @property
    def message(self) -> str:
        return not_found(Kind.EXPORT, self.export_id)


@dataclass(frozen=True, slots=True)
class CannotUndo:
    code: ClassVar = ErrorCode.CANNOT_UNDO
    flow_name: str | None
    """None: the flow is gone."""
    since: ChangeSinceExport
    path: Path = field(default=(), compare=False)

    @property
    def message(self) -> str:
        what = "The export" if self.flow_name is None else f"The export to the flow {shown(self.flow_name)}"
        return f"{what} can't be undone: {_TOLD[self.since]}"


_TOLD = {
    ChangeSinceExport.EDITED: "its draft was edited since. Discard the draft instead, or restore the one before it.",
    ChangeSinceExport.PUBLISHED: "it was published since. Revert the flow to an earlier version instead.",
    ChangeSinceExport.OVERRIDDEN_AGAIN: "another draft took its place since. Restore the draft that you want instead.",
    ChangeSinceExport.DISCARDED: "its draft was discarded since, so there is nothing to undo.",
    ChangeSinceExport.ALREADY_UNDONE: "that was done already.",
    ChangeSinceExport.EXPIRED: "the draft that it set aside is no longer kept. Discard its draft instead.",
}


@dataclass(frozen=True, slots=True)
class ExportedDraft:
    """The draft that an export made, as long as it is there, and what was there before."""

    id: DraftId
    flow_id: FlowId
    set_aside: DraftId | None = None
    is_kept: bool = True
    """Whether the draft that was set aside, if there is one, is still there."""
    is_all_of_flow: bool = False
    """Whether the flow has no version, and no other draft: so it is with one that the export made."""


@dataclass(frozen=True, slots=True)
class UndoFacts:
    """What undoing rests on, where the caller is a member of the destination workspace (A5)."""

    export_id: ExportId
    access: WorkspaceAccess
    """The destination workspace."""
    flow_name: str | None
    """None: the flow is gone."""
    since: ChangeSinceExport | None
    """What was done first since; None: nothing."""
    made: ExportedDraft | None


@dataclass(frozen=True, slots=True)
class UndoPlan:
    export_id: ExportId
    draft: ExportedDraft
    """The draft that goes; one that it set aside comes back."""
    deletes_flow: bool
    """Nothing else would be left of it (H8), as of one that was new."""


UndoRefusal = InsufficientPermission | ContractSuspended | ExportNotFound | CannotUndo


def plan_undo(facts: UndoFacts | None, export_id: str) -> UndoPlan | Refused[UndoRefusal]:
    """Decide to undo a copy or export, or give every reason against it: above all that somebody has built on it.

    Without facts there is no such record, or the caller can't see where it went.
    """
    if facts is None:
        return Refused((ExportNotFound(export_id, EXPORT),))
    refusals: tuple[UndoRefusal, ...] = (*rights_missing(facts.access), *contract_suspended(facts.access))
    made = _unchanged(facts)
    if isinstance(made, ChangeSinceExport):
        return Refused(in_order(at(EXPORT, (*refusals, CannotUndo(facts.flow_name, made)))))
    if refusals:
        return Refused(in_order(at(EXPORT, refusals)))
    return UndoPlan(facts.export_id, made, made.set_aside is None and made.is_all_of_flow)


def _unchanged(facts: UndoFacts) -> ExportedDraft | ChangeSinceExport:
    """The draft as the export made it, or what was done first since."""
    if facts.since is not None:
        return facts.since
    if facts.made is None:
        return ChangeSinceExport.DISCARDED
    return facts.made if facts.made.is_kept else ChangeSinceExport.EXPIRED
