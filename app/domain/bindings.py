"""The bindings that a flow has at its destination: one pass over its steps, which reports as it goes (X7 to X8)."""

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

from app.domain.chosen_references import ChosenReferences
from app.domain.flow import Graph
from app.domain.graph import Json, StepBindings
from app.domain.model import ReferenceKind, Target
from app.domain.references import (
    NOTHING,
    OWNED_KINDS,
    Destination,
    ReferenceAction,
    ReferenceOutcome,
    References,
    by_position,
)
from app.domain.source_graph import SourceGraph
from app.domain.step import Step
from app.domain.step_choices import NO_CHOICES, Choices, bound_to
from app.domain.topics import MultipleTopicsNotCopied, TopicSchemaMismatch, distinct_topics, schema_mismatches
from app.domain.wording import counted, named, printable

# Asking an enumeration for a member takes longer than the lookup that it is for.
AGENT, TOPIC, DATA_SAMPLES = ReferenceKind.AGENT, ReferenceKind.TOPIC, ReferenceKind.DATA_SAMPLES
KEPT, REPLACED, CLEARED = ReferenceAction

_NEW_OUTCOME, _NEW_BINDINGS = partial(tuple.__new__, ReferenceOutcome), partial(tuple.__new__, StepBindings)
"""Make one of a tuple of all its values, which takes less than the class does: there may be several for every step."""


@dataclass(frozen=True, slots=True)
class AgentNotCopied:
    """A warning: steps ran on an agent that the destination can't use, and would run without one (X7c)."""

    agent_id: str
    agent: Target | None
    """None for an agent that the caller can't see."""
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
        place = "the destination" if self.destination is None else printable(self.destination)
        return (
            f"The {steps} of the source {runs} on {agent}, which {place} can't use. "
            "Choose an agent in the draft, or nothing takes its place."
        )


ExportWarning = MultipleTopicsNotCopied | TopicSchemaMismatch | AgentNotCopied
"""Warnings of exports that go through."""


class Rebound(NamedTuple):
    graph: Graph
    """The source's graph with the bindings of the destination."""
    references: tuple[ReferenceOutcome, ...]
    warnings: tuple[ExportWarning, ...]


def rebind(source: SourceGraph, destination: Destination, choices: ChosenReferences) -> Rebound:
    """Bind the steps of a graph to references of the destination, and report every reference that was or is (X7b).

    The caller has already checked that the chosen references may be used there.
    """
    return _Rebinding(source, destination, choices).rebound()


class _TopicMove(NamedTuple):
    """The topic of a pub/sub step, before and after."""

    step: Step
    before: str | None
    after: str | None
    is_chosen: bool
    """The call names the topic of this step, or leaves the step without one."""


class _Outcome(NamedTuple):
    """The outcome for a step, and for all steps that have the same bindings, choices and component."""

    bound: StepBindings
    topic_id: str | None
    lost_agent: str | None
    references: Sequence[tuple[ReferenceKind, ReferenceAction, str | None, str | None]]


class _Rebinding:
    def __init__(self, source: SourceGraph, destination: Destination, choices: ChosenReferences) -> None:
        self.source, self.destination, self.chosen = source, destination, choices
        self.stays_inside = source.workspace.id == destination.workspace.id
        """The destination is the flow's own workspace, where everything stays (X1, X2, T2)."""
        self.pub_sub = {use.step.position for use in source.topic_uses}
        self.topics_stay = self.stays_inside or self._can_use_other_topics()

    def rebound(self) -> Rebound:
        bindings: list[StepBindings] = []
        references: list[ReferenceOutcome] = []
        moves: list[_TopicMove] = []
        without_agent: dict[str, list[Step]] = {}
        outcomes: dict[Hashable, _Outcome] = {}
        bound = by_position(self.source.graph.bindings)
        for step, replacement in self._steps(bound.keys() | self.pub_sub | self.chosen.choices.by_position.keys()):
            position = step.position
            before = bound.get(position) or StepBindings(position)
            choices = self.chosen.choices.by_position.get(position, NO_CHOICES)
            # Values are compared by identity, not by what they say: steps that are bound alike often share theirs.
            key = id(before.values), before.topic_field, before.no_fields, id(replacement), id(choices), step.command
            outcome = outcomes.get(key) or outcomes.setdefault(key, self._outcome(step, before, replacement, choices))
            if position in self.pub_sub:
                moves.append(_TopicMove(step, before.reference(TOPIC), outcome.topic_id, TOPIC in choices))
            if outcome.lost_agent is not None:
                without_agent.setdefault(outcome.lost_agent, []).append(step)
            references += [_NEW_OUTCOME((step.id, *reference, step.name)) for reference in outcome.references]
            if not outcome.bound.is_empty:
                stays = outcome.bound.values is before.values
                bindings.append(before if stays else _NEW_BINDINGS((position, *outcome.bound[1:])))
        warnings: tuple[ExportWarning, ...] = (
            *self._topics_not_copied(moves),
            *self._mismatches(moves),
            *self._agents_not_copied(without_agent),
        )
        return Rebound(self.source.graph.bound(tuple(bindings)), tuple(references), warnings)

    def _can_use_other_topics(self) -> bool:
        """Whether the destination has all topics that neither a choice nor a mapping settles (the table, P3)."""
        mapped, choices = self.chosen.mappings.get(TOPIC, {}), self.chosen.choices.by_position
        unsettled = (
            use
            for use in self.source.topic_uses
            if use.topic_id not in mapped and TOPIC not in choices.get(use.step.position, NO_CHOICES)
        )
        return all(self.destination.can_use(TOPIC, topic) for topic in distinct_topics(unsettled))

    def _steps(self, positions: set[int]) -> Iterator[tuple[Step, References]]:
        """Each step that has something, with the references of the overridden flow's step (X7a); most steps have nothing."""
        steps = self.source.graph.steps
        if not self.destination.has_choices:
            for position in sorted(positions):
                yield steps[position], NOTHING
            return
        for step in steps:
            replacement = self.destination.already_chosen(step, self.source.components.get(step.command))
            if replacement or step.position in positions:
                yield step, replacement

    def _outcome(self, step: Step, before: StepBindings, replacement: References, choices: Choices) -> _Outcome:
        after: dict[ReferenceKind, str | None] = {}
        for kind in OWNED_KINDS:
            if kind in choices or kind in before.values or kind in replacement:
                after[kind] = self._reference(kind, before, replacement, choices)
        if TOPIC in choices or step.position in self.pub_sub:
            after[TOPIC] = self._reference(TOPIC, before, replacement, choices)
        is_agent_lost = AGENT not in choices and after.get(AGENT) is None
        return _Outcome(
            bound=self._bound(step, before, after),
            topic_id=after.get(TOPIC),
            lost_agent=before.reference(AGENT) if is_agent_lost else None,
            references=[*self._references(before, after)],
        )

    def _reference(
        self, kind: ReferenceKind, before: StepBindings, replacement: References, choices: Choices
    ) -> str | None:
        """The id chosen for the step, or mapped, or kept where usable (X7), else taken from the overridden flow (P2, X7a)."""
        if kind in choices:
            return choices[kind]
        reference = before.reference(kind)
        mapped = self.chosen.mapped_to(kind, reference) or (self.chosen.topic_id if kind is TOPIC else None)
        is_kept = self.destination.can_use(kind, reference) and (kind is not TOPIC or self.topics_stay)
        return mapped or (reference if is_kept else replacement.get(kind))

    def _references(
        self, before: StepBindings, after: Mapping[ReferenceKind, str | None]
    ) -> Iterator[tuple[ReferenceKind, ReferenceAction, str | None, str | None]]:
        """Every reference that was or is, in the order of `ReferenceKind` (X7b)."""
        for kind, to_id in after.items():
            from_id = before.reference(kind)
            if from_id is not None or to_id is not None:
                changed = KEPT if from_id == to_id else REPLACED
                yield kind, CLEARED if to_id is None else changed, from_id, to_id
        if before.values.get(DATA_SAMPLES):
            yield DATA_SAMPLES, KEPT if self.stays_inside else CLEARED, None, None

    def _bound(self, step: Step, before: StepBindings, after: Mapping[ReferenceKind, str | None]) -> StepBindings:
        """The step's new bindings. A value of the native step that names nothing stays where nothing takes its place."""
        values: dict[ReferenceKind, Json] = {kind: id_ for kind, id_ in after.items() if id_ is not None}
        if values == before.values and (TOPIC in values) is (before.topic_field is not None):
            return before
        for kind, value in before.values.items():
            if self.stays_inside or not value if kind is DATA_SAMPLES else not isinstance(value, str):
                values.setdefault(kind, value)
        return bound_to(before, values, self.source.components.get(step.command))

    def _topics_not_copied(self, moves: Sequence[_TopicMove]) -> Iterator[MultipleTopicsNotCopied]:
        """Warn of the topics that were cleared, where a flow has several."""
        several = len({move.before for move in moves} - {None}) > 1
        lost = dict.fromkeys(move.before for move in moves if move.after is None and not move.is_chosen)
        cleared = tuple(target for target in map(self.destination.find, lost) if target is not None)
        if several and cleared and not self.stays_inside:
            yield MultipleTopicsNotCopied(cleared, refused=False)

    def _mismatches(self, moves: Sequence[_TopicMove]) -> Iterator[TopicSchemaMismatch]:
        """One warning per pair of topics (T4)."""
        replaced: dict[tuple[Target, Target], list[Step]] = {}
        for move in moves:
            old, new = self.destination.find(move.before), self.destination.find(move.after)
            if old is not None and new is not None and move.before != move.after:
                replaced.setdefault((old, new), []).append(move.step)
        return schema_mismatches(replaced)

    def _agents_not_copied(self, steps_of: Mapping[str, Sequence[Step]]) -> Iterator[AgentNotCopied]:
        for agent_id, steps in steps_of.items():
            target = self.destination.find(agent_id)
            agent = target if target is not None and target.kind is AGENT else None
            yield AgentNotCopied(agent_id, agent, tuple(steps), self.destination.workspace.name)
