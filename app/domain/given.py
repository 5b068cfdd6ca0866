"""What an export is told of its references: bindings for steps, and mappings of things (P2, P3, T3)."""

from collections.abc import Iterator
from dataclasses import dataclass
from operator import itemgetter

from app.domain.bindings import Choices
from app.domain.component import Component
from app.domain.content import misplaced
from app.domain.export_facts import ExportWish
from app.domain.graph import StepBindings
from app.domain.input import InvalidInput
from app.domain.mappings import Mapped, ReferenceMapping, mappings_used
from app.domain.model import ReferenceKind
from app.domain.paths import TOPIC, Path, in_choices
from app.domain.references import CredentialNotAccessible, Destination
from app.domain.source_graph import SourceGraph
from app.domain.step_choices import StepChoices, read_choices
from app.domain.topics import TopicNotAccessible


@dataclass(frozen=True, slots=True)
class Given:
    """What is given for a state of a flow. Of mappings only those matter whose thing the state uses."""

    choices: Choices
    mapped: Mapped
    mistakes: tuple[InvalidInput, ...] = ()
    """What isn't acceptable, wherever the state goes."""
    read: StepChoices | None = None

    def misplaced(
        self, source: SourceGraph, there: Destination
    ) -> tuple[TopicNotAccessible | CredentialNotAccessible, ...]:
        """What is given and doesn't live in the destination, or belongs to another component than its step (P2)."""
        chosen = tuple(self._chosen()) if self.read is not None else ()
        of_steps = misplaced(source.graph.steps if chosen else (), chosen, source.components, there, self._path_of)
        return (*of_steps, *self._misplaced_mappings(source, there))

    def _chosen(self) -> Iterator[StepBindings]:
        for position in sorted(self.choices):
            chosen = {kind: id_ for kind, id_ in self.choices[position].items() if id_ is not None}
            yield StepBindings(position, chosen)

    def _path_of(self, bound: StepBindings, kind: ReferenceKind) -> Path:
        named_at = {} if self.read is None else self.read.named_at
        return in_choices(named_at[bound.position, kind], kind)

    def _misplaced_mappings(
        self, source: SourceGraph, there: Destination
    ) -> Iterator[TopicNotAccessible | CredentialNotAccessible]:
        """In the order of the first steps that they don't fit."""
        unfit: list[tuple[int, TopicNotAccessible | CredentialNotAccessible]] = []
        for kind, mappings in self.mapped.items():
            for mapping in mappings.values():
                positions = self._unfit(kind, mapping, source, there)
                if positions:
                    component = source.components.get(source.graph.commands[min(positions)])
                    unfit.append((min(positions), _refused(mapping, kind, component, there)))
        for _, refusal in sorted(unfit, key=itemgetter(0)):
            yield refusal

    def _unfit(
        self, kind: ReferenceKind, mapping: ReferenceMapping, source: SourceGraph, there: Destination
    ) -> list[int]:
        """Of the steps of each component that use what is mapped, the first that can't use what takes its place."""
        is_here = there.can_use(kind, mapping.to_id)
        unfit = []
        for command, positions in source.graph.users[kind][mapping.from_id].items():
            if not is_here:
                unfit.append(positions[0])
            elif not there.fits_step(source.components.get(command))(kind, mapping.to_id):
                # A binding of the step comes before the mapping.
                unfit += [each for each in positions if kind not in self.choices.get(each, ())][:1]
        return unfit


NOTHING_GIVEN = Given({}, {})


def read_given(wish: ExportWish, source: SourceGraph) -> Given:
    """What is given for this state, with the mistakes in it."""
    if not wish.gives_references:
        return NOTHING_GIVEN
    read = read_choices(source.first_steps if wish.bindings else {}, wish.bindings, source.components)
    known = mappings_used(wish.mappings, wish.shared_mappings, source.graph.users)
    choices = {position: choices for position, (_, choices) in read.by_step.items()}
    return Given(choices, known, (*_topic_twice(wish, known), *read.mistakes), read)


def _topic_twice(wish: ExportWish, mapped: Mapped) -> tuple[InvalidInput, ...]:
    """A topic for the whole flow leaves nothing to a mapping of one that it uses."""
    if wish.topic_id is None or not mapped.get(ReferenceKind.TOPIC):
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
        return TopicNotAccessible(mapping.to_id, there.workspace, None, found, mapping.from_id, replaced, path=path)
    return CredentialNotAccessible(
        kind, mapping.to_id, there.workspace, None, component, found, mapping.from_id, replaced, path=path
    )
