"""What the keys and ids in a document name (W1): things that exist, and those that the document creates."""

from collections import defaultdict
from collections.abc import Hashable, Mapping

from app.domain.graph import Json
from app.domain.id_prefixes import kind_of
from app.domain.input import email_key
from app.domain.wording import printable
from app.domain.world.sections import SECTIONS, Section
from app.domain.world.things import Mistake, Part, Thing, WorldFacts

ADDRESS_IS_TAKEN = "Another user has this e-mail address."


class Names:
    """Things by their ids and keys, and what the items of a document have claimed of them."""

    def __init__(self, facts: WorldFacts) -> None:
        self.terms = facts.terms
        self.by_id: dict[str, Thing] = {}
        self.built_in_roles: dict[tuple[str, str], Thing] = {}
        """By scope and name."""
        self.referred: dict[str, Mistake] = {}
        """By the ids of things that the document refers to: what is wrong if it removes the thing."""
        self._by_key: dict[tuple[str, str], list[Thing]] = defaultdict(list)
        self._by_email: dict[str, Thing] = {}
        self._of_document: dict[tuple[str, str], Thing] = {}
        self._claims: dict[Hashable, tuple[Part, ...]] = {}
        for section, things in facts.things.items():
            for thing in things:
                self._add(section, thing)

    def declare(self, section: str, key: str, thing: Thing) -> None:
        """Note what a key of the document names: references mean that before anything else."""
        self._of_document[section, key] = thing

    def claim(self, claim: Hashable, path: tuple[Part, ...]) -> tuple[Part, ...] | None:
        """Claim something that one item alone may have; the path of the item that has it already."""
        first = self._claims.setdefault(claim, path)
        return None if first == path else first

    def reference(self, section: str, text: str, *path: Part, role_scope: str = "") -> str | Mistake:
        """The id of what a reference names; an empty one where the document has it, but says too little of it."""
        meant, noun = self._find(section, text, role_scope), SECTIONS[section].noun
        if not meant:
            return Mistake(path, f'There is no {noun} with the key or id "{printable(text)}".')
        if len(meant) > 1:
            return Mistake(path, several(noun, text, len(meant)))
        return meant[0].id

    def refer(self, section: str, text: str, thing_id: str, *path: Part) -> None:
        """Note that something that stays refers to a thing, which can't be removed then."""
        if thing_id not in self.referred:
            message = f'The {SECTIONS[section].noun} "{printable(text)}" is removed by this document.'
            self.referred[thing_id] = Mistake(path, message)

    def with_key(self, section: str, key: str, scope: str | None) -> list[Thing]:
        """What has this external key, in a scope, or in any that the document is about where the scope isn't known."""
        return [each for each in self._by_key.get((section, key), ()) if scope is None or each.scope == scope]

    def is_own(self, section: str, thing: Thing) -> bool:
        """Whether a thing that a document names by its id is of its tenants; users belong to all that they are known in."""
        return section == "users" or is_built_in(section, thing) or thing.tenant in self.terms.tenants

    def with_email(self, email: str | None) -> Thing | None:
        return None if email is None else self._by_email.get(email_key(email))

    def text_of(self, thing_id: str | None) -> str | None:
        """How a document names a thing: by its key, or by its id where it has none."""
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

    def _find(self, section: str, text: str, role_scope: str) -> list[Thing]:
        if kind_of(text) is not None:
            by_id = self.by_id.get(text) if kind_of(text) is SECTIONS[section].kind else None
            return [by_id] if by_id is not None and (self.is_own(section, by_id) or section == "components") else []
        built_in = self.built_in_roles.get((role_scope, text)) if section == "roles" else None
        meant = built_in or self._of_document.get((section, text))
        return self._by_key.get((section, text), []) if meant is None else [meant]


def is_built_in(section: str, thing: Thing) -> bool:
    return section == "roles" and thing.tenant is None


def several(noun: str, key: str, number: int) -> str:
    return f'The key "{printable(key)}" names {number} {noun}s; say by an id which is meant.'
