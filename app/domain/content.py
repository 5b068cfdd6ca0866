"""A graph that a caller sent: the content and bindings that it is stored as, and references that its steps can't use."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from app.domain.component import Catalogue, Component, named_component
from app.domain.errors import Path
from app.domain.flow import FlowState, Graph
from app.domain.graph import (
    KEYS,
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
from app.domain.references import OWNED_KINDS, CredentialNotAccessible, Destination
from app.domain.source_graph import SourceGraph
from app.domain.step import Step
from app.domain.topics import TopicNotAccessible, is_pub_sub


@dataclass(frozen=True, slots=True)
class Content:
    """A graph as it is stored: its content once, under the hash of its canonical JSON, and its bindings apart."""

    hash: str
    canonical: str
    graph: Graph
    """The outline of the graph, with the bindings that it came with."""


def read_graph(graph: Json, topic_field: TopicField) -> Content | GraphMistakes:
    """Make a graph that a caller sent ready for storing, or find every reason why it is none."""
    return graph_mistakes(graph) or split_graph(graph, topic_field)


def split_graph(graph: Json, topic_field: TopicField) -> Content:
    content, bindings = split(graph, topic_field)
    text = canonical(content)
    return Content(content_hash(text), text, Graph(steps_of(content), bindings, links_of(content)))


def topic_fields(catalogue: Catalogue, workspace: Workspace, before: FlowState | None = None) -> TopicField:
    """Find the keys under which pub/sub steps of a flow in this workspace name their topic.

    Steps of a component that is unknown by now keep the key that the component had in the state `before`.
    """
    former_keys: dict[str, str] = {}
    if before is not None:
        places = {bound.position: bound.topic_field for bound in before.graph.bindings if bound.topic_field is not None}
        former_keys = {
            str(named_component(before.graph.steps[position].command)): place for position, place in places.items()
        }

    def topic_field(command: str) -> str | None:
        component = catalogue.resolve(command, workspace.contract.tenant_id)
        if component is None:
            return former_keys.get(str(named_component(command)))
        return component.topic_field if is_pub_sub(component) else None

    return topic_field


def in_graph(bound: StepBindings, kind: ReferenceKind) -> Path:
    """The path of a step's binding in a graph that was sent."""
    keys = ("fields", bound.topic_field or "") if kind is ReferenceKind.TOPIC else (KEYS[kind],)
    return ("graph", "nodes", str(bound.position), *keys)


Misplaced = TopicNotAccessible | CredentialNotAccessible


def misplaced(
    graph: SourceGraph,
    bindings: Bindings,
    destination: Destination,
    path_of: Callable[[StepBindings, ReferenceKind], Path] = in_graph,
) -> Iterator[Misplaced]:
    """Refuse references that steps can't use in this workspace: topics first, each kind in the order of the steps.

    `path_of` finds the part of the input that names a step's binding.
    """
    for kinds in ((ReferenceKind.TOPIC,), OWNED_KINDS):
        for bound in bindings:
            step = graph.graph.steps[bound.position]
            component = graph.components[step.command]
            for kind in kinds:
                reference = bound.reference(kind)
                if reference is not None and not destination.fits(kind, reference, component):
                    yield not_accessible(kind, reference, destination, step, component, path=path_of(bound, kind))


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
