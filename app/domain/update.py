"""Changing a draft: its name, description, schedule, graph, and what its steps are bound to, step by step."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum

from app.domain.access import (
    ContractSuspended,
    FlowNotFound,
    InsufficientPermission,
    writing_refused,
)
from app.domain.component import Catalogue, resolve_all
from app.domain.content import Content, SplitGraph, misplaced
from app.domain.draft import DraftFacts, StaleDraft, stale
from app.domain.errors import Refused, refused
from app.domain.flow import Flow, FlowState
from app.domain.graph import Bindings, Json, StepBindings, numbered
from app.domain.graph_input import GraphMistakes, graph_mistakes
from app.domain.input import InvalidInput, cron_mistakes, description_mistakes, name_mistakes
from app.domain.model import DraftId, FlowId, ReferenceKind, VersionOrigin
from app.domain.paths import FLOW
from app.domain.references import CredentialNotAccessible, Destination, by_position
from app.domain.step import Step, first_of_each_id
from app.domain.step_choices import StepChoice, bound_to, read_choices
from app.domain.topics import TopicNotAccessible, is_pub_sub
from app.domain.wording import named

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
    """Marks a value that a change leaves as it is, where None would clear it."""

    KEEP = "KEEP"


KEEP = Keep.KEEP


@dataclass(frozen=True, slots=True)
class UpdateWish:
    flow_id: str
    expected_revision: int | None = None
    name: str | None = None
    """None leaves the name as it is, since a flow can't be without one."""
    description: str | Keep | None = KEEP
    cron: str | Keep | None = KEEP
    graph: Json | Keep = KEEP
    bindings: tuple[StepChoice, ...] = ()

    @property
    def changes_nothing(self) -> bool:
        """Whether the wish names nothing to change, as with an empty list of bindings."""
        kept = self.description is KEEP and self.cron is KEEP and self.graph is KEEP
        return kept and self.name is None and not any(choice.choices for choice in self.bindings)


@dataclass(frozen=True, slots=True)
class Unchanged:
    """The wish changes nothing of the draft, which keeps its revision (H1)."""

    flow_id: FlowId
    draft_id: DraftId


@dataclass(frozen=True, slots=True)
class UpdatePlan:
    flow_id: FlowId
    draft_id: DraftId | None
    """The draft that is saved; None for a flow that gets its first."""
    renames_flow: bool
    """The flow was never published, so that it shows what its draft says."""
    state: FlowState
    content: Content | None
    """None for a draft whose content stays as it was."""
    revision: int
    """The revision of the saved draft (H1)."""


@dataclass(frozen=True, slots=True)
class _Edit:
    """The state that the draft would have, but for the choices of bindings."""

    state: FlowState
    content: Content | None
    """None for a draft whose content stays as it was."""
    new_bindings: Bindings
    """The references that a graph names for steps that weren't bound to them before."""


def plan_update(facts: DraftFacts | None, wish: UpdateWish) -> UpdatePlan | Unchanged | Refused[UpdateRefusal]:
    """Decide a save, or give every reason against it (X11, H1). Without facts the caller can't see the flow.

    Only new references are checked: a graph that is sent back as it was handed out can be saved, whatever has
    disappeared meanwhile (C6).
    """
    if facts is None:
        mistakes = () if isinstance(wish.graph, Keep) else graph_mistakes(wish.graph)
        return Refused((FlowNotFound(wish.flow_id, path=FLOW), *_mistakes(wish), *mistakes))
    flow, workspace = facts.flow, facts.access.workspace
    refusals: tuple[UpdateRefusal, ...] = (
        *writing_refused(facts.access, FLOW),
        *stale(flow, wish.expected_revision),
        *_mistakes(wish),
    )
    destination = Destination(workspace, facts.targets, facts.catalogue)
    edit = _edit(facts, wish, destination)
    if not isinstance(edit, _Edit):
        return Refused((*refusals, *edit))
    steps, components = edit.state.steps, resolve_all(edit.state.graph.commands, facts.catalogue, workspace)
    choices = read_choices(first_of_each_id(steps), wish.bindings, components)
    new_bindings = choices.applied_to(edit.new_bindings, steps, components)
    wrong = misplaced(steps, new_bindings, components, destination, choices.path_of)
    errors = (*refusals, *wrong, *choices.mistakes)
    graph = edit.state.graph.bound(choices.applied_to(edit.state.bindings, steps, components))
    return refused(*errors) or _plan(flow, replace(edit.state, graph=graph), edit.content, wish)


def _mistakes(wish: UpdateWish) -> tuple[InvalidInput, ...]:
    """Find mistakes in the input besides graph and bindings."""
    return (
        *name_mistakes(wish.name),
        *(() if isinstance(wish.description, Keep) else description_mistakes(wish.description)),
        *(() if isinstance(wish.cron, Keep) else cron_mistakes(wish.cron)),
    )


def _plan(flow: Flow, state: FlowState, content: Content | None, wish: UpdateWish) -> UpdatePlan | Unchanged:
    draft_id = None if flow.draft is None else DraftId(flow.draft.id)
    if draft_id is not None and wish.changes_nothing:
        return Unchanged(flow.id, draft_id)
    return UpdatePlan(flow.id, draft_id, flow.published is None, state, content, flow.next_revision)


def _edit(facts: DraftFacts, wish: UpdateWish, destination: Destination) -> _Edit | GraphMistakes:
    """Edit the draft, or else the published version; refuse a graph with mistakes, and none where the flow has none."""
    base, sent = facts.flow.draft or facts.flow.published, facts.graph
    if sent is None:
        if base is None:
            message = f"The flow {named(facts.flow)} has neither draft nor version. Send a graph."
            return (InvalidInput(("graph",), message),)
        kept = base.state if base is facts.flow.draft else _edited(base.state)
        return _Edit(_with_texts(kept, wish), None, ())
    if not isinstance(sent, SplitGraph):
        return sent
    before = _Before(None if base is None else base.state, sent, facts.catalogue, destination)
    bindings = before.kept_bindings()
    if base is None:
        state = FlowState(facts.flow.name, None, None, sent.content.hash, sent.content.graph(bindings))
    elif base is facts.flow.draft and base.state.content_hash == sent.content.hash:
        state = replace(base.state, graph=base.state.graph.bound(bindings))
    else:
        state = replace(_edited(base.state), content_hash=sent.content.hash, graph=sent.content.graph(bindings))
    return _Edit(_with_texts(state, wish), sent.content, before.new_bindings())


def _edited(state: FlowState) -> FlowState:
    return replace(state, origin=VersionOrigin.EDIT, revert_of=None, export_id=None)


def _with_texts(state: FlowState, wish: UpdateWish) -> FlowState:
    return replace(
        state,
        name=state.name if wish.name is None else wish.name.strip(),
        description=state.description if isinstance(wish.description, Keep) else wish.description,
        cron=state.cron if isinstance(wish.cron, Keep) else wish.cron,
    )


class _Before:
    """The bindings of a graph's steps before it was sent. Steps with one id are matched in their order."""

    def __init__(
        self, base: FlowState | None, sent: SplitGraph, catalogue: Catalogue, destination: Destination
    ) -> None:
        self._steps, self._sent, self._destination = sent.content.steps, sent.bindings, destination
        self._components = resolve_all((step.command for step in self._steps), catalogue, destination.workspace)
        base_steps, bound = ((), {}) if base is None else (base.steps, by_position(base.bindings))
        by_key = dict(zip(numbered(step.id for step in base_steps), base_steps, strict=True))
        self._before: dict[int, tuple[Step, StepBindings]] = {}
        for key, step in zip(numbered(step.id for step in self._steps), self._steps, strict=True):
            if key in by_key and by_key[key].position in bound:
                self._before[step.position] = by_key[key], bound[by_key[key].position]

    def new_bindings(self) -> Bindings:
        """The references that the graph names for steps that weren't bound to them before."""
        return tuple(bound._replace(values=self._new_values(bound)) for bound in self._sent)

    def kept_bindings(self) -> Bindings:
        """The bindings of steps that stay, unless the graph names its own."""
        own = by_position(self._sent)
        kept = (self._kept(step, own.get(step.position, StepBindings(step.position))) for step in self._steps)
        return tuple(bound for bound in kept if not bound.is_empty)

    def _is_same_component(self, step: Step, before: Step) -> bool:
        return self._destination.is_same_component(step, self._components[step.command], before)

    def _new_values(self, own: StepBindings) -> Mapping[ReferenceKind, Json]:
        if own.position not in self._before:
            return own.values
        step, before = self._before[own.position]
        if not self._is_same_component(self._steps[own.position], step):
            return own.values
        return {kind: value for kind, value in own.values.items() if before.values.get(kind) != value}

    def _kept(self, step: Step, own: StepBindings) -> StepBindings:
        if step.position not in self._before:
            return own
        step_before, before = self._before[step.position]
        component, is_same = self._components[step.command], self._is_same_component(step, step_before)
        names_topic = isinstance(before.values.get(ReferenceKind.TOPIC), str | None)
        stays = {
            ReferenceKind.CREDENTIAL: is_same,
            ReferenceKind.SECRET: is_same,
            ReferenceKind.TOPIC: names_topic and (is_pub_sub(component) or (is_same and component is None)),
            ReferenceKind.AGENT: True,
            ReferenceKind.DATA_SAMPLES: True,
        }
        kept = {kind: value for kind, value in before.values.items() if stays[kind]}
        place = before.topic_field if component is None else component.topic_field
        return bound_to(own._replace(topic_field=own.topic_field or place), {**kept, **own.values}, component)
