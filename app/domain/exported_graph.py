"""A graph on its way to a destination: why it may not go there, and what its steps are bound to if it does (X5, X7, P2)."""

from functools import cached_property
from typing import NamedTuple

from app.domain.access import WorkspaceAccess
from app.domain.bindings import BoundAnew, Rebinding
from app.domain.errors import at
from app.domain.export_facts import ExportFacts, ExportWish
from app.domain.flow import Flow, Graph
from app.domain.given import NOTHING_GIVEN, read_given
from app.domain.inaccessible import ComponentNotAccessible
from app.domain.input import InvalidInput
from app.domain.paths import INTO_WORKSPACE, ONTO_FLOW, Path
from app.domain.references import CredentialNotAccessible, Destination
from app.domain.source_graph import SourceGraph
from app.domain.topics import (
    TopicNotAccessible,
)

RefusedOfGraph = InvalidInput | ComponentNotAccessible | TopicNotAccessible | CredentialNotAccessible


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
        self, graph: SourceGraph, there: FoundDestination, facts: ExportFacts, wish: ExportWish | None = None
    ) -> None:
        self.graph = graph
        self.there = there
        self._targets = facts.targets
        self._wish = wish
        self._given = NOTHING_GIVEN if wish is None else read_given(wish, graph)

    @cached_property
    def refusals(self) -> tuple[RefusedOfGraph, ...]:
        components = at(self.there.path, self.graph.used.refused_by(self.there.access.workspace))
        return (*self._given.mistakes, *components, *self._given.misplaced(self.graph, self.there.things))

    @cached_property
    def result(self) -> Graph:
        return self.graph.graph.bound(self.bound.bindings)

    @cached_property
    def bound(self) -> BoundAnew:
        return Rebinding(
            source=self.graph,
            there=self.there.things,
            inside=self.graph.workspace.id == self.there.access.workspace.id,
            given_topic=None if self._wish is None else self._wish.topic_id,
            targets=self._targets,
            mapped=self._given.mapped,
            choices=self._given.choices,
        ).bind()
