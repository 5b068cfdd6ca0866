"""Mappings of references of the source to references of the destination, wherever the source uses them (P2)."""

from collections.abc import Collection, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

from app.domain.id_prefixes import Kind, kind_in, with_article
from app.domain.input import InvalidInput
from app.domain.model import ReferenceKind
from app.domain.paths import Path
from app.domain.wording import not_found, printable

MAPPED = {kind.value.lower(): kind for kind in ReferenceKind if kind is not ReferenceKind.DATA_SAMPLES}
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
        return MAPPED.get(kind_in(self.from_id) or "")

    @property
    def two_kinds(self) -> tuple[Kind, Kind] | None:
        """The kinds of both ids, where both tell theirs and they aren't the same."""
        before, after = kind_in(self.from_id), kind_in(self.to_id)
        return None if before is None or after is None or before is after else (before, after)


Mapped = Mapping[ReferenceKind, Mapping[str, ReferenceMapping]]
"""Mappings by kind, and by the id that is replaced."""


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


def unknown_mappings(mappings: Iterable[ReferenceMapping], *known: Container[str]) -> tuple[InvalidInput, ...]:
    """Refuse mappings of references that aren't `known`, in the words for what doesn't exist (P2, A5).

    Mappings of two kinds are refused anyway.
    """
    return tuple(
        InvalidInput(mapping.at("fromId"), _unknown(mapping.from_id, mapping.kind))
        for mapping in mappings
        if mapping.two_kinds is None and not any(mapping.from_id in ids for ids in known)
    )


def _unknown(from_id: str, kind: ReferenceKind | None) -> str:
    if kind is not None:
        return not_found(Kind(kind.value.lower()), from_id)
    other = kind_in(from_id)
    if other is not None:
        return f"{printable(from_id)} is the id of {with_article(other)}. Map credentials, secrets, agents or topics."
    return f"There is nothing with the id {printable(from_id)} that you can see. Check the id, or ask for access."


def mapped(mappings: Iterable[ReferenceMapping]) -> Mapped:
    """The mappings by kind; of several for one thing the first counts, and those of two kinds map nothing."""
    by_kind: dict[ReferenceKind, dict[str, ReferenceMapping]] = {}
    for mapping in mappings:
        if mapping.kind is not None and mapping.two_kinds is None:
            by_kind.setdefault(mapping.kind, {}).setdefault(mapping.from_id, mapping)
    return by_kind


def mappings_used(
    own: Iterable[ReferenceMapping], shared: Mapped, used: Mapping[ReferenceKind, Collection[str]]
) -> Mapped:
    """The mappings of references that a flow uses, by kind; an item's own come before those of its call."""
    both = mapped(own), shared
    return {kind: _of_kind(kind, both, used.get(kind, ())) for kind in dict.fromkeys(chain(*both))}


def _of_kind(kind: ReferenceKind, by_rank: Iterable[Mapped], used: Collection[str]) -> Mapping[str, ReferenceMapping]:
    used_mappings: dict[str, ReferenceMapping] = {}
    for mappings in (each.get(kind, {}) for each in by_rank):
        for thing in used if len(used) < len(mappings) else mappings:
            if thing in used and thing in mappings:
                used_mappings.setdefault(thing, mappings[thing])
    return used_mappings
