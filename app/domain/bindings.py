"""The bindings that a flow has at its destination: one pass over its steps, which reports as it goes (X7 to X8)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from app.domain.choices import Choices, ChosenReferences, bound_to
from app.domain.component import Step
from app.domain.drift import DestinationWasChanged
from app.domain.errors import counted, named, printable
from app.domain.flow import Graph
from app.domain.graph import NOTHING, Json, StepBindings
from app.domain.model import ReferenceKind, Target
from app.domain.references import (
    OWNED_KINDS,
    Destination,
    ReferenceAction,
    ReferenceOutcome,
    References,
    by_position,
)
from app.domain.source_graph import SourceGraph
from app.domain.topics import MultipleTopicsNotCopied, TopicSchemaMismatch, distinct_topics, schema_mismatches

# Asking an enumeration for a member takes longer than the lookup that it is for.
AGENT, TOPIC, DATA_SAMPLES = ReferenceKind.AGENT, ReferenceKind.TOPIC, ReferenceKind.DATA_SAMPLES
KEPT, REPLACED, CLEARED = ReferenceAction


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


ExportWarning = MultipleTopicsNotCopied | TopicSchemaMismatch | AgentNotCopied | DestinationWasChanged
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


class _Change(NamedTuple):
    """The bindings of a step before and after."""

    step: Step
    before: StepBindings
    after: Mapping[ReferenceKind, str | None]
    """The ids of all kinds that the step names before or after, in the order of `ReferenceKind`."""
    choices: Choices


class _Rebinding:
    def __init__(self, source: SourceGraph, destination: Destination, choices: ChosenReferences) -> None:
        self.source, self.destination, self.chosen = source, destination, choices
        self.choices_by_position = choices.by_position
        self.stays_inside = source.workspace.id == destination.workspace.id
        """The destination is the flow's own workspace, where everything stays (X1, X2, T2)."""
        self.pub_sub = {step.position for step in source.topic_uses}
        self.topics_stay = self.stays_inside or self._can_use_other_topics()

    def rebound(self) -> Rebound:
        changes = [*self._changes()]
        bindings = (self._bound(change) for change in changes)
        of_topics = [change for change in changes if change.step.position in self.pub_sub]
        warnings: tuple[ExportWarning, ...] = (
            *self._topics_not_copied(of_topics),
            *self._mismatches(of_topics),
            *self._agents_not_copied(changes),
        )
        return Rebound(
            self.source.graph.bound(tuple(bound for bound in bindings if not bound.is_empty)),
            tuple(outcome for change in changes for outcome in self._outcomes(change)),
            warnings,
        )

    def _changes(self) -> Iterator[_Change]:
        """The change of each step that had something, or gets something; most steps have nothing."""
        bound = by_position(self.source.graph.bindings)
        positions = bound.keys() | self.pub_sub | self.choices_by_position.keys()
        for step, replacement in self._steps(positions):
            before = bound.get(step.position) or StepBindings(step.position)
            choices = self.choices_by_position.get(step.position, NOTHING)
            after = {
                kind: self._reference(kind, before, replacement, choices)
                for kind in OWNED_KINDS
                if kind in choices or kind in before.values or kind in replacement
            }
            if TOPIC in choices or step.position in self.pub_sub:
                after[TOPIC] = self._reference(TOPIC, before, replacement, choices)
            yield _Change(step, before, after, choices)

    def _can_use_other_topics(self) -> bool:
        """Whether the destination has all topics that neither a choice nor a mapping settles (the table, P3)."""
        unsettled = {
            step: topic
            for step, topic in self.source.topic_uses.items()
            if (TOPIC, topic) not in self.chosen.mappings
            and TOPIC not in self.choices_by_position.get(step.position, NOTHING)
        }
        topics = distinct_topics(unsettled, self.destination.targets)
        return all(self.destination.can_use(TOPIC, topic) for topic in topics)

    def _steps(self, positions: set[int]) -> Iterator[tuple[Step, References]]:
        """Each step that has something, with the references of the overridden flow's step (X7a); most steps have nothing."""
        for step in self.source.graph.steps:
            replacement = self.destination.already_chosen(step, self.source.components.get(step.command))
            if replacement or step.position in positions:
                yield step, replacement

    def _reference(
        self, kind: ReferenceKind, before: StepBindings, replacement: References, choices: Choices
    ) -> str | None:
        """The id chosen for the step, or mapped, or kept where usable (X7), else taken from the overridden flow (P2, X7a)."""
        if kind in choices:
            return choices[kind]
        reference = before.reference(kind)
        mapping = self.chosen.mappings.get((kind, reference or ""))
        if mapping is not None:
            return mapping.to_id
        if kind is TOPIC and self.chosen.topic_id is not None:
            return self.chosen.topic_id
        is_kept = self.destination.can_use(kind, reference) and (kind is not TOPIC or self.topics_stay)
        return reference if is_kept else replacement.get(kind)

    def _outcomes(self, change: _Change) -> Iterator[ReferenceOutcome]:
        """The report of every reference that was or is (X7b)."""
        step, before, after, _ = change
        for kind, to_id in after.items():
            from_id = before.reference(kind)
            if from_id is not None or to_id is not None:
                changed = KEPT if from_id == to_id else REPLACED
                action = CLEARED if to_id is None else changed
                yield ReferenceOutcome(step.id, kind, action, from_id, to_id, step.name)
        if before.values.get(DATA_SAMPLES):
            action = KEPT if self.stays_inside else CLEARED
            yield ReferenceOutcome(step.id, DATA_SAMPLES, action, None, None, step.name)

    def _bound(self, change: _Change) -> StepBindings:
        """The step's new bindings. A value of the native step that names nothing stays where nothing takes its place."""
        step, before, after, _ = change
        values: dict[ReferenceKind, Json] = {kind: id_ for kind, id_ in after.items() if id_ is not None}
        if values == before.values:
            return before
        for kind, value in before.values.items():
            if self.stays_inside or not value if kind is DATA_SAMPLES else not isinstance(value, str):
                values.setdefault(kind, value)
        return bound_to(before, values, self.source.components[step.command])

    def _topics_not_copied(self, changes: Sequence[_Change]) -> Iterator[MultipleTopicsNotCopied]:
        """Warn of the topics that were cleared, where a flow has several."""
        several = len(distinct_topics(self.source.topic_uses, self.destination.targets)) > 1
        lost = dict.fromkeys(
            change.before.topic for change in changes if change.after[TOPIC] is None and TOPIC not in change.choices
        )
        cleared = tuple(target for target in map(self.destination.find, lost) if target is not None)
        if several and cleared and not self.stays_inside:
            yield MultipleTopicsNotCopied(cleared, refused=False)

    def _mismatches(self, changes: Sequence[_Change]) -> Iterator[TopicSchemaMismatch]:
        """One warning per pair of topics (T4)."""
        replaced: dict[tuple[Target, Target], list[Step]] = {}
        for step, before, after, _ in changes:
            old, new = self.destination.find(before.topic), self.destination.find(after[TOPIC])
            if old is not None and new is not None and before.topic != after[TOPIC]:
                replaced.setdefault((old, new), []).append(step)
        return schema_mismatches(replaced)

    def _agents_not_copied(self, changes: Sequence[_Change]) -> Iterator[AgentNotCopied]:
        """Warn of each agent that was cleared, unless its step was chosen to have none (X7c)."""
        steps_of: dict[str, list[Step]] = {}
        for step, before, after, choices in changes:
            if before.agent is not None and after.get(AGENT) is None and AGENT not in choices:
                steps_of.setdefault(before.agent, []).append(step)
        for agent_id, steps in steps_of.items():
            target = self.destination.find(agent_id)
            agent = target if target is not None and target.kind is AGENT else None
            yield AgentNotCopied(agent_id, agent, tuple(steps), self.destination.workspace.name)
