"""Refusals of overriding a flow (X6, X9)."""

from dataclasses import dataclass
from enum import StrEnum

from app.domain.errors import Refusal
from app.domain.flow import Flow
from app.domain.model import DraftId, FlowId
from app.domain.paths import ONTO_FLOW, Path
from app.domain.wording import printable


class ExistingDraft(StrEnum):
    """The fate of a draft that the overridden flow has already."""

    SET_ASIDE = "SET_ASIDE"
    REFUSE = "REFUSE"


@dataclass(frozen=True, slots=True)
class DraftAlreadyExists(Refusal):
    draft_id: DraftId
    flow_id: FlowId
    flow_name: str

    @property
    def message(self) -> str:
        return (
            f"The flow {printable(self.flow_name)} already has a draft. "
            "Publish or discard it first, or let it be set aside."
        )


@dataclass(frozen=True, slots=True)
class CannotOverrideItself(Refusal):
    flow_id: FlowId
    flow_name: str

    @property
    def message(self) -> str:
        return f"The flow {printable(self.flow_name)} can't override itself. Choose another flow, or copy it."


def draft_in_the_way(
    overridden: Flow | None, existing_draft: ExistingDraft, path: Path
) -> tuple[DraftAlreadyExists, ...]:
    """Refuse to override an existing draft if the caller asked for that; else the draft is set aside (X6)."""
    if overridden is None or overridden.draft is None or existing_draft is ExistingDraft.SET_ASIDE:
        return ()
    return (DraftAlreadyExists(DraftId(overridden.draft.id), overridden.id, overridden.name, path=path),)


def overrides_itself(source: Flow | None, overridden: Flow | None) -> tuple[CannotOverrideItself, ...]:
    """Refuse a flow that would override itself (X9)."""
    if source is None or overridden is None or source.id != overridden.id:
        return ()
    return (CannotOverrideItself(source.id, source.name, path=ONTO_FLOW),)
