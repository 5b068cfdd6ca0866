"""The draft of a flow, while others may be at work on it (H1), discarding and restoring it (H8)."""

from dataclasses import dataclass
from enum import StrEnum

from app.domain.access import ContractSuspended, FlowNotFound, InsufficientPermission, writing_refused
from app.domain.errors import (
    DRAFT,
    FLOW,
    ONTO_FLOW,
    REVISION,
    FlowRefusal,
    Path,
    Refused,
    named,
    printable,
    refused,
)
from app.domain.flow import RESTORE_ONE, DraftNotFound, Flow, SavedState
from app.domain.input import InvalidInput
from app.domain.model import DraftId, FlowId


class ExistingDraft(StrEnum):
    """The fate of a draft that the overridden flow has already."""

    SET_ASIDE = "SET_ASIDE"
    REFUSE = "REFUSE"


@dataclass(frozen=True, slots=True)
class DraftAlreadyExists(FlowRefusal):
    draft_id: DraftId

    @property
    def message(self) -> str:
        return (
            f"The flow {printable(self.flow_name)} already has a draft. "
            "Publish or discard it first, or let it be set aside."
        )


@dataclass(frozen=True, slots=True)
class CannotOverrideItself(FlowRefusal):
    @property
    def message(self) -> str:
        return f"The flow {printable(self.flow_name)} can't override itself. Choose another flow, or copy it."


@dataclass(frozen=True, slots=True)
class StaleDraft(FlowRefusal):
    """The draft has changed since the revision that the change is based on, or is gone."""

    expected: int
    draft_id: str | None
    revision: int | None

    @property
    def message(self) -> str:
        flow = printable(self.flow_name)
        if self.revision is None:
            return (
                f"The flow {flow} has no draft any more: it was published or discarded since revision "
                f"{self.expected}. Look at the flow again."
            )
        meanwhile = "it was changed meanwhile" if self.expected < self.revision else "it never had that one"
        return (
            f"The draft of the flow {flow} is at revision {self.revision}, not {self.expected}: {meanwhile}. "
            "Look at it again and repeat the change with its revision."
        )


def no_draft(flow: Flow, expected: int | None, advice: str) -> DraftNotFound | StaleDraft:
    """Refuse to change the draft of a flow that has none; a caller who states a revision knew one (H1)."""
    missing = DraftNotFound(flow.id, flow.name, advice=RESTORE_ONE if flow.published is None else advice, path=FLOW)
    return next(iter(stale(flow, expected)), missing)


def stale(flow: Flow, expected: int | None) -> tuple[StaleDraft, ...]:
    """Refuse a change that states its revision if the draft has another one, or is gone (H1)."""
    draft = flow.draft
    if expected is None or (draft is not None and draft.revision == expected):
        return ()
    at_revision = (None, None) if draft is None else (draft.id, draft.revision)
    return (StaleDraft(flow.id, flow.name, expected, *at_revision, path=REVISION),)


def draft_in_the_way(
    overridden: Flow | None, existing_draft: ExistingDraft, path: Path
) -> tuple[DraftAlreadyExists, ...]:
    """Refuse to override an existing draft if the caller asked for that; else the draft is set aside (X6)."""
    if overridden is None or overridden.draft is None or existing_draft is ExistingDraft.SET_ASIDE:
        return ()
    return (DraftAlreadyExists(overridden.id, overridden.name, DraftId(overridden.draft.id), path=path),)


def overrides_itself(source: Flow | None, overridden: Flow | None) -> tuple[CannotOverrideItself, ...]:
    """Refuse a flow that would override itself (X9)."""
    if source is None or overridden is None or source.id != overridden.id:
        return ()
    return (CannotOverrideItself(source.id, source.name, path=ONTO_FLOW),)


DiscardRefusal = FlowNotFound | DraftNotFound | InsufficientPermission | ContractSuspended | StaleDraft | InvalidInput
"""No text of its input can be wrong yet; callers are prepared for one that can."""


@dataclass(frozen=True, slots=True)
class DiscardWish:
    flow_id: str
    expected_revision: int | None = None


@dataclass(frozen=True, slots=True)
class DiscardPlan:
    flow_id: FlowId
    draft_id: DraftId
    deleted_flow_id: FlowId | None
    """The flow, if it was never published and has no draft set aside, so that it would be empty."""


def plan_discard(
    flow: Flow | None, wish: DiscardWish, *, has_drafts_set_aside: bool
) -> DiscardPlan | Refused[DiscardRefusal]:
    """Decide to discard a draft. The only one of a flow that was never published takes the flow with it (H8).

    Without a flow the caller can't see it.
    """
    if flow is None:
        return Refused((FlowNotFound(wish.flow_id, path=FLOW),))
    draft = flow.draft
    refusals = writing_refused(flow.access, FLOW)
    if draft is None:
        return Refused((no_draft(flow, wish.expected_revision, "There is nothing to discard."), *refusals))
    is_last = flow.published is None and not has_drafts_set_aside
    errors = (*refusals, *stale(flow, wish.expected_revision))
    return refused(*errors) or DiscardPlan(flow.id, DraftId(draft.id), flow.id if is_last else None)


RestoreRefusal = DraftNotFound | InsufficientPermission | ContractSuspended | InvalidInput


@dataclass(frozen=True, slots=True)
class RestorePlan:
    """The draft is the active one again; the present one is set aside in exchange."""

    flow: Flow
    draft: SavedState


def plan_restore(flow: Flow | None, draft: SavedState | None, draft_id: str) -> RestorePlan | Refused[RestoreRefusal]:
    """Decide to restore a draft that was set aside; refuses the draft that is being edited already.

    Without a flow the caller can't see the draft; without the draft it was removed meanwhile.
    """
    missing = DraftNotFound(None, None, draft_id, path=DRAFT)
    if flow is None:
        return Refused((missing,))
    refusals, present = writing_refused(flow.access, DRAFT), flow.draft
    if draft is None:
        return Refused((missing, *refusals))
    if present is not None and present.id == draft.id:
        what = f"This draft of the flow {named(flow)} was not set aside: it is the one that is being edited."
        return Refused((*refusals, InvalidInput(DRAFT, f"{what} Choose a draft that was set aside.")))
    return refused(*refusals) or RestorePlan(flow, draft)
