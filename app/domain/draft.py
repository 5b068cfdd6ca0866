"""The draft of a flow while others may be at work on it (H1), and what every change of it rests on."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from app.domain.access import FlowNotFound, Place
from app.domain.component import Catalogue
from app.domain.error_code import ErrorCode
from app.domain.model import FlowId, Target
from app.domain.paths import FLOW, REVISION, Path
from app.domain.source import RESTORE_ONE, DraftNotFound, Flow, State
from app.domain.wording import shown


@dataclass(frozen=True, slots=True)
class StaleDraft:
    """The draft has moved since the revision that the change is based on, or is gone."""

    code: ClassVar = ErrorCode.STALE_DRAFT
    flow_id: FlowId
    flow_name: str
    expected: int
    draft_id: str | None
    revision: int | None
    path: Path = field(default=(), compare=False)

    @property
    def message(self) -> str:
        flow = shown(self.flow_name)
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
    return (FlowNotFound(flow_id, FLOW),) if flow is None else ()


def stale(flow: Flow | None, expected: int | None) -> tuple[StaleDraft, ...]:
    """A change that states its revision is refused if the draft has another one, or is gone."""
    if flow is None or expected is None:
        return ()
    draft = flow.draft
    if draft is None:
        return (StaleDraft(flow.id, flow.name, expected, None, None, REVISION),)
    if draft.revision == expected:
        return ()
    return (StaleDraft(flow.id, flow.name, expected, draft.id, draft.revision, REVISION),)


def draft_missing(flow: Flow | None, expected: int | None, advice: str) -> tuple[DraftNotFound, ...]:
    """There is no draft, and the caller doesn't say that there was one: that would be `StaleDraft`."""
    if flow is None or flow.draft is not None or expected is not None:
        return ()
    return (DraftNotFound(flow.id, flow.name, advice=RESTORE_ONE if flow.published is None else advice, path=FLOW),)
