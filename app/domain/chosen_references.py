"""The references that callers choose for an export: a topic, bindings for steps, and mappings (P2, P3, T3)."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from operator import itemgetter

from app.domain.content import Misplaced, misplaced, not_accessible
from app.domain.export_facts import ReferenceWish
from app.domain.input import InvalidInput
from app.domain.mappings import Mapped, ReferenceMapping, mappings_used
from app.domain.model import ReferenceKind
from app.domain.paths import TOPIC
from app.domain.references import Destination
from app.domain.source_graph import SourceGraph
from app.domain.step_choices import StepChoices, read_choices


@dataclass(frozen=True, slots=True)
class ChosenReferences:
    """The choices for one graph, with those of the mappings whose references the graph uses."""

    topic_id: str | None = None
    choices: StepChoices = field(default_factory=StepChoices)
    mappings: Mapped = field(default_factory=dict)

    @property
    def mistakes(self) -> tuple[InvalidInput, ...]:
        """The choices that aren't acceptable, wherever the graph goes."""
        if self.topic_id is None or not self.mappings.get(ReferenceKind.TOPIC):
            return self.choices.mistakes
        twice = "A topic is given for the flow, and its topic is mapped too. Leave one of the two out."
        return (InvalidInput(TOPIC, twice), *self.choices.mistakes)

    def mapped_to(self, kind: ReferenceKind, reference: str | None) -> str | None:
        """The id that takes the place of a reference, if a mapping says so."""
        mapping = None if reference is None else self.mappings.get(kind, {}).get(reference)
        return None if mapping is None else mapping.to_id


def choose_references(source: SourceGraph, wish: ReferenceWish, shared: Mapped) -> ChosenReferences:
    """Read the choices of a caller for a graph; `shared` are the mappings of the whole call."""
    choices = read_choices(source.first_steps, wish.bindings, source.components) if wish.bindings else StepChoices()
    mappings = mappings_used(wish.mappings, shared, source.graph.users) if wish.mappings or shared else {}
    return ChosenReferences(wish.topic_id, choices, mappings)


def misplaced_references(
    source: SourceGraph, destination: Destination, references: ChosenReferences
) -> tuple[Misplaced, ...]:
    """Refuse chosen references that don't live in the destination or belong to another component than the step (P2).

    Mappings come last, in the order of the first steps that they don't fit.
    """
    choices = references.choices
    steps = source.graph.steps if choices.by_position else ()
    unfit = sorted(_unfit_mappings(source, destination, references), key=itemgetter(0))
    return (
        *misplaced(steps, choices.bindings, source.components, destination, choices.path_of),
        *(
            not_accessible(
                kind,
                mapping.to_id,
                destination,
                None,
                source.components.get(source.graph.commands[position]),
                path=mapping.at("toId"),
                mapped_from=mapping.from_id,
            )
            for position, mapping, kind in unfit
        ),
    )


def _unfit_mappings(
    source: SourceGraph, destination: Destination, references: ChosenReferences
) -> Iterator[tuple[int, ReferenceMapping, ReferenceKind]]:
    """The mappings that some step can't use, each with the position of the first such step."""
    for kind, mappings in references.mappings.items():
        for mapping in mappings.values():
            is_usable, positions = destination.can_use(kind, mapping.to_id), list[int]()
            for command, users in source.graph.users[kind][mapping.from_id].items():
                if not is_usable:
                    positions.append(users[0])
                elif not destination.fits(kind, mapping.to_id, source.components.get(command)):
                    # A binding of the step comes before the mapping.
                    bound = references.choices.by_position
                    positions += [position for position in users if kind not in bound.get(position, ())][:1]
            if positions:
                yield min(positions), mapping, kind
