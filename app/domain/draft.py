"""The draft of a flow while others may be at work on it (H1), and what every change of it rests on."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from app.domain.access import FlowNotFound, Place
from app.domain.component import Catalogue
from app.domain.error_code import ErrorCode
from app.domain.model import FlowId, Target
from app.domain.source import DraftNotFound, Flow, State
from app.domain.wording import with_id


@dataclass(frozen=True, slots=True)
class StaleDraft:
    """The draft has moved since the revision that the change is based on, or is gone."""

    code: ClassVar = ErrorCode.STALE_DRAFT
    flow_id: FlowId
    flow_name: str
    expected: int
    draft_id: str | None
    revision: int | None

    @property
    def message(self) -> str:
        flow = with_id(self.flow_name, self.flow_id)
        if self.revision is None:
            return (
                f"The flow {flow} has no draft any more: it was published or discarded since revision "
                f"{self.expected}. Look at the flow again."
            )
        return (
            f"The draft of the flow {flow} is at revision {self.revision}, not {self.expected}: it was changed "
            "meanwhile. Look at it again and repeat the change with its revision."
        )


@dataclass(frozen=True, slots=True)
class DraftFacts:
    """What a change of a draft rests on, as the caller can see it (A5)."""

    flow: Flow | None
    named_version: State | None = None
    """The version of the flow that the wish names."""
    catalogue: Catalogue = field(default_factory=Catalogue)
    targets: Mapping[str, Target] = field(default_factory=dict)

    @property
    def place(self) -> Place | None:
        return None if self.flow is None else self.flow.place


def flow_not_found(flow: Flow | None, flow_id: str) -> tuple[FlowNotFound, ...]:
    return (FlowNotFound(flow_id),) if flow is None else ()


def stale(flow: Flow | None, expected: int | None) -> tuple[StaleDraft, ...]:
    """A change that states its revision is refused if the draft has another one, or is gone."""
    if flow is None or expected is None:
        return ()
    draft = flow.draft
    if draft is None:
        return (StaleDraft(flow.id, flow.name, expected, None, None),)
    return () if draft.revision == expected else (StaleDraft(flow.id, flow.name, expected, draft.id, draft.revision),)


def draft_missing(flow: Flow | None, expected: int | None) -> tuple[DraftNotFound, ...]:
    """There is no draft, and the caller doesn't say that there was one: that would be `StaleDraft`."""
    return (DraftNotFound(flow.id, flow.name),) if flow is not None and flow.draft is None and expected is None else ()
