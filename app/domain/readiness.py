"""Readiness: the reasons that keep a state of a flow from being published (H3, H6)."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from app.domain.component import Catalogue, Component, ComponentRequirement, Link, Step, read_command
from app.domain.errors import FlowRefusal, Path, Reason, counted, named, printable
from app.domain.facts import Facts
from app.domain.flow import Flow, FlowState, Graph
from app.domain.graph import StepBindings
from app.domain.model import ReferenceKind, Target, Workspace
from app.domain.references import Destination, by_position
from app.domain.source_graph import InaccessibleComponent, SourceGraph, advice
from app.domain.topics import is_pub_sub

ERROR_HANDLER = "error_all"
"""The target of the edge of an error handler, whose source is null."""

ROUTER = "router"
"""The name of the component whose steps choose among their edges, whichever team it belongs to."""


@dataclass(frozen=True, slots=True)
class MissingCredential(Reason):
    step: Step
    component: Component
    workspace: Workspace

    @property
    def message(self) -> str:
        what = self.component.requires.value.lower()
        return (
            f"The step {self.step.label} has no {what} of {self.component.label} that lives in "
            f"{named(self.workspace)}. Choose one in the draft."
        )


@dataclass(frozen=True, slots=True)
class MissingTopic(Reason):
    step: Step
    workspace: Workspace

    @property
    def message(self) -> str:
        return (
            f"The pub/sub step {self.step.label} has no topic that lives in {named(self.workspace)}. "
            "Choose one in the draft."
        )


@dataclass(frozen=True, slots=True)
class ComponentUnavailable(Reason):
    step: Step
    inaccessible: InaccessibleComponent
    workspace: Workspace

    @property
    def message(self) -> str:
        component = replace(self.inaccessible, steps=(self.step,))
        help_ = advice({component.reason: [component]}, self.workspace)
        return f"{named(self.workspace)} can't use {component.label}, which the step {self.step.label} runs. {help_}"


@dataclass(frozen=True, slots=True)
class InvalidGraph(Reason):
    sentence: str
    step: Step | None = None

    @property
    def message(self) -> str:
        return self.sentence


Blocker = MissingCredential | MissingTopic | ComponentUnavailable | InvalidGraph


@dataclass(frozen=True, slots=True)
class Readiness:
    """Whether a draft can be published, and what keeps it from that."""

    blockers: tuple[Blocker, ...]

    @property
    def ready(self) -> bool:
        return not self.blockers


@dataclass(frozen=True, slots=True)
class DraftNotReady(FlowRefusal):
    blockers: tuple[Blocker, ...] = field(hash=False)
    is_restored: bool = False
    """Whether it is an earlier version that can't be published again."""

    @property
    def message(self) -> str:
        state = "earlier version" if self.is_restored else "draft"
        steps = list(dict.fromkeys(blocker.step for blocker in self.blockers if blocker.step is not None))
        where = f" See the {counted('step', steps, lambda step: step.label)}." if steps else ""
        count = len(self.blockers)
        return (
            f"The {state} of the flow {printable(self.flow_name)} can't be published: {count} "
            f"{'thing stands' if count == 1 else 'things stand'} in the way.{where}"
        )


def blockers(
    outline: Graph, workspace: Workspace, catalogue: Catalogue, targets: Mapping[str, Target]
) -> tuple[Blocker, ...]:
    """Every reason that keeps a state of a flow with this graph in this workspace from being published (H3).

    Reasons about the whole graph come first, then those of each step in the order of the graph.
    """
    destination = Destination(workspace, targets, catalogue)
    graph = SourceGraph(outline, catalogue, workspace)
    bound = by_position(outline.bindings)
    reasons: list[Blocker] = [
        ComponentUnavailable(step, component, workspace)
        for component in graph.inaccessible_in(workspace)
        for step in component.steps
    ]
    for step in graph.graph.steps:
        component = graph.components[step.command]
        if component is not None and (component.pub_sub or component.requires is not ComponentRequirement.NONE):
            reasons += _missing(step, component, bound.get(step.position, StepBindings(step.position)), destination)
    reasons += _invalid(graph)
    return tuple(sorted(reasons, key=lambda reason: -1 if reason.step is None else reason.step.position))


def _missing(step: Step, component: Component, bound: StepBindings, destination: Destination) -> Iterator[Blocker]:
    if component.requires is not ComponentRequirement.NONE:
        reference = bound.reference(ReferenceKind(component.requires.value))
        if reference is None or not destination.fits(ReferenceKind(component.requires.value), reference, component):
            yield MissingCredential(step, component, destination.workspace)
    if is_pub_sub(component) and not destination.can_use(ReferenceKind.TOPIC, bound.reference(ReferenceKind.TOPIC)):
        yield MissingTopic(step, destination.workspace)


def _invalid(graph: SourceGraph) -> Iterator[InvalidGraph]:
    """The mistakes of a graph that isn't valid (H6)."""
    steps, links, first_of = graph.graph.steps, graph.graph.links, graph.first_steps
    if not steps:
        yield InvalidGraph("The graph has no step. Add one.")
        return
    for step in steps:
        if first_of[step.id] is not step:
            message = f"Several steps have the id {printable(step.id)}. Give each an id of its own."
            yield InvalidGraph(message, step)
    for link in links:
        yield from _dangling(link, first_of)
    yield from _first_steps(steps, links)
    unconditional = Counter(link.source for link in links if not link.conditional)
    for step in first_of.values():
        read = read_command(step.command) if unconditional.get(step.id, 0) > 1 else None
        if read is not None and read.component.name == ROUTER:
            message = f"The router {step.label} has {unconditional[step.id]} edges without a condition. Keep one."
            yield InvalidGraph(message, step)


def _dangling(link: Link, steps: Mapping[str, Step]) -> Iterator[InvalidGraph]:
    if link.source is None and link.target == ERROR_HANDLER:
        return
    ends = [steps.get(end) for end in (link.source, link.target) if end is not None]
    if link.source is None or None in ends:
        source = "null" if link.source is None else _label(link.source, steps)
        message = f"The edge from {source} to {_label(link.target, steps)} doesn't join two steps. Remove it."
        yield InvalidGraph(message, next(filter(None, ends), None))


def _label(step_id: str, steps: Mapping[str, Step]) -> str:
    return steps[step_id].label if step_id in steps else printable(step_id)


def _first_steps(steps: Sequence[Step], links: Sequence[Link]) -> Iterator[InvalidGraph]:
    """Exactly one step comes first, error handlers apart: one that no edge of a step leads to."""
    ids = {step.id for step in steps}
    targets = {link.target for link in links if link.source in ids}
    first = [step for step in steps if step.id not in targets and step.id != ERROR_HANDLER]
    if not first:
        yield InvalidGraph("The graph has no first step: every step has an edge that leads to it. Remove an edge.")
    for step in first[1:]:
        if step.id != first[0].id:
            message = f"No edge leads to the step {step.label}, nor to {first[0].label}."
            yield InvalidGraph(f"{message} Only one step can be the first: add an edge.", step)


def not_ready(
    facts: Facts, flow: Flow, state: FlowState, path: Path, *, is_restored: bool = False
) -> tuple[DraftNotReady, ...]:
    """Refuse a draft, or an earlier version that is restored, which can't be published in the flow's workspace (H3)."""
    reasons = facts.memo(blockers, state.graph, flow.access.workspace, facts.catalogue, facts.targets)
    return (DraftNotReady(flow.id, flow.name, reasons, is_restored, path=path),) if reasons else ()
