"""The references that callers choose for an export or a draft: a topic, mappings, and bindings of steps (P2, P3, T3).

A mapping puts one reference in the place of another wherever the source uses it; a binding is for one step.
"""

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from app.domain.component import Component
from app.domain.content import Misplaced, in_graph, misplaced, not_accessible
from app.domain.errors import TOPIC, Path, not_found, printable
from app.domain.flow import Uses
from app.domain.graph import NOTHING, Bindings, Json, StepBindings
from app.domain.input import InvalidInput
from app.domain.model import Kind, ReferenceKind, kind_in, with_article
from app.domain.references import Destination, by_position
from app.domain.source_graph import SourceGraph
from app.domain.topics import is_pub_sub

MAPPABLE_KINDS = {kind.value.lower(): kind for kind in ReferenceKind if kind is not ReferenceKind.DATA_SAMPLES}
"""The kinds that can be mapped, by the prefixes of their ids."""


@dataclass(frozen=True, slots=True)
class ReferenceMapping:
    from_id: str
    to_id: str
    path: Path = ()
    """The place of the mapping in the input."""

    def at(self, field: str) -> Path:
        """The place of one of the two ids in the input."""
        return type(self.path)((*self.path, field))

    @property
    def kind(self) -> ReferenceKind | None:
        """The kind of the mapped reference, as its prefix tells; None if no step can be bound to it."""
        return MAPPABLE_KINDS.get(kind_in(self.from_id) or "")

    @property
    def two_kinds(self) -> tuple[Kind, Kind] | None:
        """The kinds of both ids, where both tell theirs and they aren't the same."""
        before, after = kind_in(self.from_id), kind_in(self.to_id)
        return None if before is None or after is None or before is after else (before, after)


MappingsByReference = Mapping[tuple[ReferenceKind, str], ReferenceMapping]
"""Mappings by the kind and id of what is replaced."""

Choices = Mapping[ReferenceKind, str | None]
"""An id binds a step, None clears its binding, and a kind that is missing is left as it is."""


@dataclass(frozen=True, slots=True)
class StepChoice:
    step_id: str
    choices: Choices = field(hash=False)


@dataclass(frozen=True, slots=True)
class ChosenReferences:
    """The choices for the steps of one graph, with those of the mappings whose references the graph uses."""

    by_position: Mapping[int, Choices] = field(default_factory=dict)
    paths: Mapping[tuple[int, ReferenceKind], Path] = field(default_factory=dict)
    """The place in the input of the last choice for a step's binding of a kind."""
    mistakes: tuple[InvalidInput, ...] = ()
    """The choices that aren't acceptable, wherever the graph goes."""
    topic_id: str | None = None
    mappings: MappingsByReference = field(default_factory=dict)

    def path_of(self, bound: StepBindings, kind: ReferenceKind) -> Path:
        """The part of the input that names a step's binding: a choice, or else the graph."""
        return self.paths.get((bound.position, kind)) or in_graph(bound, kind)

    @property
    def bindings(self) -> Bindings:
        """The ids that are chosen, step by step."""
        return tuple(StepBindings(position, _ids(self.by_position[position])) for position in sorted(self.by_position))

    def applied_to(self, bindings: Bindings, graph: SourceGraph) -> Bindings:
        bound = by_position(bindings)
        for position, choices in self.by_position.items():
            before = bound.get(position, StepBindings(position))
            kept = {kind: value for kind, value in before.values.items() if kind not in choices}
            bound[position] = bound_to(before, {**kept, **_ids(choices)}, graph.component_at(position))
        return tuple(bound[position] for position in sorted(bound) if not bound[position].is_empty)


def mapping_mistakes(mappings: Sequence[ReferenceMapping]) -> tuple[InvalidInput, ...]:
    """Refuse mappings of two kinds, and a second mapping of one reference in a list."""
    seen: set[str] = set()
    mistakes = []
    for mapping in mappings:
        if mapping.two_kinds is not None:
            before, after = map(with_article, mapping.two_kinds)
            message = f"This mapping puts {after} in the place of {before}. Map a thing to one of its kind."
            mistakes.append(InvalidInput(mapping.at("toId"), message))
        if mapping.from_id in seen:
            message = f"An earlier mapping is for the same {kind_in(mapping.from_id) or 'thing'} too. Keep one of them."
            mistakes.append(InvalidInput(mapping.at("fromId"), message))
        seen.add(mapping.from_id)
    return tuple(mistakes)


def unknown_mappings(mappings: Iterable[ReferenceMapping], *known_ids: Container[str]) -> tuple[InvalidInput, ...]:
    """Refuse mappings of references that aren't known, in the words for what doesn't exist (P2, A5).

    Mappings of two kinds are refused anyway.
    """
    return tuple(
        InvalidInput(mapping.at("fromId"), _unknown(mapping.from_id, mapping.kind))
        for mapping in mappings
        if mapping.two_kinds is None and not any(mapping.from_id in ids for ids in known_ids)
    )


def _unknown(from_id: str, kind: ReferenceKind | None) -> str:
    if kind is not None:
        return not_found(Kind(kind.value.lower()), from_id)
    other = kind_in(from_id)
    if other is not None:
        return f"{printable(from_id)} is the id of {with_article(other)}. Map credentials, secrets, agents or topics."
    return f"There is nothing with the id {printable(from_id)} that you can see. Check the id, or ask for access."


def by_reference(mappings: Iterable[ReferenceMapping]) -> MappingsByReference:
    """Find mappings by what they replace; of several for one reference the first counts, and those of two kinds map nothing."""
    indexed: dict[tuple[ReferenceKind, str], ReferenceMapping] = {}
    for mapping in mappings:
        if mapping.kind is not None and mapping.two_kinds is None:
            indexed.setdefault((mapping.kind, mapping.from_id), mapping)
    return indexed


def mappings_used(own: Iterable[ReferenceMapping], shared: MappingsByReference, uses: Uses) -> MappingsByReference:
    """The mappings of references that a flow uses; an item's own take the place of those of its call."""
    return {used: mappings[used] for mappings in (shared, by_reference(own)) for used in uses if used in mappings}


def read_choices(graph: SourceGraph, bindings: Iterable[StepChoice]) -> ChosenReferences:
    """Read the choices for the steps of a graph; an unknown step, one named twice, or a misplaced topic is a mistake."""
    by_step: dict[int, Choices] = {}
    paths: dict[tuple[int, ReferenceKind], Path] = {}
    mistakes = []
    for index, choice in enumerate(bindings):
        path = ("bindings", str(index), "stepId")
        step = graph.first_steps.get(choice.step_id)
        if step is None:
            message = f"The graph has no step {printable(choice.step_id)}. Name one of its steps."
            mistakes.append(InvalidInput(path, message))
            continue
        if step.position in by_step:
            message = f"An earlier binding is for the step {step.label} too. Put all that it is bound to into one."
            mistakes.append(InvalidInput(path, message))
        if choice.choices.get(ReferenceKind.TOPIC) is not None and not is_pub_sub(graph.components[step.command]):
            message = f"The step {step.label} is no pub/sub step, so it can't have a topic. Leave the topic out."
            mistakes.append(InvalidInput(in_choices(index, ReferenceKind.TOPIC), message))
        by_step[step.position] = {**by_step.get(step.position, NOTHING), **choice.choices}
        paths |= {(step.position, kind): in_choices(index, kind) for kind in choice.choices}
    return ChosenReferences(by_step, paths, tuple(mistakes))


_FIELDS = {
    ReferenceKind.CREDENTIAL: "credentialId",
    ReferenceKind.SECRET: "secretId",
    ReferenceKind.AGENT: "agentId",
    ReferenceKind.TOPIC: "topicId",
}


def in_choices(index: int, kind: ReferenceKind) -> Path:
    """The path of a step's binding among the bindings that a call chooses."""
    return ("bindings", str(index), _FIELDS[kind])


def _ids(choices: Choices) -> Mapping[ReferenceKind, str]:
    return {kind: id_ for kind, id_ in choices.items() if id_ is not None}


def bound_to(before: StepBindings, values: Mapping[ReferenceKind, Json], component: Component | None) -> StepBindings:
    """New bindings for a step; its topic stands where a pub/sub component declares it, else where it stood before."""
    if ReferenceKind.TOPIC in values:
        declared = None if component is None else component.topic_field
        former = None if is_pub_sub(component) else before.topic_field
        return StepBindings(before.position, values, former or declared)
    return StepBindings(before.position, values, before.topic_field if before.no_fields else None, before.no_fields)


def choose_references(
    source: SourceGraph,
    topic_id: str | None,
    bindings: tuple[StepChoice, ...],
    own: tuple[ReferenceMapping, ...],
    shared: MappingsByReference,
) -> ChosenReferences:
    """Read the choices of a caller for a graph; `shared` are the mappings of the whole call."""
    chosen = read_choices(source, bindings) if bindings else ChosenReferences()
    mappings = mappings_used(own, shared, source.graph.uses) if own or shared else {}
    mistakes = chosen.mistakes
    if topic_id is not None and any(kind is ReferenceKind.TOPIC for kind, _ in mappings):
        twice = "A topic is given for the flow, and its topic is mapped too. Leave one of the two out."
        mistakes = (InvalidInput(TOPIC, twice), *mistakes)
    return replace(chosen, topic_id=topic_id, mappings=mappings, mistakes=mistakes)


def misplaced_references(
    source: SourceGraph, destination: Destination, references: ChosenReferences
) -> tuple[Misplaced, ...]:
    """Refuse chosen references that don't live in the destination or belong to another component than the step (P2).

    Mappings come last, in the order of the first steps that they don't fit; at one step the kinds in their order (X7b).
    """
    kinds = [*ReferenceKind]
    unfit = sorted(_unfit_mappings(source, destination, references), key=lambda each: (each[0], kinds.index(each[2])))
    return (
        *misplaced(source, references.bindings, destination, references.path_of),
        *(
            not_accessible(
                kind,
                mapping.to_id,
                destination,
                None,
                source.component_at(position),
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
    bound = references.by_position
    for (kind, from_id), mapping in references.mappings.items():
        is_usable, positions = destination.can_use(kind, mapping.to_id), list[int]()
        for command, using in source.graph.uses[kind, from_id].items():
            if not is_usable:
                positions.append(using[0])
            elif not destination.fits(kind, mapping.to_id, source.components[command]):
                # A binding of the step comes before the mapping.
                positions += [position for position in using if kind not in bound.get(position, ())][:1]
        if positions:
            yield min(positions), mapping, kind
