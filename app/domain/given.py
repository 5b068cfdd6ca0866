"""What an export is told of its references: bindings for steps, and mappings of things (P2, P3, T3)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from app.domain.bindings import Choices
from app.domain.component import Component
from app.domain.content import misplaced
from app.domain.export_facts import ExportWish
from app.domain.flow import FlowState
from app.domain.graph import Bindings, StepBindings
from app.domain.input import InvalidInput
from app.domain.mappings import Mapped, ReferenceMapping, mapped, one_over_the_other, uses_of
from app.domain.model import ReferenceKind
from app.domain.paths import TOPIC, Path, in_choices
from app.domain.references import CredentialNotAccessible, Destination
from app.domain.step_choices import StepChoices, read_choices
from app.domain.topics import TopicNotAccessible

Components = Mapping[str, Component | None]


@dataclass(frozen=True, slots=True)
class Given:
    """What is given for a state of a flow. Of mappings only those matter whose thing the state uses."""

    choices: Choices
    mapped: Mapped
    mistakes: tuple[InvalidInput, ...] = ()
    """What isn't acceptable, wherever the state goes."""
    read: StepChoices | None = None

    def misplaced(
        self, state: FlowState, components: Components, there: Destination
    ) -> tuple[TopicNotAccessible | CredentialNotAccessible, ...]:
        """What is given and doesn't live in the destination, or belongs to another component than its step (P2)."""
        chosen = tuple(self._chosen()) if self.read is not None else ()
        of_steps = misplaced(state.steps, chosen, components, there, self._path_of)
        return (*of_steps, *self._misplaced_mappings(state, components, there))

    def _chosen(self) -> Iterator[StepBindings]:
        for position in sorted(self.choices):
            chosen = {kind: id_ for kind, id_ in self.choices[position].items() if id_ is not None}
            yield StepBindings(position, chosen)

    def _path_of(self, bound: StepBindings, kind: ReferenceKind) -> Path:
        named_at = {} if self.read is None else self.read.named_at
        return in_choices(named_at[bound.position, kind], kind)

    def _misplaced_mappings(
        self, state: FlowState, components: Components, there: Destination
    ) -> Iterator[TopicNotAccessible | CredentialNotAccessible]:
        refused: set[ReferenceMapping] = set()
        for kind, mapping, bound in uses_of(self.mapped, state.bindings):
            component = components.get(state.steps[bound.position].command)
            is_chosen = kind in self.choices.get(bound.position, ())
            fits = there.can_use if is_chosen else there.fits_step(component)
            if mapping not in refused and not fits(kind, mapping.to_id):
                refused.add(mapping)
                yield _refused(mapping, kind, component, there)


NOTHING_GIVEN = Given({}, {})


def read_given(wish: ExportWish, state: FlowState, components: Components) -> Given:
    """What is given for this state, with the mistakes in it."""
    read = read_choices(state.steps, wish.bindings, components)
    known = one_over_the_other(mapped(wish.mappings), wish.shared_mappings)
    choices = {position: choices for position, (_, choices) in read.by_step.items()}
    mistakes = (*_topic_twice(wish, known, state.bindings), *read.mistakes)
    return Given(choices, known, mistakes, read)


def _topic_twice(wish: ExportWish, mapped: Mapped, bindings: Bindings) -> tuple[InvalidInput, ...]:
    """A topic for the whole flow leaves nothing to a mapping of one that it uses."""
    if wish.topic_id is None or all(kind is not ReferenceKind.TOPIC for kind, _, _ in uses_of(mapped, bindings)):
        return ()
    return (
        InvalidInput(TOPIC, "A topic is given for the flow, and its topic is mapped too. Leave one of the two out."),
    )


def _refused(
    mapping: ReferenceMapping, kind: ReferenceKind, component: Component | None, there: Destination
) -> TopicNotAccessible | CredentialNotAccessible:
    path = mapping.at("toId")
    found, replaced = there.find(mapping.to_id), there.find(mapping.from_id)
    if kind is ReferenceKind.TOPIC:
        return TopicNotAccessible(mapping.to_id, there.workspace, None, found, path, mapping.from_id, replaced)
    return CredentialNotAccessible(
        kind, mapping.to_id, there.workspace, None, component, found, path, mapping.from_id, replaced
    )
