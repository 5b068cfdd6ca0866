"""The draft of a flow while others may be at work on it (H1), and the facts about every change of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from app.domain.access import WorkspaceAccess
from app.domain.component import Catalogue
from app.domain.content import SplitGraph
from app.domain.errors import Refusal
from app.domain.flow import Flow, SavedState, size_of_flows
from app.domain.graph_input import GraphMistakes
from app.domain.model import FlowId, Target
from app.domain.paths import FLOW, REVISION
from app.domain.source import RESTORE_ONE, DraftNotFound
from app.domain.wording import printable


@dataclass(frozen=True, slots=True)
class StaleDraft(Refusal):
    """The draft has changed since the revision that the change is based on, or is gone."""

    flow_id: FlowId
    flow_name: str
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


@dataclass(frozen=True, slots=True)
class DraftFacts:
    """The facts about a change of a flow's draft, where the caller can see the flow (A5)."""

    flow: Flow
    named_version: SavedState | None = None
    """The version of the flow that the wish names."""
    graph: SplitGraph | GraphMistakes | None = None
    """The graph that was sent, if one was."""
    catalogue: Catalogue = field(default_factory=Catalogue)
    targets: Mapping[str, Target] = field(default_factory=dict)

    @property
    def access(self) -> WorkspaceAccess:
        return self.flow.access

    @property
    def size(self) -> int:
        """How much there is to decide about, in characters."""
        sent = len(self.graph.content.canonical) if isinstance(self.graph, SplitGraph) else 0
        return sent + size_of_flows(self.flow, versions=[self.named_version])


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
