"""The entities of a world file by their keys: what a reference leads to, and what is wrong with it."""

from collections.abc import Callable, Iterator
from typing import NamedTuple, TypeVar

from app.domain.graph import Json
from app.domain.wording import printable
from app.storage.ids import Kind
from app.storage.world.entities import Entity, Flow
from app.storage.world.format import SECTIONS, property_name, read_entity, references_of
from app.storage.world.mistakes import Mistake, Part, json_path, unstorable

IdSource = Callable[[Kind, str], str]
"""Makes the id of a thing from its kind and its name in the file."""

Some = TypeVar("Some", bound=Entity)


class Found(NamedTuple):
    """What a key names."""

    section: str
    position: int
    kind: Kind
    id: str
    entity: Entity | None
    """None of flows, which are too many to be kept, and of entities whose shape is wrong."""


class Keys:
    """Every key of a file, and the entities that have one, flows excepted."""

    def __init__(self, new_id: IdSource) -> None:
        self._new_id = new_id
        self._found: dict[str, Found] = {}
        self._malformed: list[tuple[str, int, dict[str, Json]]] = []
        self._of_section: dict[str, list[tuple[int, Entity]]] = {section: [] for section in SECTIONS}

    def add(self, section: str, index: int, raw: Json) -> Iterator[Mistake]:
        """Note an entity, and say what is wrong with its shape and its key. Flows are only noted."""
        model, kind = SECTIONS[section]
        entity = None
        if model is not Flow:
            read = read_entity(model, raw, section, index)
            if isinstance(read, Entity):
                entity = read
                self._of_section[section].append((index, entity))
            else:
                yield from read
                if isinstance(raw, dict):
                    self._malformed.append((section, index, raw))
            yield from unstorable(raw, section, index)
        if kind is not None:
            yield from self._note(section, index, kind, raw, entity)

    def all(self, model: type[Some]) -> Iterator[tuple[str, int, Some]]:
        """The entities of a section, each with where it stands."""
        for section, (its_model, _) in SECTIONS.items():
            if its_model is model:
                for index, entity in self._of_section[section]:
                    if isinstance(entity, model):
                        yield section, index, entity

    def get(self, model: type[Some], key: str) -> Some | None:
        """What the key names, if it is of this kind and its shape is right."""
        found = self._found.get(key)
        return found.entity if found is not None and isinstance(found.entity, model) else None

    def find(self, key: str) -> Found | None:
        return self._found.get(key)

    def id(self, key: str) -> str:
        return self._found[key].id

    def ids(self) -> dict[str, str]:
        return {key: found.id for key, found in self._found.items()}

    def malformed(self) -> Iterator[tuple[str, int, dict[str, Json]]]:
        """The entities whose shape is wrong, flows excepted, as the file has them."""
        yield from self._malformed

    def reference_mistakes(self, entity: Entity, *path: Part) -> Iterator[Mistake]:
        """Everything that is wrong with where an entity's references lead. Roles have rules of their own."""
        for attribute, kind in references_of(type(entity)).items():
            yield from self._wrong_references(
                kind, getattr(entity, attribute), *path, property_name(type(entity), attribute)
            )

    def raw_reference_mistakes(self, model: type[Entity], raw: dict[str, Json], *path: Part) -> Iterator[Mistake]:
        """The same for what isn't in shape: of its references those that can be read."""
        for attribute, kind in references_of(model).items():
            name = property_name(model, attribute)
            yield from self._wrong_references(kind, raw.get(name), *path, name)

    def _wrong_references(self, kind: Kind, value: object, *at: Part) -> Iterator[Mistake]:
        if isinstance(value, str) and value and kind is not Kind.ROLE:
            yield from self.wrong_reference(kind, value, *at)
        elif isinstance(value, list):
            for index, each in enumerate(value):
                yield from self._wrong_references(kind, each, *at, index)

    def wrong_reference(self, kind: Kind, key: str, *path: Part) -> Iterator[Mistake]:
        found = self._found.get(key)
        if found is None:
            yield Mistake(json_path(*path), f'The file has no {kind.value} with the key "{printable(key)}".')
        elif found.kind is not kind:
            yield Mistake(
                json_path(*path), f'The key "{printable(key)}" names a {found.kind.value}, not a {kind.value}.'
            )

    def _note(self, section: str, index: int, kind: Kind, raw: Json, entity: Entity | None) -> Iterator[Mistake]:
        key = raw.get("key") if isinstance(raw, dict) else None
        if not isinstance(key, str) or not key:
            return
        first = self._found.get(key)
        if first is None:
            self._found[key] = Found(section, index, kind, self._new_id(kind, key), entity)
            return
        where = json_path(first.section, first.position)
        yield Mistake(json_path(section, index, "key"), f'The key "{printable(key)}" is taken already, by {where}.')
