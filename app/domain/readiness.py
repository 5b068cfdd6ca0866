"""What keeps a draft from being published (H3, H6): one list, for the query and for the refusal."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from app.domain.bindings import resolve_all
from app.domain.component import (
    Catalogue,
    Component,
    ComponentRequirement,
    InaccessibilityReason,
    InaccessibleComponent,
    Link,
    Step,
    component_name,
    read_command,
    steps_by_component,
    why_unusable,
)
from app.domain.error_code import ErrorCode
from app.domain.graph import StepBindings
from app.domain.model import FlowId, ReferenceKind, Target, Workspace
from app.domain.references import Destination, by_position
from app.domain.source import State
from app.domain.topics import is_pub_sub
from app.domain.wording import enumerated, named, shown, with_id

ERROR_HANDLER = "error_all"
"""Where the edge of an error handler leads; its source is null."""

ROUTER = "router"
"""The name of the component whose steps choose among their edges, whichever team it belongs to."""


@dataclass(frozen=True, slots=True)
class MissingCredential:
    step_id: str
    component: Component
    workspace: Workspace

    @property
    def message(self) -> str:
        what = self.component.requires.value.lower()
        return (
            f"The step {shown(self.step_id)} needs a {what} of the component {shown(str(self.component.name))}. "
            f"Choose one that lives in the workspace {named(self.workspace)}."
        )


@dataclass(frozen=True, slots=True)
class MissingTopic:
    step_id: str
    workspace: Workspace

    @property
    def message(self) -> str:
        return (
            f"The step {shown(self.step_id)} publishes or subscribes without a topic. "
            f"Choose one that lives in the workspace {named(self.workspace)}."
        )


@dataclass(frozen=True, slots=True)
class ComponentUnavailable:
    step_id: str
    inaccessible: InaccessibleComponent
    workspace: Workspace

    @property
    def message(self) -> str:
        return (
            f"The step {shown(self.step_id)} uses {shown(self.inaccessible.name)}, which the workspace "
            f"{named(self.workspace)} can't use. Have the component shared, or replace the step."
        )


@dataclass(frozen=True, slots=True)
class InvalidGraph:
    message: str
    step_id: str | None = None


Blocker = MissingCredential | MissingTopic | ComponentUnavailable | InvalidGraph


@dataclass(frozen=True, slots=True)
class DraftNotReady:
    code: ClassVar = ErrorCode.DRAFT_NOT_READY
    flow_id: FlowId
    flow_name: str
    blockers: tuple[Blocker, ...] = field(hash=False)

    @property
    def message(self) -> str:
        steps = [blocker.step_id for blocker in self.blockers if blocker.step_id is not None]
        where = f" See the steps {enumerated(list(dict.fromkeys(steps)), shown)}." if steps else ""
        count = len(self.blockers)
        return (
            f"The draft of the flow {with_id(self.flow_name, self.flow_id)} can't be published: {count} "
            f"{'thing is' if count == 1 else 'things are'} missing.{where}"
        )


def blockers(
    state: State, workspace: Workspace, catalogue: Catalogue, targets: Mapping[str, Target]
) -> tuple[Blocker, ...]:
    """Everything that keeps a state of a flow in this workspace from being published.

    What concerns the whole graph comes first, then step by step in the order of the graph (H3).
    """
    here = Destination(workspace, targets=targets, catalogue=catalogue)
    components = resolve_all(state.steps, catalogue, workspace)
    unavailable = _unavailable(state.steps, components, workspace)
    invalid: dict[int | None, list[InvalidGraph]] = {}
    for position, graph in _invalid(state.steps, state.links):
        invalid.setdefault(position, []).append(graph)
    bound = by_position(state.bindings)
    found: list[Blocker] = [*invalid.get(None, ())]
    for step in state.steps:
        component = components[step.command]
        if step.position in unavailable:
            found.append(ComponentUnavailable(step.id, unavailable[step.position], workspace))
        found.extend(_missing(step, component, bound.get(step.position, StepBindings(step.position)), here))
        found.extend(invalid.get(step.position, ()))
    return tuple(found)


def _unavailable(
    steps: tuple[Step, ...], components: Mapping[str, Component | None], workspace: Workspace
) -> dict[int, InaccessibleComponent]:
    """For the position of every step whose component can't be used here: which, and why (C1).

    The steps of a component share one object, since it lists them all.
    """
    found: dict[int, InaccessibleComponent] = {}
    for using in steps_by_component(steps):
        component = components[using[0].command]
        unknown = InaccessibilityReason.UNKNOWN_COMPONENT
        reason = unknown if component is None else why_unusable(component, workspace)
        if reason is not None:
            step_ids = tuple(step.id for step in using)
            component_id = None if component is None else component.id
            one = InaccessibleComponent(component_name(using[0].command), component_id, step_ids, reason)
            found.update((step.position, one) for step in using)
    return found


def _missing(step: Step, component: Component | None, bound: StepBindings, here: Destination) -> Iterator[Blocker]:
    if component is not None and component.requires is not ComponentRequirement.NONE:
        reference = bound.reference(ReferenceKind(component.requires.value))
        if reference is None or not here.fits(ReferenceKind(component.requires.value), reference, component):
            yield MissingCredential(step.id, component, here.workspace)
    if is_pub_sub(component) and not here.can_use(ReferenceKind.TOPIC, bound.reference(ReferenceKind.TOPIC)):
        yield MissingTopic(step.id, here.workspace)


def _invalid(steps: tuple[Step, ...], links: tuple[Link, ...]) -> Iterator[tuple[int | None, InvalidGraph]]:
    """Why the graph isn't valid (H6), each with the position of the step that it concerns, if one does."""
    if not steps:
        yield None, InvalidGraph("The graph has no step. Add one.")
        return
    first_of = {step.id: step for step in reversed(steps)}
    for step in steps:
        if first_of[step.id] is not step:
            message = f"Several steps have the id {shown(step.id)}. Give each an id of its own."
            yield step.position, InvalidGraph(message, step.id)
    for link in links:
        yield from _dangling(link, first_of)
    yield from _first_steps(steps, links)
    unconditional = Counter(link.source for link in links if not link.conditional)
    for step in first_of.values():
        read = read_command(step.command) if unconditional.get(step.id, 0) > 1 else None
        if read is not None and read.component.name == ROUTER:
            message = f"The router {shown(step.id)} has {unconditional[step.id]} edges without a condition. Keep one."
            yield step.position, InvalidGraph(message, step.id)


def _dangling(link: Link, steps: Mapping[str, Step]) -> Iterator[tuple[int | None, InvalidGraph]]:
    if link.source is None and link.target == ERROR_HANDLER:
        return
    ends = [end for end in (link.source, link.target) if end is not None]
    missing = [end for end in ends if end not in steps] + ([] if link.source is not None else ["null"])
    if missing:
        at = next((steps[end] for end in ends if end in steps), None)
        source = "null" if link.source is None else shown(link.source)
        message = f"An edge from {source} to {shown(link.target)} ends at no step. Remove it."
        yield (None, InvalidGraph(message)) if at is None else (at.position, InvalidGraph(message, at.id))


def _first_steps(steps: tuple[Step, ...], links: tuple[Link, ...]) -> Iterator[tuple[int | None, InvalidGraph]]:
    """Exactly one step comes first, error handlers apart: one that no edge of a step leads to."""
    ids = {step.id for step in steps}
    targets = {link.target for link in links if link.source in ids}
    first = [step for step in steps if step.id not in targets and step.id != ERROR_HANDLER]
    if not first:
        yield None, InvalidGraph("The graph has no first step: every step has an edge that leads to it.")
    for step in first[1:]:
        if step.id != first[0].id:
            message = f"The step {shown(step.id)} has no edge that leads to it, as {shown(first[0].id)} has none."
            yield step.position, InvalidGraph(f"{message} Only one step can be the first.", step.id)
