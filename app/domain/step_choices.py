"""What steps of a draft are to be bound to, step by step, without sending the graph."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from app.domain.bindings import bound_to
from app.domain.component import Component
from app.domain.graph import Bindings, StepBindings
from app.domain.input import InvalidInput
from app.domain.model import ReferenceKind
from app.domain.paths import Path, in_choices, in_graph
from app.domain.references import by_position
from app.domain.step import Step
from app.domain.topics import is_pub_sub
from app.domain.wording import shown


@dataclass(frozen=True, slots=True)
class StepChoice:
    """What a step is to be bound to: an id sets, None clears, a kind that is missing is left as it is."""

    step_id: str
    choices: Mapping[ReferenceKind, str | None] = field(hash=False)


@dataclass(frozen=True, slots=True)
class StepChoices:
    """The choices for the steps of a graph, and the mistakes in them."""

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
        return tuple(bound[position] for position in sorted(bound) if not bound[position].is_empty)


def read_choices(
    steps: Mapping[str, Step], wanted: tuple[StepChoice, ...], components: Mapping[str, Component | None]
) -> StepChoices:
    """What is chosen for each step, of those with one id the first. A step that there isn't, or that is named twice, is a mistake."""
    by_step: dict[int, tuple[Component | None, Mapping[ReferenceKind, str | None]]] = {}
    named_at: dict[tuple[int, ReferenceKind], int] = {}
    mistakes = []
    for index, choice in enumerate(wanted):
        step = steps.get(choice.step_id)
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
    return StepChoices(by_step, named_at, tuple(mistakes))
