"""Finds the things that the keys and ids in a document name (W1): existing ones, and those that it creates."""

from collections import defaultdict
from collections.abc import Collection, Hashable, Iterator, Mapping, Sequence

from app.domain.graph import Json
from app.domain.id_prefixes import kind_of
from app.domain.input import email_key
from app.domain.wording import printable
from app.domain.world.sections import SECTIONS, Section
from app.domain.world.things import Item, Mistake, Part, Thing, WorldFacts

ADDRESS_IS_TAKEN = "Another user has this e-mail address."


class Names:
    """Things by their ids and keys, and what the items of a document have claimed of them."""

    def __init__(self, facts: WorldFacts) -> None:
        self.terms = facts.terms
        self.mistakes: list[Mistake] = []
        self.by_id: dict[str, Thing] = {}
        self.built_in_roles: dict[tuple[str, str], Thing] = {}
        """By scope and name."""
        self._by_key: dict[tuple[str, str], list[Thing]] = defaultdict(list)
        self._by_email: dict[str, Thing] = {}
        self._of_document: dict[tuple[str, str], Thing] = {}
        self._claims: dict[Hashable, Item] = {}
        self._references: dict[str, tuple[Item, str, str, tuple[Part, ...]]] = {}
        """The first reference to each thing by items that stay: the item, section, text, and place in the item."""
        for section, things in facts.existing.items():
            for thing in things:
                self._add(section, thing)

    def declare(self, section: str, key: str, thing: Thing) -> None:
        """Note what a key of the document names: references mean that before anything else."""
        self._of_document[section, key] = thing

    def claim(self, claim: Hashable, item: Item) -> Item | None:
        """Claim something that one item alone may have; answers the item that has it already."""
        first = self._claims.setdefault(claim, item)
        return None if first is item else first

    def refer(self, item: Item, section: str, text: str, *parts: Part) -> str | None:
        """The id that a reference of an item names; empty where the document has the thing, but says too little of it.

        None, and a mistake, where the reference names nothing or several things.
        """
        meant = self._find(section, text, item.section.role_scope)
        if len(meant) != 1:
            noun = SECTIONS[section].noun
            unknown = f'There is no {noun} with the key or id "{printable(text)}".'
            self.mistakes.append(Mistake(item.path(*parts), several(noun, text, len(meant)) if meant else unknown))
            return None
        thing_id = meant[0].id
        if thing_id not in self._references and not item.is_removal:
            self._references[thing_id] = item, section, text, parts
        return thing_id

    def references_to(self, removed: Collection[str]) -> Iterator[Mistake]:
        """Mistakes where the document refers to what it removes."""
        for thing_id in removed:
            if thing_id in self._references:
                item, section, text, parts = self._references[thing_id]
                message = f'The {SECTIONS[section].noun} "{printable(text)}" is removed by this document.'
                yield Mistake(item.path(*parts), message)

    def with_key(self, section: str, key: str, scope: str | None) -> list[Thing]:
        """Things with this external key, in a scope, or in any scope of the document where it is None."""
        return [thing for thing in self._by_key.get((section, key), ()) if scope is None or thing.scope == scope]

    def is_own(self, section: str, thing: Thing) -> bool:
        """Whether a thing belongs to the document's tenants; users belong to every tenant that knows them."""
        return section == "users" or is_built_in(section, thing) or thing.tenant in self.terms.tenants

    def with_email(self, email: str | None) -> Thing | None:
        return None if email is None else self._by_email.get(email_key(email))

    def text_of(self, thing_id: str | None) -> str | None:
        """The key of a thing, or its id where it has none."""
        thing = None if thing_id is None else self.by_id.get(thing_id)
        return thing_id if thing is None or thing.key is None else thing.key

    def tenant_of_owner(self, section: Section, values: Mapping[str, Json]) -> str | None:
        """The tenant that a thing with these values belongs to."""
        owner = section.references[0].name if section.references else ""
        owner_id = values.get(owner)
        if owner == "tenant" or owner_id is None:
            return owner_id
        return None if owner_id not in self.by_id else self.by_id[owner_id].tenant

    def _add(self, section: str, thing: Thing) -> None:
        self.by_id.setdefault(thing.id, thing)
        if section == "users":
            self._by_email.setdefault(email_key(thing.values["email"]), thing)
        if is_built_in(section, thing):
            self.built_in_roles[thing.values["scope"], thing.values["name"]] = thing
        elif thing.key is not None and SECTIONS[section].kind is not None:
            self._by_key[section, thing.key].append(thing)

    def _find(self, section: str, text: str, role_scope: str) -> Sequence[Thing]:
        built_in = self.built_in_roles.get((role_scope, text)) if section == "roles" else None
        named = built_in or self._of_document.get((section, text))
        if named is not None:
            return (named,)
        by_id = self.by_id.get(text)
        if by_id is None or kind_of(text) is not SECTIONS[section].kind:
            return self._by_key.get((section, text), ())
        return (by_id,) if self.is_own(section, by_id) or section == "components" else ()


def is_built_in(section: str, thing: Thing) -> bool:
    return section == "roles" and thing.tenant is None


def several(noun: str, key: str, number: int) -> str:
    return f'The key "{printable(key)}" names {number} {noun}s; say by an id which is meant.'
