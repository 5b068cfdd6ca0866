"""The bindings that a flow has at its destination: one pass over its steps, which reports as it goes (X7 to X8)."""

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from functools import partial
from types import MappingProxyType
from typing import NamedTuple

from app.domain.component import Catalogue, Component
from app.domain.flow import FlowState
from app.domain.graph import Bindings, Json, StepBindings
from app.domain.mappings import Mapped
from app.domain.model import ReferenceKind, Target, Workspace
from app.domain.references import (
    NOTHING,
    OWNED_KINDS,
    Destination,
    ReferenceAction,
    ReferenceOutcome,
    by_position,
)
from app.domain.step import Step
from app.domain.topics import (
    MultipleTopicsNotCopied,
    TopicSchemaMismatch,
    TopicUse,
    distinct_topics,
    is_pub_sub,
    schema_mismatches,
)
from app.domain.wording import counted, named


@dataclass(frozen=True, slots=True)
class AgentNotCopied:
    """A warning: steps ran on an agent that the destination can't use, and would run without one (X7c)."""

    agent_id: str
    agent: Target | None
    """None if the caller can't see it."""
    steps: tuple[Step, ...]
    workspace: Workspace

    @property
    def message(self) -> str:
        steps = counted("step", self.steps, lambda step: step.label)
        runs = "runs" if len(self.steps) == 1 else "run"
        agent = "an agent" if self.agent is None else f"the agent {named(self.agent)}"
        return (
            f"The {steps} of the source {runs} on {agent}, which {named(self.workspace)} can't use. "
            "Choose an agent in the draft, or nothing takes its place."
        )


ExportWarning = MultipleTopicsNotCopied | TopicSchemaMismatch | AgentNotCopied
"""What the caller should know although the export goes through."""


class BoundAnew(NamedTuple):
    bindings: Bindings
    references: tuple[ReferenceOutcome, ...]
    warnings: tuple[ExportWarning, ...]


class TopicMove(NamedTuple):
    """The topic of a pub/sub step, before and after."""

    step: Step
    before: str | None
    after: str | None
    is_chosen: bool
    """The call names it for this step, or leaves the step without one."""


# Asking an enumeration for a member takes longer than the lookup that it is for.
AGENT, TOPIC, DATA_SAMPLES = ReferenceKind.AGENT, ReferenceKind.TOPIC, ReferenceKind.DATA_SAMPLES
KEPT, REPLACED, CLEARED = ReferenceAction

_NEW_OUTCOME = partial(tuple.__new__, ReferenceOutcome)
"""Makes one of a tuple of all its values, which takes less than the class does: there may be several for every step."""

Choices = Mapping[int, Mapping[ReferenceKind, str | None]]
"""By the position of a step: what is chosen for it, None where it is to have none."""
UNCHOSEN: Mapping[ReferenceKind, str | None] = MappingProxyType({})


def topic_uses(state: FlowState, components: Mapping[str, Component | None]) -> tuple[TopicUse, ...]:
    """The pub/sub steps of a flow, each with its topic."""
    topics = {step.position: topic for step in state.bindings if isinstance(topic := step.values.get(TOPIC), str)}
    pub_sub = {command for command, component in components.items() if is_pub_sub(component)}
    if not topics and not pub_sub:
        return ()
    return tuple(
        TopicUse(step, topics.get(step.position))
        for step in state.steps
        if step.position in topics or step.command in pub_sub
    )


def bound_to(before: StepBindings, values: Mapping[ReferenceKind, Json], component: Component | None) -> StepBindings:
    """New bindings for a step; its topic stands where it stood before, or where the component wants it."""
    wanted = None if component is None else component.topic_field
    if TOPIC in values:
        return StepBindings(before.position, values, before.topic_field or wanted)
    return StepBindings(before.position, values, before.topic_field if before.no_fields else None, before.no_fields)


def resolve_all(steps: tuple[Step, ...], catalogue: Catalogue, workspace: Workspace) -> dict[str, Component | None]:
    """The component that each command means in the tenant of this workspace (C0)."""
    tenant = workspace.contract.tenant_id
    return {command: catalogue.resolve(command, tenant) for command in dict.fromkeys([step.command for step in steps])}


@dataclass(frozen=True, slots=True)
class Rebinding:
    """Everything that decides what a flow's steps are bound to at the destination."""

    components: Mapping[str, Component | None]
    there: Destination
    inside: bool
    """The destination is the flow's own workspace, where everything stays (X1, X2, T2)."""
    given_topic: str | None
    """The topic that was asked for; that it may be given is settled before (`topics_refused`)."""
    targets: Mapping[str, Target]
    mapped: Mapped = field(default_factory=dict)
    choices: Choices = field(default_factory=dict)
    """That they and the mappings fit is settled before as well."""

    def bind(self, state: FlowState) -> BoundAnew:
        """What the flow is bound to, what became of each reference, and what to know of its topics."""
        uses = topic_uses(state, self.components)
        pub_sub = {use.step.position for use in uses}
        topics_stay = self.inside or all(map(self._usable_topic, distinct_topics(self._unsettled(uses))))
        bound = by_position(state.bindings)
        bindings: list[StepBindings] = []
        report: list[ReferenceOutcome] = []
        moves: list[TopicMove] = []
        without_agent: dict[str, list[Step]] = {}
        told_of = bound.keys() | pub_sub | self.choices.keys()
        for step, there in self._looked_at(state.steps, told_of):
            position = step.position
            before, chosen = bound.get(position) or StepBindings(position), self.choices.get(position, UNCHOSEN)
            after = self._owned(before, there, chosen)
            if TOPIC in chosen:
                after[TOPIC] = chosen[TOPIC]
            elif position in pub_sub:
                after[TOPIC] = self._topic(before, there, stays=topics_stay)
            if position in pub_sub:
                topic, was_chosen = after[TOPIC], TOPIC in chosen
                moves.append(TopicMove(step, before.reference(TOPIC), topic, was_chosen))
            if AGENT in before.values and AGENT not in chosen:
                agent = before.reference(AGENT)
                if agent is not None and after[AGENT] is None:
                    without_agent.setdefault(agent, []).append(step)
            self._report(report, step, before, after)
            bindings.append(self._rebound(step, before, after))
        warnings: tuple[ExportWarning, ...] = (
            *self._topics_not_copied(moves),
            *self._mismatches(moves),
            *self._agents_not_copied(without_agent),
        )
        return BoundAnew(tuple(step for step in bindings if not step.is_empty), tuple(report), warnings)

    def _looked_at(
        self, steps: Sequence[Step], told_of: Set[int]
    ) -> Iterator[tuple[Step, Mapping[ReferenceKind, str]]]:
        """Each step that has something, with what the overridden flow has chosen for it; most steps of a graph have nothing."""
        if not self.there.has_choices:
            for position in sorted(told_of):
                yield steps[position], NOTHING
            return
        for step in steps:
            there = self.there.already_chosen(step, self.components.get(step.command))
            if there or step.position in told_of:
                yield step, there

    def _owned(
        self,
        before: StepBindings,
        there: Mapping[ReferenceKind, str],
        chosen: Mapping[ReferenceKind, str | None],
    ) -> dict[ReferenceKind, str | None]:
        """Credential, secret and agent, as far as there are any.

        Chosen for the step (P3), or mapped (P2), or kept where usable (X7), else as already chosen there (X7a).
        """
        after: dict[ReferenceKind, str | None] = {}
        for kind in OWNED_KINDS:
            if kind in chosen:
                after[kind] = chosen[kind]
            elif kind in before.values:
                reference = before.reference(kind)
                mapped = self._mapped_to(kind, reference) if self.mapped else None
                kept = reference if self.there.can_use(kind, reference) else there.get(kind)
                after[kind] = mapped or kept
            elif kind in there:
                after[kind] = there[kind]
        return after

    def _mapped_to(self, kind: ReferenceKind, reference: str | None) -> str | None:
        mappings = self.mapped.get(kind)
        mapping = None if mappings is None or reference is None else mappings.get(reference)
        return None if mapping is None else mapping.to_id

    def _topic(self, before: StepBindings, there: Mapping[ReferenceKind, str], *, stays: bool) -> str | None:
        topic = before.reference(TOPIC)
        given = self._mapped_to(TOPIC, topic) or self.given_topic
        if given is not None:
            return given
        if stays and self._usable_topic(topic):
            return topic
        return there.get(TOPIC)

    def _unsettled(self, uses: Iterable[TopicUse]) -> Iterator[TopicUse]:
        """Those whose topic neither a choice nor a mapping settles: the table of topics is about the rest (P3)."""
        settled = self.mapped.get(TOPIC, {})
        for use in uses:
            if use.topic_id not in settled and TOPIC not in self.choices.get(use.step.position, ()):
                yield use

    def _usable_topic(self, topic: str | None) -> bool:
        return self.there.can_use(TOPIC, topic)

    def _report(
        self,
        report: list[ReferenceOutcome],
        step: Step,
        before: StepBindings,
        after: Mapping[ReferenceKind, str | None],
    ) -> None:
        """Every reference that was or is, in the order of `ReferenceKind` (X7b)."""
        for kind, to_id in after.items():
            from_id = before.reference(kind)
            if from_id is not None or to_id is not None:
                outcome = step.id, kind, _action(from_id, to_id), from_id, to_id, step.name
                report.append(_NEW_OUTCOME(outcome))
        if before.values.get(DATA_SAMPLES):
            action = KEPT if self.inside else CLEARED
            report.append(ReferenceOutcome(step.id, DATA_SAMPLES, action, None, None, step.name))

    def _rebound(self, step: Step, before: StepBindings, after: Mapping[ReferenceKind, str | None]) -> StepBindings:
        """The step's new bindings. What stood in the native step and names nothing stays where nothing takes its place."""
        bound: dict[ReferenceKind, Json] = {kind: one for kind, one in after.items() if one is not None}
        if bound == before.values and (TOPIC in bound) is (before.topic_field is not None):
            return before
        for kind, value in before.values.items():
            if self.inside or not value if kind is DATA_SAMPLES else not isinstance(value, str):
                bound.setdefault(kind, value)
        return bound_to(before, bound, self.components.get(step.command))

    def _topics_not_copied(self, moves: Sequence[TopicMove]) -> Iterator[MultipleTopicsNotCopied]:
        """Of several topics none was taken over: the warning names those that were cleared."""
        several = len({move.before for move in moves} - {None}) > 1
        lost = (move.before for move in moves if move.after is None and not move.is_chosen)
        cleared = dict.fromkeys(topic for topic in lost if topic in self.targets)
        if several and cleared and not self.inside:
            topics = tuple(self.targets[topic] for topic in cleared if topic is not None)
            yield MultipleTopicsNotCopied(topics, refused=False)

    def _mismatches(self, moves: Sequence[TopicMove]) -> Iterator[TopicSchemaMismatch]:
        """One warning per pair of topics (T4)."""
        replaced: dict[tuple[Target, Target], list[Step]] = {}
        for move in moves:
            old, new = self.targets.get(move.before or ""), self.targets.get(move.after or "")
            if old is not None and new is not None and move.before != move.after:
                replaced.setdefault((old, new), []).append(move.step)
        return schema_mismatches(replaced)

    def _agents_not_copied(self, steps_of: Mapping[str, Sequence[Step]]) -> Iterator[AgentNotCopied]:
        for agent_id, steps in steps_of.items():
            found = self.targets.get(agent_id)
            agent = found if found is not None and found.kind is AGENT else None
            yield AgentNotCopied(agent_id, agent, tuple(steps), self.there.workspace)


def _action(from_id: str | None, to_id: str | None) -> ReferenceAction:
    if to_id is None:
        return CLEARED
    return KEPT if from_id == to_id else REPLACED
