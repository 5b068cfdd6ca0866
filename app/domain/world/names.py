"""Finds the things that the keys, ids and items of a document name (W1, W9): existing ones, and those that it creates."""

from collections import defaultdict
from collections.abc import Collection, Hashable, Iterator, Mapping, Sequence

from app.domain.errors import printable
from app.domain.graph import Json
from app.domain.input import email_key
from app.domain.model import kind_of
from app.domain.world.sections import SECTIONS, Section
from app.domain.world.things import COMMAND, Item, Mistake, Part, Thing, WorldFacts

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
        self.by_email: dict[str, Thing] = {}
        self._of_document: dict[tuple[str, str], list[Thing]] = defaultdict(list)
        self._claims: dict[Hashable, Item] = {}
        self._references: dict[str, tuple[Item, str, str, tuple[Part, ...]]] = {}
        """The first reference to each thing by items that stay: the item, section, text, and place in the item."""
        for section, things in facts.existing.items():
            for thing in things:
                self._add(section, thing)

    def declare(self, item: Item, thing: Thing) -> None:
        """Note what the key of an item names: references mean that before anything else."""
        if item.section.kind is not None and item.key is not None:
            declared = self._of_document[item.section.name, item.key]
            # Each reference looks through these, so items without a thing, which may be very many, count as one.
            if thing.id or not declared:
                declared.append(thing)

    def claim(self, claim: Hashable, item: Item) -> Item | None:
        """Claim something that one item alone may have; answers the item that has it already."""
        first = self._claims.setdefault(claim, item)
        return None if first is item else first

    def refer(self, item: Item, section: str, text: str, *parts: Part) -> str | None:
        """The id that a reference of an item names; empty where the document has the thing, but says too little of it.

        None, and a mistake, where the reference names nothing or several things; what is removed may name what doesn't
        exist (W3).
        """
        matches = self._find(section, text, item.section.role_scope)
        if not matches and item.is_removal and kind_of(text) in {None, SECTIONS[section].kind}:
            return None
        if len(matches) != 1:
            noun = SECTIONS[section].noun
            unknown = f'There is no {noun} with the key or id "{printable(text)}".'
            self.mistakes.append(Mistake(item.path(*parts), several(noun, text, len(matches)) if matches else unknown))
            return None
        thing_id = matches[0].id
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
            self.by_email.setdefault(email_key(thing.values["email"]), thing)
        if is_built_in(section, thing):
            self.built_in_roles[thing.values["scope"], thing.values["name"]] = thing
        elif thing.key is not None and SECTIONS[section].kind is not None:
            self._by_key[section, thing.key].append(thing)

    def _find(self, section: str, text: str, role_scope: str) -> Sequence[Thing]:
        built_in = self.built_in_roles.get((role_scope, text)) if section == "roles" else None
        if built_in is not None:
            return (built_in,)
        declared = self._of_document.get((section, text))
        if declared is not None:
            # Of two items with one key the second is a mistake, unless each means a thing of its own tenant.
            return [thing for thing in declared if thing.id] or declared[:1]
        by_id = self.by_id.get(text)
        if by_id is None or kind_of(text) is not SECTIONS[section].kind:
            return self._by_key.get((section, text), ())
        return (by_id,) if self.is_own(section, by_id) or section == "components" else ()


def is_built_in(section: str, thing: Thing) -> bool:
    return section == "roles" and thing.tenant is None


def several(noun: str, key: str, number: int) -> str:
    return f'The key "{printable(key)}" names {number} {noun}s; say by an id which is meant.'


Values = Mapping[str, Json]
Match = Thing | None | tuple[Mistake, ...]
"""The thing that an item is about, None if it is new, or the mistakes in the item; none of them if they are reported already."""
MISSING = "This property is required."


def identify(item: Item, values: Values, names: Names) -> Match:
    """The thing that an item is about, unless another item of the document is about the same."""
    if item.section.kind is None:
        return _membership(item, values, names)
    thing = _with_key(item, values, names) if item.id is None else _with_id(item, item.id, names)
    if isinstance(thing, tuple):
        return thing
    return _claimed(item, values, None if _has_unknown_owner(item, values) else thing, names)


def _has_unknown_owner(item: Item, values: Values) -> bool:
    """Whether a removal is of something in a place that doesn't exist, so that there is nothing to remove (W3)."""
    owners = [part.name for part in item.section.references if part.fixed]
    return item.is_removal and any(name not in values and not item.lacks(name) for name in owners)


def scope_of(item: Item, values: Values, names: Names) -> str:
    """The scope in which the key of an item is unique: the workspace of a flow, the tenant of everything else."""
    if item.section.name == "tenants":
        return COMMAND
    if item.section.name == "flows":
        return str(values.get("workspace", COMMAND))
    return names.tenant_of_owner(item.section, values) or names.terms.tenant or COMMAND


def _membership(item: Item, values: Values, names: Names) -> Match:
    place, user, *_ = (part.name for part in item.section.references)
    if place not in values or user not in values:
        missing = [name for name in (place, user) if name not in values and item.lacks(name)]
        if item.is_removal and not missing:
            return None
        return tuple(Mistake(item.path(name), MISSING) for name in missing)
    thing_id = f"{values[place]}/{values[user]}"
    if (first := names.claim(thing_id, item)) is not None:
        return (_same(item, first),)
    return names.by_id.get(thing_id)


def _with_id(item: Item, thing_id: str, names: Names) -> Match:
    is_of_section, noun = kind_of(thing_id) is item.section.kind, item.section.noun
    thing = names.by_id.get(thing_id) if is_of_section else None
    if thing is None or not names.is_own(item.section.name, thing):
        unknown = Mistake(item.path("id"), f'There is no {noun} with the id "{printable(thing_id)}".')
        return None if item.is_removal and is_of_section else (unknown,)
    if is_built_in(item.section.name, thing):
        name = printable(thing.values["name"])
        return (Mistake(item.path("id"), f'The role "{name}" is built in and can\'t be changed.'),)
    if item.key is not None and thing.key not in {None, item.key}:
        return (Mistake(item.path("key"), f'The {noun} has the key "{printable(thing.key or "")}" for good.'),)
    if item.key is not None and thing.key is None and names.with_key(item.section.name, item.key, thing.scope):
        return (Mistake(item.path("key"), f'Another {noun} has the key "{printable(item.key)}".'),)
    return thing


def _with_key(item: Item, values: Values, names: Names) -> Match:
    section, key = item.section, item.key
    if key is None:
        return () if {"key", "id"} & item.malformed else (Mistake(item.path("key"), MISSING),)
    owner = section.references[0].name if section.references else ""
    if owner not in values and not item.lacks(owner):
        return None if item.is_removal else _mistakes_in_key(item, values, names)
    if section.name == "roles" and (values.get("scope", ""), key) in names.built_in_roles:
        return (Mistake(item.path("key"), f'The role "{printable(key)}" is built in; choose another key.'),)
    candidates = names.with_key(section.name, key, scope_of(item, values, names) if owner in values else None)
    if len(candidates) > 1:
        return (Mistake(item.path("key"), several(section.noun, key, len(candidates))),)
    return candidates[0] if candidates else _with_email(item, values, names)


def _with_email(item: Item, values: Values, names: Names) -> Match:
    """The user that has this e-mail address, and no key here yet."""
    user = names.by_email.get(email_key(values.get("email") or "")) if item.section.name == "users" else None
    if user is None or item.is_removal:
        return None
    if user.key is not None and names.terms.owns(user.tenant):
        return (Mistake(item.path("email"), ADDRESS_IS_TAKEN),)
    return user


def _claimed(item: Item, values: Values, thing: Thing | None, names: Names) -> Match:
    """The thing, unless another item has the same key or is about the same thing."""
    # The key of an existing thing is claimed with the thing.
    mistakes = _mistakes_in_key(item, values, names) if thing is None or thing.key is None else ()
    if mistakes:
        return mistakes
    email = values.get("email") if item.section.name == "users" and not item.is_removal else None
    if email is not None and names.claim(("email", email_key(email)), item) is not None:
        # Before it is looked whose address it is: the answer is the same for an address that nobody has.
        return (Mistake(item.path("email"), ADDRESS_IS_TAKEN),)
    first = None if thing is None else names.claim(thing.id, item)
    return thing if first is None else (_taken(item, first),)


def _mistakes_in_key(item: Item, values: Values, names: Names) -> tuple[Mistake, ...]:
    """Why the key of an item can't be that of a new thing."""
    section, key = item.section.name, item.key
    if key is None:
        return ()
    if kind_of(key) is not None:
        return (Mistake(item.path("key"), "A key can't look like one of Flowport's ids."),)
    # Where nobody knows the workspace of a flow, its text tells it from others.
    scope = values.get("workspace", item.values.get("workspace")) if section == "flows" else ""
    first = names.claim((section, scope, key), item)
    return () if first is None else (_taken(item, first),)


def _taken(item: Item, first: Item) -> Mistake:
    """Why two items can't be about the same thing."""
    if item.key is not None and item.key == first.key:
        path = Mistake(first.path(), "").json_path
        return Mistake(item.path("key"), f'The key "{printable(item.key)}" is taken already, by {path}.')
    return _same(item, first, "key" if item.id is None else "id")


def _same(item: Item, first: Item, *parts: Part) -> Mistake:
    """Two items are about one thing."""
    return Mistake(item.path(*parts), f"{Mistake(first.path(), '').json_path} is about the same {item.section.noun}.")
