"""A flow, the state that its draft, its versions, and every plan for one of them have, and the one of these that is copied (X4)."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from operator import attrgetter

from app.domain.access import WorkspaceAccess
from app.domain.component import Link, Step
from app.domain.errors import FLOW, SOURCE_STATE, SOURCE_VERSION, FlowRefusal, Refusal, not_found, printable
from app.domain.graph import Bindings
from app.domain.model import (
    DraftId,
    ExportId,
    FlowId,
    FlowStatus,
    FlowType,
    Kind,
    ReferenceKind,
    VersionId,
    VersionOrigin,
    other_kind,
)

Uses = Mapping[tuple[ReferenceKind, str], Mapping[str, Sequence[int]]]
"""The positions of steps, by the kind and id of what they use, and by their command."""

TEXTS = ("name", "description", "cron")
"""The fields of a state that its flow shows."""

CHARACTERS_PER_PART = 50
"""A step, a link, or the bindings of a step have at least about so many characters in a graph."""


class Graph:
    """The outline of a graph, its steps and links, with what the steps are bound to. Each part is made once."""

    def __init__(self, steps: tuple[Step, ...] = (), bindings: Bindings = (), links: tuple[Link, ...] = ()) -> None:
        self._parts = steps, bindings, links

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Graph) and self.parts == other.parts

    __hash__ = None  # type: ignore[assignment]

    @property
    def parts(self) -> tuple[object, ...]:
        return self.steps, self.bindings, self.links

    @property
    def steps(self) -> tuple[Step, ...]:
        return self._parts[0]

    @property
    def bindings(self) -> Bindings:
        return self._parts[1]

    @property
    def links(self) -> tuple[Link, ...]:
        return self._parts[2]

    @cached_property
    def commands(self) -> Sequence[str]:
        """The commands of the steps, by position."""
        return [step.command for step in self.steps]

    @cached_property
    def uses(self) -> Uses:
        used: dict[tuple[ReferenceKind, str], dict[str, list[int]]] = {}
        for bound in self.bindings:
            for kind, value in bound.values.items():
                if isinstance(value, str) and kind is not ReferenceKind.DATA_SAMPLES:
                    positions = used.setdefault((kind, value), {})
                    positions.setdefault(self.commands[bound.position], []).append(bound.position)
        return used

    @property
    def size(self) -> int:
        """About how many characters the graph has."""
        return CHARACTERS_PER_PART * (len(self.steps) + len(self.links) + len(self.bindings))

    @property
    def references(self) -> Iterable[str]:
        """Every id that the steps are bound to, once."""
        return dict.fromkeys(id_ for _, id_ in self.uses)

    def bound(self, bindings: Bindings) -> "Graph":
        """A copy of the graph with other bindings."""
        return _Bound(self, bindings)

    def forget(self) -> None:
        """Drop the parts that can be made again."""


class _Bound(Graph):
    def __init__(self, graph: Graph, bindings: Bindings) -> None:
        super().__init__(bindings=bindings)
        self._graph = graph

    @property
    def steps(self) -> tuple[Step, ...]:
        return self._graph.steps

    @property
    def links(self) -> tuple[Link, ...]:
        return self._graph.links

    @property
    def commands(self) -> Sequence[str]:
        return self._graph.commands


@dataclass(frozen=True, slots=True)
class FlowState:
    """The state of a draft or a version."""

    name: str
    description: str | None
    cron: str | None
    content_hash: str
    graph: Graph = field(default_factory=Graph)
    origin: VersionOrigin = VersionOrigin.EDIT
    revert_of: VersionId | None = None
    """The version that the content was taken from, where it is a revert."""
    export_id: ExportId | None = None
    """The record of the copy or export that the content came from, unless it was changed since (P6)."""
    descends_from: ExportId | None = None
    """The record of the copy or export that the content came from, changed since or not (D1)."""


@dataclass(frozen=True, slots=True)
class SavedState:
    """A draft or a version."""

    id: str
    state: FlowState
    revision: int = 0
    """The revision of a draft (H1)."""


@dataclass(frozen=True, slots=True)
class ShownFlow:
    """The name, description and schedule that a flow shows, and its last change."""

    name: str
    description: str | None
    cron: str | None
    updated_at: datetime


texts_of: Callable[[FlowState | ShownFlow], tuple[str | None, ...]] = attrgetter(*TEXTS)
"""The values of `TEXTS`."""


@dataclass(frozen=True, slots=True)
class Base:
    """The content that a flow last had in common with the flow that its published version descends from (D3)."""

    flow_id: FlowId
    """The other flow."""
    content_hash: str
    version_number: int
    """The number of the published version."""


@dataclass(frozen=True, slots=True)
class Flow:
    id: FlowId
    name: str
    type: FlowType
    access: WorkspaceAccess
    published: SavedState | None = None
    draft: SavedState | None = None
    draft_revision: int = 0
    """The revision of the latest draft that the flow had (H1)."""
    status: FlowStatus = FlowStatus.INACTIVE
    shows: ShownFlow | None = None
    """The texts that the flow shows; undoing an export over the flow brings these back (P6)."""
    base: Base | None = None
    """Set for a flow that is overridden, if its published version has one (D5)."""

    @property
    def next_revision(self) -> int:
        """The revision of the next save, new draft or restore (H1)."""
        return self.draft_revision + 1

    @property
    def shows_draft(self) -> bool:
        """Whether it was never published, so that it shows what its draft says (X5)."""
        return self.published is None

    @property
    def draft_id(self) -> DraftId | None:
        return None if self.draft is None else DraftId(self.draft.id)

    @property
    def states(self) -> tuple[SavedState, ...]:
        """The states of the flow that are at hand: its published version and its draft."""
        return tuple(saved for saved in (self.published, self.draft) if saved is not None)


def size_of_graphs(*graphs: Graph) -> int:
    """The characters of graphs; a graph counts once, however many states have it."""
    return sum(graph.size for graph in {id(graph): graph for graph in graphs}.values())


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
