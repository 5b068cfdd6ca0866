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
from app.domain.component import Component, resolve_all
from app.domain.content import Content, SplitGraph, misplaced
from app.domain.draft import DraftFacts, StaleDraft, draft_gone, stale
from app.domain.errors import Refused, at, in_order
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
    """What a change leaves as it is, where None would clear it."""

    KEEP = "KEEP"


KEEP = Keep.KEEP


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
    state: FlowState
    content: Content | None
    """The new content; None: it is what it was."""
    revision: int
    """Of the draft (H1)."""


@dataclass(frozen=True, slots=True)
class _Wanted:
    """The state that the draft would have, with the content if that is new, and what its graph named just now."""

    state: FlowState
    content: Content | None
    named: Bindings


def plan_update(facts: DraftFacts | None, wish: UpdateWish) -> UpdatePlan | Unchanged | Refused[UpdateRefusal]:
    """Decide a save, or give every reason against it (X11, H1).

    Refuses a stale revision, an unknown step, and every reference that can't be used by its step in the workspace;
    what the draft was bound to before is not asked again. Without facts the caller can't see the flow.
    """
    if facts is None:
        graph = () if isinstance(wish.graph, Keep) else graph_mistakes(wish.graph)
        return Refused(in_order((FlowNotFound(wish.flow_id, path=FLOW), *_mistakes(wish), *graph)))
    refusals: tuple[UpdateRefusal, ...] = (
        *at(FLOW, rights_missing(facts.access)),
        *at(FLOW, contract_suspended(facts.access)),
        *_stale(facts.flow, wish.expected_revision),
        *_mistakes(wish),
    )
    wanted = _wanted(facts, wish)
    if not isinstance(wanted, _Wanted):
        return Refused(in_order((*refusals, *wanted)))
    bindings, wrong = _bound(wanted, facts, wish)
    errors = in_order((*refusals, *wrong))
    if errors:
        return Refused(errors)
    return _plan(facts.flow, replace(wanted.state, graph=wanted.state.graph.bound(bindings)), wanted.content, wish)


def _mistakes(wish: UpdateWish) -> tuple[InvalidInput, ...]:
    """In what was sent besides graph and bindings."""
    return (
        *name_mistakes(wish.name),
        *(() if isinstance(wish.description, Keep) else description_mistakes(wish.description)),
        *(() if isinstance(wish.cron, Keep) else cron_mistakes(wish.cron)),
    )


def _stale(flow: Flow, expected: int | None) -> tuple[StaleDraft, ...]:
    if flow.draft is not None:
        return stale(flow, flow.draft, expected)
    return () if expected is None else (draft_gone(flow, expected),)


def _plan(flow: Flow, state: FlowState, content: Content | None, wish: UpdateWish) -> UpdatePlan | Unchanged:
    draft_id = None if flow.draft is None else DraftId(flow.draft.id)
    if draft_id is not None and wish.changes_nothing:
        return Unchanged(flow.id, draft_id)
    return UpdatePlan(flow.id, draft_id, flow.published is None, state, content, flow.next_revision)


def _wanted(facts: DraftFacts, wish: UpdateWish) -> _Wanted | GraphMistakes:
    """The state as it would be saved, but for the choices of bindings; or why there can be none."""
    base, sent = facts.flow.draft or facts.flow.published, facts.graph
    if sent is None:
        if base is None:
            message = f"The flow {named(facts.flow)} has neither draft nor version. Send a graph."
            return (InvalidInput(("graph",), message),)
        kept = base.state if base is facts.flow.draft else _edited(base.state)
        return _Wanted(_with_texts(kept, wish), None, ())
    if not isinstance(sent, SplitGraph):
        return sent
    before = _Before(None if base is None else base.state, facts)
    steps, own = sent.content.steps, sent.bindings
    bindings = before.kept(steps, own)
    if base is None:
        state = sent.content.state(facts.flow.name, None, None, bindings)
    elif base is facts.flow.draft and base.state.content_hash == sent.content.hash:
        state = replace(base.state, graph=base.state.graph.bound(bindings))
    else:
        state = sent.content.state(base.state.name, base.state.description, base.state.cron, bindings)
    return _Wanted(_with_texts(state, wish), sent.content, before.not_bound_already(steps, own))


def _edited(state: FlowState) -> FlowState:
    return replace(state, origin=VersionOrigin.EDIT, revert_of=None, export_id=None)


def _with_texts(state: FlowState, wish: UpdateWish) -> FlowState:
    return replace(
        state,
        name=state.name if wish.name is None else wish.name.strip(),
        description=state.description if isinstance(wish.description, Keep) else wish.description,
        cron=state.cron if isinstance(wish.cron, Keep) else wish.cron,
    )


def _bound(
    wanted: _Wanted, facts: DraftFacts, wish: UpdateWish
) -> tuple[Bindings, tuple[TopicNotAccessible | CredentialNotAccessible | InvalidInput, ...]]:
    """What the steps would be bound to, and what is wrong with what was named just now."""
    workspace, steps = facts.access.workspace, wanted.state.steps
    here = Destination(workspace, targets=facts.targets, catalogue=facts.catalogue)
    components = resolve_all(wanted.state.graph.commands, facts.catalogue, workspace)
    chosen = read_choices(first_of_each_id(steps), wish.bindings, components)
    wrong = misplaced(steps, chosen.applied_to(wanted.named, steps, components), components, here, chosen.path_of)
    return chosen.applied_to(wanted.state.bindings, steps, components), (*wrong, *chosen.mistakes)


class _Before:
    """What the steps were bound to before a graph was sent. Where ids repeat, the first is the first, and so on."""

    def __init__(self, base: FlowState | None, facts: DraftFacts) -> None:
        workspace = facts.access.workspace
        self._here = Destination(workspace, targets=facts.targets, catalogue=facts.catalogue)
        self._catalogue = facts.catalogue
        steps = () if base is None else base.steps
        self._steps = dict(zip(numbered(step.id for step in steps), steps, strict=True))
        self._bindings = {} if base is None else by_position(base.bindings)

    def not_bound_already(self, steps: tuple[Step, ...], sent: Bindings) -> Bindings:
        """What a graph names for steps that weren't bound to it already: only this is asked about.

        A graph that is sent back as it was handed out can be saved, whatever has disappeared meanwhile (C6).
        """
        keys = list(numbered(step.id for step in steps))
        return tuple(
            bound._replace(values=self._new_values(steps[bound.position], self._steps.get(keys[bound.position]), bound))
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
        return tuple(bound for bound in merged if not bound.is_empty)

    def _merged(self, step: Step, there: Step | None, own: StepBindings) -> StepBindings:
        before = None if there is None else self._bindings.get(there.position)
        if there is None or before is None:
            return own
        component = self._resolve(step.command)
        same = self._here.is_same_component(step, component, there)
        names_topic = isinstance(before.values.get(ReferenceKind.TOPIC), str | None)
        stays = {
            ReferenceKind.CREDENTIAL: same,
            ReferenceKind.SECRET: same,
            ReferenceKind.TOPIC: names_topic and (is_pub_sub(component) or (same and component is None)),
            ReferenceKind.AGENT: True,
            ReferenceKind.DATA_SAMPLES: True,
        }
        kept = {kind: value for kind, value in before.values.items() if stays[kind]}
        place = before.topic_field if component is None else component.topic_field
        return bound_to(own._replace(topic_field=own.topic_field or place), {**kept, **own.values}, component)

    def _resolve(self, command: str) -> Component | None:
        return self._catalogue.resolve(command, self._here.workspace.contract.tenant_id)
