"""Changing a draft: its name, description, schedule, graph, and what its steps are bound to, step by step."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum

from app.domain.access import (
    ContractSuspended,
    FlowNotFound,
    InsufficientPermission,
    contract_suspended,
    rights_missing,
)
from app.domain.bindings import bound_to, resolve_all
from app.domain.component import Catalogue, Component
from app.domain.content import Content, misplaced, part, topic_fields
from app.domain.draft import DraftFacts, StaleDraft, flow_not_found, stale
from app.domain.errors import Refused, at, in_order
from app.domain.graph import Bindings, Json, StepBindings, numbered
from app.domain.graph_input import graph_mistakes
from app.domain.input import InvalidInput, cron_mistakes, description_mistakes, name_mistakes
from app.domain.model import DraftId, FlowId, ReferenceKind, VersionId, VersionOrigin
from app.domain.paths import FLOW, Path, in_choices, in_graph
from app.domain.references import CredentialNotAccessible, Destination, by_position
from app.domain.source import Flow, State
from app.domain.step import Step
from app.domain.topics import TopicNotAccessible, is_pub_sub
from app.domain.wording import named, shown

UpdateRefusal = (
    FlowNotFound
    | InsufficientPermission
    | ContractSuspended
    | TopicNotAccessible
    | CredentialNotAccessible
    | StaleDraft
    | InvalidInput
)


class Keep(Enum):
    """What a change leaves as it is, where None would clear it."""

    KEEP = "KEEP"


KEEP = Keep.KEEP


@dataclass(frozen=True, slots=True)
class StepChoice:
    """What a step is to be bound to: an id sets, None clears, a kind that is missing is left as it is."""

    step_id: str
    choices: Mapping[ReferenceKind, str | None]


@dataclass(frozen=True, slots=True)
class UpdateWish:
    flow_id: str
    expected_revision: int | None = None
    name: str | None = None
    """None: left as it is, since a flow can't be without a name."""
    description: str | Keep | None = KEEP
    cron: str | Keep | None = KEEP
    graph: Json | Keep = KEEP
    bindings: tuple[StepChoice, ...] = ()

    @property
    def changes_nothing(self) -> bool:
        """Whether it names nothing to change, as with an empty list of bindings."""
        kept = self.description is KEEP and self.cron is KEEP and self.graph is KEEP
        return kept and self.name is None and not any(choice.choices for choice in self.bindings)


@dataclass(frozen=True, slots=True)
class Unchanged:
    """There is a draft, and nothing to change of it: it stays as it is, and so does its revision (H1)."""

    flow_id: FlowId
    draft_id: DraftId


@dataclass(frozen=True, slots=True)
class UpdatePlan:
    flow_id: FlowId
    draft_id: DraftId | None
    """The draft that is saved; None: the flow has none, and gets one."""
    renames_flow: bool
    """The flow was never published, so that it shows what its draft says."""
    name: str
    description: str | None
    cron: str | None
    content: Content | None
    """The new content; None: it is what it was."""
    content_hash: str
    bindings: Bindings
    origin: VersionOrigin
    revert_of: VersionId | None


@dataclass(frozen=True, slots=True)
class _Graph:
    """The content and the bindings that the draft would have, and what of them was named just now."""

    content: Content | None
    content_hash: str
    steps: tuple[Step, ...]
    bindings: Bindings
    named: Bindings


def plan_update(facts: DraftFacts, wish: UpdateWish) -> UpdatePlan | Unchanged | Refused[UpdateRefusal]:
    """Decide a save, or give every reason against it (X11, H1).

    Refuses a stale revision, an unknown step, and every reference that can't be used by its step in the workspace;
    what the draft was bound to before is not asked again.
    """
    flow, graph_refused = facts.flow, () if wish.graph is KEEP else graph_mistakes(wish.graph)
    base = None if flow is None else flow.draft or flow.published
    graph: _Graph | None = None
    refused: tuple[TopicNotAccessible | CredentialNotAccessible | InvalidInput, ...] = ()
    if flow is not None and not graph_refused:
        graph, refused = _bound(flow, base, facts, wish)
    errors: tuple[UpdateRefusal, ...] = in_order(
        (
            *flow_not_found(flow, wish.flow_id),
            *at(FLOW, rights_missing(facts.place)),
            *at(FLOW, contract_suspended(facts.place)),
            *stale(flow, wish.expected_revision),
            *name_mistakes(wish.name),
            *(() if wish.description is KEEP else description_mistakes(wish.description)),
            *(() if wish.cron is KEEP else cron_mistakes(wish.cron)),
            *graph_refused,
            *refused,
        )
    )
    if errors or flow is None or graph is None:
        return Refused(errors)
    if flow.draft is not None and wish.changes_nothing:
        return Unchanged(flow.id, DraftId(flow.draft.id))
    return _plan(flow, base, graph, wish)


def _plan(flow: Flow, base: State | None, graph: _Graph, wish: UpdateWish) -> UpdatePlan:
    name, description, cron = (flow.name, None, None) if base is None else (base.name, base.description, base.cron)
    edited = base is None or base is not flow.draft or base.content_hash != graph.content_hash
    return UpdatePlan(
        flow_id=flow.id,
        draft_id=None if flow.draft is None else DraftId(flow.draft.id),
        renames_flow=flow.published is None,
        name=name if wish.name is None else wish.name.strip(),
        description=description if isinstance(wish.description, Keep) else wish.description,
        cron=cron if isinstance(wish.cron, Keep) else wish.cron,
        content=graph.content,
        content_hash=graph.content_hash,
        bindings=graph.bindings,
        origin=VersionOrigin.EDIT if base is None or edited else base.origin,
        revert_of=None if base is None or edited else base.revert_of,
    )


def _bound(
    flow: Flow, base: State | None, facts: DraftFacts, wish: UpdateWish
) -> tuple[_Graph | None, tuple[TopicNotAccessible | CredentialNotAccessible | InvalidInput, ...]]:
    """The graph as it would be saved, and what is wrong with what was named just now."""
    workspace = flow.place.workspace
    here = Destination(workspace, targets=facts.targets, catalogue=facts.catalogue)
    graph = _wanted_graph(base, here, facts.catalogue, wish)
    if graph is None:
        return None, (InvalidInput(("graph",), f"The flow {named(flow)} has neither draft nor version. Send a graph."),)
    components = resolve_all(graph.steps, facts.catalogue, workspace)
    changes = _changes(graph.steps, wish.bindings, components)
    wrong = misplaced(graph.steps, changes.applied_to(graph.named), components, here, changes.path_of)
    return replace(graph, bindings=changes.applied_to(graph.bindings)), (*wrong, *changes.mistakes)


def _wanted_graph(base: State | None, here: Destination, catalogue: Catalogue, wish: UpdateWish) -> _Graph | None:
    """The graph that was sent, bound as before where it names nothing else; or the one that is there, if any."""
    if isinstance(wish.graph, Keep):
        return None if base is None else _Graph(None, base.content_hash, base.steps, base.bindings, ())
    before = _Before(base, here, catalogue)
    content, own = part(wish.graph, topic_fields(catalogue, here.workspace, base))
    named_anew = before.not_bound_already(content.steps, own)
    return _Graph(content, content.hash, content.steps, before.kept(content.steps, own), named_anew)


class _Before:
    """What the steps were bound to before a graph was sent. Where ids repeat, the first is the first, and so on."""

    def __init__(self, base: State | None, here: Destination, catalogue: Catalogue) -> None:
        self._here = here
        self._catalogue = catalogue
        steps = () if base is None else base.steps
        self._steps = dict(zip(numbered(step.id for step in steps), steps, strict=True))
        self._bindings = {} if base is None else by_position(base.bindings)

    def not_bound_already(self, steps: tuple[Step, ...], sent: Bindings) -> Bindings:
        """What a graph names for steps that weren't bound to it already: only this is asked about.

        A graph that is sent back as it was handed out can be saved, whatever has disappeared meanwhile (C6).
        """
        keys = list(numbered(step.id for step in steps))
        return tuple(
            replace(bound, values=self._new_values(steps[bound.position], self._steps.get(keys[bound.position]), bound))
            for bound in sent
        )

    def _new_values(self, step: Step, there: Step | None, own: StepBindings) -> Mapping[ReferenceKind, Json]:
        before = None if there is None else self._bindings.get(there.position)
        if there is None or before is None:
            return own.values
        if not self._here.is_same_component(step, self._resolve(step.command), there):
            return own.values
        return {kind: value for kind, value in own.values.items() if before.values.get(kind) != value}

    def kept(self, steps: tuple[Step, ...], sent: Bindings) -> Bindings:
        """The bindings of steps that are still there, unless the graph names its own."""
        own = by_position(sent)
        keys = numbered(step.id for step in steps)
        merged = (
            self._merged(step, self._steps.get(key), own.get(step.position, StepBindings(step.position)))
            for key, step in zip(keys, steps, strict=True)
        )
        return tuple(bound for bound in merged if bound.values)

    def _merged(self, step: Step, there: Step | None, own: StepBindings) -> StepBindings:
        before = None if there is None else self._bindings.get(there.position)
        if there is None or before is None:
            return own
        component = self._resolve(step.command)
        same = self._here.is_same_component(step, component, there)
        stays = {
            ReferenceKind.CREDENTIAL: same,
            ReferenceKind.SECRET: same,
            ReferenceKind.TOPIC: is_pub_sub(component) or (same and component is None),
            ReferenceKind.AGENT: True,
            ReferenceKind.DATA_SAMPLES: True,
        }
        kept = {kind: value for kind, value in before.values.items() if stays[kind]}
        place = before.topic_field if component is None else component.topic_field
        return bound_to(replace(own, topic_field=own.topic_field or place), {**kept, **own.values}, component)

    def _resolve(self, command: str) -> Component | None:
        return self._catalogue.resolve(command, self._here.workspace.contract.tenant_id)


@dataclass(frozen=True, slots=True)
class _Changes:
    """The choices for steps that there are, and the mistakes in the others."""

    by_step: Mapping[int, tuple[Component | None, Mapping[ReferenceKind, str | None]]]
    named_at: Mapping[tuple[int, ReferenceKind], int]
    """Which of the choices is about a kind of binding of a step."""
    mistakes: tuple[InvalidInput, ...]

    def path_of(self, bound: StepBindings, kind: ReferenceKind) -> Path:
        """Which part of the input names what a step is bound to: a choice, or else the graph."""
        index = self.named_at.get((bound.position, kind))
        return in_graph(bound, kind) if index is None else in_choices(index, kind)

    def applied_to(self, bindings: Bindings) -> Bindings:
        bound = by_position(bindings)
        for position, (component, choices) in self.by_step.items():
            before = bound.get(position, StepBindings(position))
            untouched = {kind: value for kind, value in before.values.items() if kind not in choices}
            chosen = {kind: choice for kind, choice in choices.items() if choice is not None}
            bound[position] = bound_to(before, {**untouched, **chosen}, component)
        return tuple(bound[position] for position in sorted(bound) if bound[position].values)


def _changes(
    steps: tuple[Step, ...], wanted: tuple[StepChoice, ...], components: Mapping[str, Component | None]
) -> _Changes:
    known = {step.id: step for step in reversed(steps)}
    by_step: dict[int, tuple[Component | None, Mapping[ReferenceKind, str | None]]] = {}
    named_at: dict[tuple[int, ReferenceKind], int] = {}
    mistakes = []
    for index, choice in enumerate(wanted):
        step = known.get(choice.step_id)
        if step is None:
            message = f"The graph has no step {shown(choice.step_id)}. Name one of its steps."
            mistakes.append(InvalidInput(("bindings", str(index), "stepId"), message))
            continue
        component = components.get(step.command)
        if step.position in by_step:
            message = f"An earlier binding is for the step {step.label} too. Put all that it is bound to into one."
            mistakes.append(InvalidInput(("bindings", str(index), "stepId"), message))
        if choice.choices.get(ReferenceKind.TOPIC) is not None and not is_pub_sub(component):
            message = f"The step {step.label} is no pub/sub step, so it can't have a topic. Leave the topic out."
            mistakes.append(InvalidInput(in_choices(index, ReferenceKind.TOPIC), message))
        _, before = by_step.get(step.position, (None, {}))
        by_step[step.position] = (component, {**before, **choice.choices})
        named_at |= {(step.position, kind): index for kind in choice.choices}
    return _Changes(by_step, named_at, tuple(mistakes))
