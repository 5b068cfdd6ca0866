"""Restoring a draft that was set aside (H8)."""

from dataclasses import dataclass

from app.domain.access import ContractSuspended, InsufficientPermission, writing_refused
from app.domain.errors import Refused, refused
from app.domain.flow import Flow, SavedState
from app.domain.input import InvalidInput
from app.domain.model import DraftId, FlowId
from app.domain.paths import DRAFT
from app.domain.source import DraftNotFound
from app.domain.wording import named

RestoreRefusal = DraftNotFound | InsufficientPermission | ContractSuspended | InvalidInput


@dataclass(frozen=True, slots=True)
class RestoreFacts:
    """The flow of a draft that is to be restored, where the caller can see it (A5)."""

    flow: Flow
    draft: SavedState | None
    """None for a draft that was removed meanwhile."""
    is_set_aside: bool = False


@dataclass(frozen=True, slots=True)
class RestorePlan:
    """The draft is the active one again; the present one is set aside in exchange."""

    flow_id: FlowId
    draft: SavedState
    sets_aside: DraftId | None
    renames_flow: bool
    """The flow was never published, so that it shows what its draft says."""
    revision: int
    """The new revision of the draft (H1)."""


def plan_restore(facts: RestoreFacts | None, draft_id: str) -> RestorePlan | Refused[RestoreRefusal]:
    """Decide to restore a draft that was set aside; refuses the draft that is being edited already.

    Without facts the caller can't see the draft.
    """
    if facts is None:
        return Refused((DraftNotFound(None, None, draft_id, path=DRAFT),))
    flow, present = facts.flow, facts.flow.draft
    refusals = writing_refused(flow.access, DRAFT)
    if facts.draft is None:
        return Refused((DraftNotFound(None, None, draft_id, path=DRAFT), *refusals))
    errors = (*refusals, *(() if facts.is_set_aside else (_not_set_aside(flow),)))
    sets_aside = None if present is None else DraftId(present.id)
    return refused(*errors) or RestorePlan(flow.id, facts.draft, sets_aside, flow.published is None, flow.next_revision)


def _not_set_aside(flow: Flow) -> InvalidInput:
    what = f"This draft of the flow {named(flow)} was not set aside: it is the one that is being edited."
    return InvalidInput(DRAFT, f"{what} Choose a draft that was set aside.")
