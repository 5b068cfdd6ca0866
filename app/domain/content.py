"""Makes a graph that a caller sent ready for storing, and refuses references that its steps can't use."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from app.domain.component import Catalogue, Component, component_name
from app.domain.flow import FlowState, Graph
from app.domain.graph import (
    Bindings,
    Json,
    StepBindings,
    TopicField,
    canonical,
    content_hash,
    links_of,
    split,
    steps_of,
)
from app.domain.graph_input import GraphMistakes, graph_mistakes
from app.domain.model import ReferenceKind, Workspace
from app.domain.paths import Path, in_graph
from app.domain.references import OWNED_KINDS, CredentialNotAccessible, Destination
from app.domain.step import Link, Step
from app.domain.topics import TopicNotAccessible, is_pub_sub


@dataclass(frozen=True, slots=True)
class Content:
    """A graph apart from its bindings, as it is stored: once, under the hash of its canonical JSON."""

    hash: str
    canonical: str
    steps: tuple[Step, ...]
    links: tuple[Link, ...] = ()

    def graph(self, bindings: Bindings) -> Graph:
        return Graph(self.steps, bindings, self.links)


@dataclass(frozen=True, slots=True)
class SplitGraph:
    """A native graph, taken apart once on its way in."""

    content: Content
    bindings: Bindings


def split_graph(graph: Json, topic_field: TopicField) -> SplitGraph:
    """A native graph as content ready for storing, and bindings."""
    content, bindings = split(graph, topic_field)
    text = canonical(content)
    return SplitGraph(Content(content_hash(text), text, steps_of(content), links_of(content)), bindings)


def read_graph(graph: Json, topic_field: TopicField) -> SplitGraph | GraphMistakes:
    """A graph that a caller sent, or every reason why it is none."""
    mistakes = graph_mistakes(graph)
    return mistakes or split_graph(graph, topic_field)


def topic_fields(catalogue: Catalogue, workspace: Workspace, before: FlowState | None = None) -> TopicField:
    """Find the keys under which pub/sub steps of a flow in this workspace name their topic.

    Steps of a component that is unknown by now keep the key that the component had in the state `before`.
    """
    former_keys: dict[str, str] = {}
    if before is not None:
        places = {bound.position: bound.topic_field for bound in before.bindings if bound.topic_field is not None}
        former_keys = {component_name(before.steps[position].command): place for position, place in places.items()}

    def topic_field(command: str) -> str | None:
        component = catalogue.resolve(command, workspace.contract.tenant_id)
        if component is None:
            return former_keys.get(component_name(command))
        return component.topic_field if is_pub_sub(component) else None

    return topic_field


PathOf = Callable[[StepBindings, ReferenceKind], Path]
"""Finds the part of the input that names a step's binding."""


Misplaced = TopicNotAccessible | CredentialNotAccessible


def misplaced(
    steps: tuple[Step, ...],
    bindings: Bindings,
    components: Mapping[str, Component | None],
    destination: Destination,
    path_of: PathOf = in_graph,
) -> tuple[Misplaced, ...]:
    """Refuse references that steps can't use in this workspace: topics first, each kind in the order of the steps."""
    return tuple(
        not_accessible(kind, reference, destination, step, component, path=path_of(bound, kind))
        for kinds in ((ReferenceKind.TOPIC,), OWNED_KINDS)
        for bound in bindings
        for step in (steps[bound.position],)
        for component in (components.get(step.command),)
        for kind in kinds
        for reference in (bound.reference(kind),)
        if reference is not None and not destination.fits(kind, reference, component)
    )


def not_accessible(
    kind: ReferenceKind,
    reference: str,
    destination: Destination,
    step: Step | None,
    component: Component | None,
    *,
    path: Path,
    mapped_from: str | None = None,
) -> Misplaced:
    """The refusal of a reference that a step, or the steps that a mapping is about, can't use."""
    workspace, target, replaced = destination.workspace, destination.find(reference), destination.find(mapped_from)
    if kind is ReferenceKind.TOPIC:
        return TopicNotAccessible(reference, workspace, step, target, mapped_from, replaced, path=path)
    return CredentialNotAccessible(
        kind, reference, workspace, step, component, target, mapped_from, replaced, path=path
    )
