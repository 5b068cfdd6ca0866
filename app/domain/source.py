"""Finds the state of the source flow that is copied (X4)."""

from dataclasses import dataclass, field
from enum import StrEnum

from app.domain.errors import FLOW, SOURCE_STATE, SOURCE_VERSION, FlowRefusal, Refusal, not_found, printable
from app.domain.flow import Flow, FlowState, SavedState
from app.domain.model import FlowId, Kind, VersionId, other_kind


class CopiedFrom(StrEnum):
    PUBLISHED_VERSION = "PUBLISHED_VERSION"
    DRAFT = "DRAFT"
    OLDER_VERSION = "OLDER_VERSION"


class StateOfFlow(StrEnum):
    PUBLISHED_VERSION = "PUBLISHED_VERSION"
    DRAFT = "DRAFT"


@dataclass(frozen=True, slots=True)
class VersionNotFound(FlowRefusal):
    version_id: str | None
    """None for the published version."""

    @property
    def message(self) -> str:
        flow = printable(self.flow_name)
        if self.version_id is None:
            return f"The flow {flow} was never published. Publish it first, or take its draft."
        other = other_kind(self.version_id, Kind.VERSION)
        if other is not None:
            return f"{printable(self.version_id)} is the id of {other}, not of a version. Choose one from the history of {flow}."
        return f"The flow {flow} has no version {printable(self.version_id)}. Choose one from its history."


TAKE_THE_VERSION = "Take its published version, or edit the flow first."
RESTORE_ONE = "Restore a draft that was set aside first."


@dataclass(frozen=True, slots=True)
class DraftNotFound(Refusal):
    flow_id: FlowId | None
    """Set if the caller named the flow."""
    flow_name: str | None
    draft_id: str | None = None
    """Set if the caller named the draft."""
    advice: str = field(default=TAKE_THE_VERSION, compare=False)
    """The advice to a caller who named the flow."""

    @property
    def message(self) -> str:
        if self.draft_id is not None:
            return not_found(Kind.DRAFT, self.draft_id)
        return f"The flow {printable(self.flow_name or '')} has no draft. {self.advice}"


@dataclass(frozen=True, slots=True)
class SourceWish:
    """At most one of the two is set. Neither: the published version, or the draft of a flow never published."""

    state: StateOfFlow | None = None
    version_id: str | None = None


BY_DEFAULT = SourceWish()


@dataclass(frozen=True, slots=True)
class CopiedState:
    """The state of a flow that is copied: that of its draft or of a version."""

    flow: Flow
    state: FlowState
    copied_from: CopiedFrom
    version_id: VersionId | None = None
    """None for a draft."""


def copied_state(
    flow: Flow, wish: SourceWish, named_version: SavedState | None
) -> CopiedState | VersionNotFound | DraftNotFound:
    """Find the state that is copied; refuse where there is none (X4).

    `named_version` is the version that the wish names, None where this flow has no such version.
    """
    if wish.version_id is not None:
        if named_version is None:
            return VersionNotFound(flow.id, flow.name, wish.version_id, path=SOURCE_VERSION)
        is_published = flow.published is not None and flow.published.id == named_version.id
        copied_from = CopiedFrom.PUBLISHED_VERSION if is_published else CopiedFrom.OLDER_VERSION
        return CopiedState(flow, named_version.state, copied_from, VersionId(named_version.id))
    if wish.state is StateOfFlow.DRAFT or (wish.state is None and flow.published is None):
        if flow.draft is not None:
            return CopiedState(flow, flow.draft.state, CopiedFrom.DRAFT)
        advice = RESTORE_ONE if flow.published is None else TAKE_THE_VERSION
        return DraftNotFound(flow.id, flow.name, advice=advice, path=FLOW if wish.state is None else SOURCE_STATE)
    if flow.published is None:
        return VersionNotFound(flow.id, flow.name, None, path=SOURCE_STATE)
    return CopiedState(flow, flow.published.state, CopiedFrom.PUBLISHED_VERSION, VersionId(flow.published.id))
