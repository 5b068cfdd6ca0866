"""A graph on its way to a destination: why it may not go there, and what its steps are bound to if it does (X5, X7, P2)."""

from collections.abc import Mapping
from functools import cached_property
from typing import NamedTuple

from app.domain.access import WorkspaceAccess
from app.domain.bindings import BoundAnew, Rebinding
from app.domain.errors import at
from app.domain.export_facts import ExportFacts, ExportWish
from app.domain.flow import Flow
from app.domain.given import NOTHING_GIVEN, Given, read_given
from app.domain.inaccessible import ComponentNotAccessible
from app.domain.input import InvalidInput
from app.domain.model import Target
from app.domain.paths import INTO_WORKSPACE, ONTO_FLOW, TOPIC, Path
from app.domain.references import CredentialNotAccessible, Destination
from app.domain.source import Chosen
from app.domain.source_graph import SourceGraph
from app.domain.topics import (
    FlowHasNoTopic,
    MultipleTopicsNotCopied,
    TopicNotAccessible,
    topic_elsewhere,
    topic_refused,
)

RefusedOfSource = FlowHasNoTopic | MultipleTopicsNotCopied | InvalidInput
RefusedOfGraph = RefusedOfSource | ComponentNotAccessible | TopicNotAccessible | CredentialNotAccessible


class FoundSource(NamedTuple):
    """The flow that is exported, and the state of it."""

    flow: Flow
    chosen: Chosen
    graph: SourceGraph


class FoundDestination(NamedTuple):
    """The workspace that is written into."""

    access: WorkspaceAccess
    things: Destination
    """What is there to be bound to."""
    overridden: Flow | None
    """None: the export makes a new flow."""

    @property
    def path(self) -> Path:
        return INTO_WORKSPACE if self.overridden is None else ONTO_FLOW


class ExportedGraph:
    """A graph on its way to a destination, with what is given for it.

    Exports of one call that differ in nothing but their names share it, so that the graph is looked at once.
    """

    def __init__(
        self, source: FoundSource, there: FoundDestination, facts: ExportFacts, wish: ExportWish | None = None
    ) -> None:
        self.source = source
        self.there = there
        self._targets = facts.targets
        self._wish = wish
        self._topic_id = None if wish is None else wish.topic_id
        self._given = given_for(source, wish)

    @cached_property
    def refusals(self) -> tuple[RefusedOfGraph, ...]:
        graph, workspace = self.source.graph, self.there.access.workspace
        of_source = refused_anywhere(self.source, self._wish, self._given, self._targets)
        components = at(self.there.path, graph.used.refused_by(workspace))
        is_refused = any(isinstance(each, FlowHasNoTopic | MultipleTopicsNotCopied) for each in of_source)
        elsewhere = () if is_refused else at(TOPIC, topic_elsewhere(self._topic_id, workspace, self._targets))
        return (*of_source, *components, *elsewhere, *self._given.misplaced(graph, self.there.things))

    @cached_property
    def bound(self) -> BoundAnew:
        return Rebinding(
            source=self.source.graph,
            there=self.there.things,
            inside=self.source.graph.workspace.id == self.there.access.workspace.id,
            given_topic=self._topic_id,
            targets=self._targets,
            mapped=self._given.mapped,
            choices=self._given.choices,
        ).bind()


def given_for(source: FoundSource, wish: ExportWish | None) -> Given:
    return NOTHING_GIVEN if wish is None or not wish.gives_references else read_given(wish, source.graph)


def refused_anywhere(
    source: FoundSource, wish: ExportWish | None, given: Given, targets: Mapping[str, Target]
) -> tuple[RefusedOfSource, ...]:
    """What is wrong with the graph and with what is given for it, wherever it goes."""
    if wish is None or wish.topic_id is None:
        return given.mistakes
    return (*at(TOPIC, topic_refused(source.flow, source.graph.topic_uses, targets)), *given.mistakes)
