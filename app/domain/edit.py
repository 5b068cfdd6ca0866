"""Creating a flow (C6), and changing its draft: name, description, schedule, graph, and the bindings of steps."""

from dataclasses import dataclass, replace
from enum import Enum
from typing import NamedTuple

from app.domain.access import (
    ContractSuspended,
    FlowNotFound,
    InsufficientPermission,
    QuotaExceeded,
    WorkspaceNotFound,
    new_flow_refused,
    writing_refused,
)
from app.domain.choices import StepChoice, bound_to, read_choices
from app.domain.component import Component
from app.domain.content import Content, GraphMistakes, graph_mistakes, misplaced
from app.domain.draft import StaleDraft, stale
from app.domain.errors import FLOW, WORKSPACE, Refused, named, refused
from app.domain.facts import Facts
from app.domain.flow import Flow, FlowState
from app.domain.graph import Bindings, Json, StepBindings, numbered
from app.domain.input import (
    IdempotencyKeyReused,
    InvalidInput,
    cron_mistakes,
    description_mistakes,
    key_mistakes,
    name_mistakes,
)
from app.domain.model import DraftId, FlowId, FlowType, ReferenceKind, VersionOrigin, WorkspaceId
from app.domain.references import CredentialNotAccessible, Destination, by_position
from app.domain.source_graph import SourceGraph
from app.domain.topics import TopicNotAccessible, is_pub_sub

CreateRefusal = (
    WorkspaceNotFound
    | InsufficientPermission
    | ContractSuspended
    | TopicNotAccessible
    | CredentialNotAccessible
    | QuotaExceeded
    | InvalidInput
    | IdempotencyKeyReused
)


@dataclass(frozen=True, slots=True)
class CreateWish:
    workspace_id: str
    name: str
    graph: Json
    type: FlowType = FlowType.ORDINARY
    description: str | None = None
    cron: str | None = None
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True)
class CreatePlan:
    workspace_id: WorkspaceId
    type: FlowType
    state: FlowState
    content: Content


def plan_create(facts: Facts, wish: CreateWish) -> CreatePlan | Refused[CreateRefusal]:
    """Decide the creation of a flow: a draft, however unfinished (C6), or every refusal at once (X11)."""
    access, content = facts.accesses.get(wish.workspace_id), facts.graph
    mistakes = (*_mistakes_in_texts(wish), *key_mistakes(wish.idempotency_key))
    if access is None:
        unseen = WorkspaceNotFound(wish.workspace_id, path=WORKSPACE)
        return Refused((unseen, *mistakes, *graph_mistakes(wish.graph)))
    workspace = access.workspace
    refusals: tuple[CreateRefusal, ...] = (
        *new_flow_refused(access, facts.flows_used.get(workspace.contract.id, 0), WORKSPACE),
        *mistakes,
    )
    if not isinstance(content, Content):
        return Refused((*refusals, *(content or ())))
    sent = SourceGraph(content.graph, facts.catalogue, workspace)
    destination = Destination(workspace, facts.targets, facts.catalogue)
    errors = (*refusals, *misplaced(sent, content.graph.bindings, destination))
    state = FlowState(wish.name.strip(), wish.description, wish.cron, content.hash, content.graph)
    return refused(*errors) or CreatePlan(workspace.id, wish.type, state, content)


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
class Saved:
    """A draft that was saved or came with a new flow, or of which a wish changes nothing, so that it keeps its revision (H1)."""

    flow_id: FlowId
    draft_id: DraftId
    replayed: bool = False


@dataclass(frozen=True, slots=True)
class UpdatePlan:
    """The draft of the flow is saved, or its first one."""

    flow: Flow
    state: FlowState
    content: Content | None
    """None for a draft whose content stays as it was."""


def plan_update(facts: Facts, wish: UpdateWish) -> UpdatePlan | Saved | Refused[UpdateRefusal]:
    """Decide a save, or give every reason against it (X11, H1).

    Only new references are checked: a graph that is sent back as it was handed out can be saved, whatever has
    disappeared meanwhile (C6).
    """
    flow = facts.flows.get(wish.flow_id)
    if flow is None:
        mistakes = () if isinstance(wish.graph, Keep) else graph_mistakes(wish.graph)
        return Refused((FlowNotFound(wish.flow_id, path=FLOW), *_mistakes_in_texts(wish), *mistakes))
    workspace = flow.access.workspace
    refusals: tuple[UpdateRefusal, ...] = (
        *writing_refused(flow.access, FLOW),
        *stale(flow, wish.expected_revision),
        *_mistakes_in_texts(wish),
    )
    destination = Destination(workspace, facts.targets, facts.catalogue)
    edit = _edit(flow, facts, destination)
    if not isinstance(edit, _Edit):
        return Refused((*refusals, *edit))
    graph = SourceGraph(edit.state.graph, facts.catalogue, workspace)
    choices = read_choices(graph, wish.bindings)
    wrong = misplaced(graph, choices.applied_to(edit.new_bindings, graph), destination, choices.path_of)
    errors = (*refusals, *wrong, *choices.mistakes)
    bound = graph.graph.bound(choices.applied_to(edit.state.graph.bindings, graph))
    return refused(*errors) or _plan(flow, replace(edit.state, graph=bound), edit.content, wish)


def _mistakes_in_texts(wish: CreateWish | UpdateWish) -> tuple[InvalidInput, ...]:
    return (
        *name_mistakes(wish.name),
        *(() if isinstance(wish.description, Keep) else description_mistakes(wish.description)),
        *(() if isinstance(wish.cron, Keep) else cron_mistakes(wish.cron)),
    )


def _plan(flow: Flow, state: FlowState, content: Content | None, wish: UpdateWish) -> UpdatePlan | Saved:
    if flow.draft_id is not None and wish.changes_nothing:
        return Saved(flow.id, flow.draft_id)
    state = replace(
        state,
        name=state.name if wish.name is None else wish.name.strip(),
        description=state.description if isinstance(wish.description, Keep) else wish.description,
        cron=state.cron if isinstance(wish.cron, Keep) else wish.cron,
    )
    return UpdatePlan(flow, state, content)


class _Edit(NamedTuple):
    """The state that the draft would have, but for texts and for the choices of bindings."""

    state: FlowState
    content: Content | None = None
    """None for a draft whose content stays as it was."""
    new_bindings: Bindings = ()
    """The references that a graph names for steps that weren't bound to them before."""


def _edit(flow: Flow, facts: Facts, destination: Destination) -> _Edit | GraphMistakes:
    """Edit the draft, or else the published version; refuse a graph with mistakes, and none where the flow has none."""
    base, content = flow.draft or flow.published, facts.graph
    before = FlowState(flow.name, None, None, "") if base is None else base.state
    edited = replace(before, origin=VersionOrigin.EDIT, revert_of=None, export_id=None)
    if content is None and base is None:
        message = f"The flow {named(flow)} has neither draft nor version. Send a graph."
        return (InvalidInput(("graph",), message),)
    if content is None:
        return _Edit(before if base is flow.draft else edited)
    if not isinstance(content, Content):
        return content
    bindings, new_bindings = _bindings(
        SourceGraph(content.graph, facts.catalogue, destination.workspace), before, destination
    )
    is_same = base is flow.draft and before.content_hash == content.hash
    state = before if is_same else replace(edited, content_hash=content.hash)
    return _Edit(replace(state, graph=content.graph.bound(bindings)), content, new_bindings)


def _bindings(graph: SourceGraph, before: FlowState, destination: Destination) -> tuple[Bindings, Bindings]:
    """The bindings of a graph that was sent, and of these the references that its steps weren't bound to before.

    Steps with one id are matched in their order. A step that stays keeps its bindings, unless the graph names others.
    """
    steps, bound, former = graph.graph.steps, by_position(graph.graph.bindings), by_position(before.graph.bindings)
    steps_before = dict(zip(numbered(step.id for step in before.graph.steps), before.graph.steps, strict=True))
    kept, new = list[StepBindings](), list[StepBindings]()
    for key, step in zip(numbered(step.id for step in steps), steps, strict=True):
        own, step_before = bound.get(step.position, StepBindings(step.position)), steps_before.get(key)
        if step_before is None or step_before.position not in former:
            kept.append(own)
            new.append(own)
            continue
        values, component = former[step_before.position].values, graph.components[step.command]
        is_same = destination.is_same_component(step, component, step_before)
        kept.append(_kept(own, former[step_before.position], component, is_same=is_same))
        changed = {kind: value for kind, value in own.values.items() if values.get(kind) != value}
        new.append(own._replace(values=changed if is_same else own.values))
    return tuple(bindings for bindings in kept if not bindings.is_empty), tuple(new)


def _kept(own: StepBindings, before: StepBindings, component: Component | None, *, is_same: bool) -> StepBindings:
    """The bindings of a step that stays; `is_same` tells that its component does too."""
    names_topic = isinstance(before.values.get(ReferenceKind.TOPIC), str | None)
    stays = {
        ReferenceKind.CREDENTIAL: is_same,
        ReferenceKind.SECRET: is_same,
        ReferenceKind.TOPIC: names_topic and (is_pub_sub(component) or (is_same and component is None)),
        ReferenceKind.AGENT: True,
        ReferenceKind.DATA_SAMPLES: True,
    }
    kept = {kind: value for kind, value in before.values.items() if stays[kind]}
    return bound_to(own._replace(topic_field=own.topic_field or before.topic_field), {**kept, **own.values}, component)
