"""What is true of flows, in plain Python: every flow, draft and version that ever was, and what became of it."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from enum import StrEnum

from tests.lifecycle.small_graphs import Bindings, Graph


class Fate(StrEnum):
    ACTIVE = "ACTIVE"
    SET_ASIDE = "SET_ASIDE"
    PUBLISHED = "PUBLISHED"
    DISCARDED = "DISCARDED"


Shown = tuple[str, str | None, str | None]
"""Name, description and schedule."""


@dataclass(frozen=True)
class State:
    """What a draft or a version holds."""

    shown: Shown
    graph: Graph
    bindings: Bindings
    origin: str = "EDIT"
    revert_of: str | None = None

    @property
    def is_ready(self) -> bool:
        return self.graph.is_ready(self.bindings)


@dataclass(frozen=True)
class Draft:
    id: str
    flow_id: str
    state: State
    revision: int
    author: str
    fate: Fate = Fate.ACTIVE
    set_aside_by: str | None = None


@dataclass(frozen=True)
class Version:
    id: str
    number: int
    state: State
    published_by: str


@dataclass
class Flow:
    id: str
    workspace: str
    shown: Shown
    revision: int = 0
    versions: list[Version] = field(default_factory=list)
    is_deleted: bool = False
    runs: bool = False

    @property
    def published(self) -> State | None:
        return self.versions[-1].state if self.versions else None


class Model:
    """The flows, and everything that can be done to them once it is allowed."""

    def __init__(self) -> None:
        self.flows: dict[str, Flow] = {}
        self.drafts: dict[str, Draft] = {}

    def living(self) -> list[Flow]:
        return [flow for flow in self.flows.values() if not flow.is_deleted]

    def draft_of(self, flow_id: str) -> Draft | None:
        """The active draft."""
        return next(self._drafts(flow_id, Fate.ACTIVE), None)

    def aside(self, flow_id: str) -> list[Draft]:
        return list(self._drafts(flow_id, Fate.SET_ASIDE))

    def add_flow(self, flow_id: str, workspace: str, draft_id: str, state: State, *, by: str) -> None:
        """A new flow with its first draft."""
        self.flows[flow_id] = Flow(flow_id, workspace, state.shown)
        self.add_draft(flow_id, draft_id, state, by=by)

    def add_draft(self, flow_id: str, draft_id: str, state: State, *, by: str) -> None:
        """A new draft; the one that is there is set aside."""
        self.set_aside(flow_id, by=by)
        revision = self._next_revision(flow_id)
        self.drafts[draft_id] = Draft(draft_id, flow_id, state, revision, by)
        self._show_if_never_published(flow_id, state)

    def save(self, draft: Draft, state: State) -> None:
        revision = self._next_revision(draft.flow_id)
        self.drafts[draft.id] = replace(draft, state=state, revision=revision)
        self._show_if_never_published(draft.flow_id, state)

    def publish(self, draft: Draft, version_id: str, *, by: str) -> None:
        self.drafts[draft.id] = replace(draft, fate=Fate.PUBLISHED)
        self._add_version(draft.flow_id, version_id, draft.state, by=by)

    def revert_at_once(self, flow_id: str, version_id: str, state: State, *, by: str) -> None:
        self.set_aside(flow_id, by=by)
        self._next_revision(flow_id)
        self._add_version(flow_id, version_id, state, by=by)

    def discard(self, draft: Draft) -> None:
        flow = self.flows[draft.flow_id]
        self.drafts[draft.id] = replace(draft, fate=Fate.DISCARDED)
        flow.is_deleted = not flow.versions and not self.aside(flow.id)

    def delete(self, flow: Flow) -> None:
        """With all its drafts and versions."""
        for draft in self.drafts.values():
            if draft.flow_id == flow.id and draft.fate in {Fate.ACTIVE, Fate.SET_ASIDE}:
                self.drafts[draft.id] = replace(draft, fate=Fate.DISCARDED)
        flow.is_deleted = True

    def restore(self, draft: Draft, *, by: str) -> None:
        self.set_aside(draft.flow_id, by=by)
        revision = self._next_revision(draft.flow_id)
        self.drafts[draft.id] = replace(draft, fate=Fate.ACTIVE, set_aside_by=None, revision=revision)
        self._show_if_never_published(draft.flow_id, draft.state)

    def set_aside(self, flow_id: str, *, by: str) -> None:
        present = self.draft_of(flow_id)
        if present is not None:
            self.drafts[present.id] = replace(present, fate=Fate.SET_ASIDE, set_aside_by=by)

    def _drafts(self, flow_id: str, fate: Fate) -> Iterator[Draft]:
        return (draft for draft in self.drafts.values() if draft.flow_id == flow_id and draft.fate is fate)

    def _next_revision(self, flow_id: str) -> int:
        flow = self.flows[flow_id]
        flow.revision += 1
        return flow.revision

    def _show_if_never_published(self, flow_id: str, state: State) -> None:
        if not self.flows[flow_id].versions:
            self.flows[flow_id].shown = state.shown

    def _add_version(self, flow_id: str, version_id: str, state: State, *, by: str) -> None:
        flow = self.flows[flow_id]
        flow.versions.append(Version(version_id, len(flow.versions) + 1, state, by))
        flow.shown = state.shown
