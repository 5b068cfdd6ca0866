"""Bindings that callers choose for steps, step by step, without sending the graph."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from app.domain.component import Component
from app.domain.graph import Bindings, Json, StepBindings
from app.domain.input import InvalidInput
from app.domain.model import ReferenceKind
from app.domain.paths import Path, in_choices, in_graph
from app.domain.references import by_position
from app.domain.step import Step
from app.domain.topics import is_pub_sub
from app.domain.wording import printable

Choices = Mapping[ReferenceKind, str | None]
"""An id binds a step, None clears its binding, and a kind that is missing is left as it is."""
NO_CHOICES: Choices = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class StepChoice:
    step_id: str
    choices: Choices = field(hash=False)


@dataclass(frozen=True, slots=True)
class StepChoices:
    """The choices for the steps of a graph, and the mistakes in them."""

    by_position: Mapping[int, Choices] = field(default_factory=dict)
    named_at: Mapping[tuple[int, ReferenceKind], int] = field(default_factory=dict)
    """The index of the last choice for a step's binding of a kind."""
    mistakes: tuple[InvalidInput, ...] = ()

    def path_of(self, bound: StepBindings, kind: ReferenceKind) -> Path:
        """The part of the input that names a step's binding: a choice, or else the graph."""
        index = self.named_at.get((bound.position, kind))
        return in_graph(bound, kind) if index is None else in_choices(index, kind)

    @property
    def bindings(self) -> Bindings:
        """The ids that are chosen, step by step."""
        return tuple(StepBindings(position, _ids(self.by_position[position])) for position in sorted(self.by_position))

    def applied_to(
        self, bindings: Bindings, steps: tuple[Step, ...], components: Mapping[str, Component | None]
    ) -> Bindings:
        bound = by_position(bindings)
        for position, choices in self.by_position.items():
            before = bound.get(position, StepBindings(position))
            kept = {kind: value for kind, value in before.values.items() if kind not in choices}
            bound[position] = bound_to(before, {**kept, **_ids(choices)}, components.get(steps[position].command))
        return tuple(bound[position] for position in sorted(bound) if not bound[position].is_empty)


def read_choices(
    steps: Mapping[str, Step], bindings: tuple[StepChoice, ...], components: Mapping[str, Component | None]
) -> StepChoices:
    """Read the choices for the steps of each id; an unknown step, one named twice, or a misplaced topic is a mistake."""
    by_step: dict[int, Choices] = {}
    named_at: dict[tuple[int, ReferenceKind], int] = {}
    mistakes = []
    for index, choice in enumerate(bindings):
        path = ("bindings", str(index), "stepId")
        step = steps.get(choice.step_id)
        if step is None:
            mistakes.append(
                InvalidInput(path, f"The graph has no step {printable(choice.step_id)}. Name one of its steps.")
            )
            continue
        if step.position in by_step:
            message = f"An earlier binding is for the step {step.label} too. Put all that it is bound to into one."
            mistakes.append(InvalidInput(path, message))
        if choice.choices.get(ReferenceKind.TOPIC) is not None and not is_pub_sub(components.get(step.command)):
            message = f"The step {step.label} is no pub/sub step, so it can't have a topic. Leave the topic out."
            mistakes.append(InvalidInput(in_choices(index, ReferenceKind.TOPIC), message))
        by_step[step.position] = {**by_step.get(step.position, NO_CHOICES), **choice.choices}
        named_at |= {(step.position, kind): index for kind in choice.choices}
    return StepChoices(by_step, named_at, tuple(mistakes))


def _ids(choices: Choices) -> Mapping[ReferenceKind, str]:
    return {kind: id_ for kind, id_ in choices.items() if id_ is not None}


def bound_to(before: StepBindings, values: Mapping[ReferenceKind, Json], component: Component | None) -> StepBindings:
    """New bindings for a step; its topic stands where it stood before, or where the component declares it."""
    if ReferenceKind.TOPIC in values:
        declared = None if component is None else component.topic_field
        return StepBindings(before.position, values, before.topic_field or declared)
    return StepBindings(before.position, values, before.topic_field if before.no_fields else None, before.no_fields)
