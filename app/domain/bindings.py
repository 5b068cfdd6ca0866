"""The bindings that a flow has at its destination: one pass over its steps, which reports as it goes (X7 to X8)."""

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from functools import partial
from types import MappingProxyType
from typing import NamedTuple

from app.domain.component import Component
from app.domain.graph import Bindings, Json, StepBindings
from app.domain.mappings import Mapped
from app.domain.model import ReferenceKind, Target
from app.domain.references import (
    NOTHING,
    OWNED_KINDS,
    Destination,
    ReferenceAction,
    ReferenceOutcome,
    by_position,
)
from app.domain.source_graph import SourceGraph
from app.domain.step import Step
from app.domain.topics import (
    MultipleTopicsNotCopied,
    TopicSchemaMismatch,
    TopicUse,
    distinct_topics,
    schema_mismatches,
)
from app.domain.wording import counted, named, shown


@dataclass(frozen=True, slots=True)
class AgentNotCopied:
    """A warning: steps ran on an agent that the destination can't use, and would run without one (X7c)."""

    agent_id: str
    agent: Target | None
    """None if the caller can't see it."""
    steps: tuple[Step, ...]
    destination: str | None
    """The name of the workspace; None if the caller can't see it."""

    @property
    def step_ids(self) -> list[str]:
        return [step.id for step in self.steps]

    @property
    def message(self) -> str:
        steps = counted("step", self.steps, lambda step: step.label)
        runs = "runs" if len(self.steps) == 1 else "run"
        agent = "an agent" if self.agent is None else f"the agent {named(self.agent)}"
        place = "the destination" if self.destination is None else shown(self.destination)
        return (
            f"The {steps} of the source {runs} on {agent}, which {place} can't use. "
            "Choose an agent in the draft, or nothing takes its place."
        )


ExportWarning = MultipleTopicsNotCopied | TopicSchemaMismatch | AgentNotCopied
"""What the caller should know although the export goes through."""


class BoundAnew(NamedTuple):
    bindings: Bindings
    references: tuple[ReferenceOutcome, ...]
    warnings: tuple[ExportWarning, ...]


class _Topics(NamedTuple):
    """Whether a step is a pub/sub step, and whether the flow's topics may stay."""

    are_used: bool
    stay: bool


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

_NEW_OUTCOME, _NEW_BINDINGS = partial(tuple.__new__, ReferenceOutcome), partial(tuple.__new__, StepBindings)
"""Make one of a tuple of all its values, which takes less than the class does: there may be several for every step."""

Choices = Mapping[int, Mapping[ReferenceKind, str | None]]
"""By the position of a step: what is chosen for it, None where it is to have none."""
UNCHOSEN: Mapping[ReferenceKind, str | None] = MappingProxyType({})


def bound_to(before: StepBindings, values: Mapping[ReferenceKind, Json], component: Component | None) -> StepBindings:
    """New bindings for a step; its topic stands where it stood before, or where the component wants it."""
    wanted = None if component is None else component.topic_field
    if TOPIC in values:
        return StepBindings(before.position, values, before.topic_field or wanted)
    return StepBindings(before.position, values, before.topic_field if before.no_fields else None, before.no_fields)


class _Anew(NamedTuple):
    """What a step is bound to at the destination, and so are all others that differ in nothing that decides about it."""

    topic_id: str | None
    lost_agent: str | None
    outcomes: Sequence[tuple[ReferenceKind, ReferenceAction, str | None, str | None]]
    bound: StepBindings
    """Of the first such step."""
    stays: bool


@dataclass(frozen=True, slots=True)
class Rebinding:
    """Everything that decides what a flow's steps are bound to at the destination."""

    source: SourceGraph
    there: Destination
    inside: bool
    """The destination is the flow's own workspace, where everything stays (X1, X2, T2)."""
    given_topic: str | None
    """The topic that was asked for; that it may be given is settled before (`topics_refused`)."""
    targets: Mapping[str, Target]
    mapped: Mapped = field(default_factory=dict)
    choices: Choices = field(default_factory=dict)
    """That they and the mappings fit is settled before as well."""

    def bind(self) -> BoundAnew:
        """What the flow is bound to, what became of each reference, and what to know of its topics."""
        uses = self.source.topic_uses
        pub_sub = {use.step.position for use in uses}
        topics_stay = self.inside or all(map(self._usable_topic, distinct_topics(self._unsettled(uses))))
        bound = by_position(self.source.graph.bindings)
        bindings: list[StepBindings] = []
        report: list[ReferenceOutcome] = []
        moves: list[TopicMove] = []
        without_agent: dict[str, list[Step]] = {}
        known: dict[Hashable, _Anew] = {}
        told_of = bound.keys() | pub_sub | self.choices.keys()
        for step, there in self._looked_at(self.source.graph.steps, told_of):
            position = step.position
            before, chosen = bound.get(position) or StepBindings(position), self.choices.get(position, UNCHOSEN)
            # Values are compared by what they are, not by what they say: steps that are bound alike often share theirs.
            key = id(before.values), before.topic_field, before.no_fields, id(there), id(chosen), step.command
            anew = known.get(key)
            if anew is None:
                topics = _Topics(position in pub_sub, topics_stay)
                anew = known[key] = self._anew(step, before, there, chosen, topics)
            if position in pub_sub:
                moves.append(TopicMove(step, before.reference(TOPIC), anew.topic_id, TOPIC in chosen))
            if anew.lost_agent is not None:
                without_agent.setdefault(anew.lost_agent, []).append(step)
            report += [_NEW_OUTCOME((step.id, *outcome, step.name)) for outcome in anew.outcomes]
            if not anew.bound.is_empty:
                bindings.append(before if anew.stays else _NEW_BINDINGS((position, *anew.bound[1:])))
        warnings: tuple[ExportWarning, ...] = (
            *self._topics_not_copied(moves),
            *self._mismatches(moves),
            *self._agents_not_copied(without_agent),
        )
        return BoundAnew(tuple(bindings), tuple(report), warnings)

    def _anew(
        self,
        step: Step,
        before: StepBindings,
        there: Mapping[ReferenceKind, str],
        chosen: Mapping[ReferenceKind, str | None],
        topics: "_Topics",
    ) -> _Anew:
        after = self._owned(before, there, chosen)
        if TOPIC in chosen:
            after[TOPIC] = chosen[TOPIC]
        elif topics.are_used:
            after[TOPIC] = self._topic(before, there, stays=topics.stay)
        is_lost = AGENT not in chosen and after.get(AGENT) is None
        bound = self._rebound(step, before, after)
        return _Anew(
            topic_id=after.get(TOPIC),
            lost_agent=before.reference(AGENT) if is_lost else None,
            outcomes=[*self._outcomes(before, after)],
            bound=bound,
            stays=bound is before,
        )

    def _looked_at(
        self, steps: Sequence[Step], told_of: Set[int]
    ) -> Iterator[tuple[Step, Mapping[ReferenceKind, str]]]:
        """Each step that has something, with what the overridden flow has chosen for it; most steps of a graph have nothing."""
        if not self.there.has_choices:
            for position in sorted(told_of):
                yield steps[position], NOTHING
            return
        for step in steps:
            there = self.there.already_chosen(step, self.source.components.get(step.command))
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

    def _outcomes(
        self, before: StepBindings, after: Mapping[ReferenceKind, str | None]
    ) -> Iterator[tuple[ReferenceKind, ReferenceAction, str | None, str | None]]:
        """Every reference that was or is, in the order of `ReferenceKind` (X7b)."""
        for kind, to_id in after.items():
            from_id = before.reference(kind)
            if from_id is not None or to_id is not None:
                yield kind, _action(from_id, to_id), from_id, to_id
        if before.values.get(DATA_SAMPLES):
            yield DATA_SAMPLES, KEPT if self.inside else CLEARED, None, None

    def _rebound(self, step: Step, before: StepBindings, after: Mapping[ReferenceKind, str | None]) -> StepBindings:
        """The step's new bindings. What stood in the native step and names nothing stays where nothing takes its place."""
        bound: dict[ReferenceKind, Json] = {kind: one for kind, one in after.items() if one is not None}
        if bound == before.values and (TOPIC in bound) is (before.topic_field is not None):
            return before
        for kind, value in before.values.items():
            if self.inside or not value if kind is DATA_SAMPLES else not isinstance(value, str):
                bound.setdefault(kind, value)
        return bound_to(before, bound, self.source.components.get(step.command))

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
            yield AgentNotCopied(agent_id, agent, tuple(steps), self.there.workspace.name)


def _action(from_id: str | None, to_id: str | None) -> ReferenceAction:
    if to_id is None:
        return CLEARED
    return KEPT if from_id == to_id else REPLACED
