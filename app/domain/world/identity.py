"""Finds the existing thing that an item of a document is about (W1, W9)."""

from collections.abc import Mapping

from app.domain.graph import Json
from app.domain.id_prefixes import kind_of
from app.domain.input import email_key
from app.domain.wording import printable
from app.domain.world.names import ADDRESS_IS_TAKEN, Names, is_built_in, several
from app.domain.world.things import COMMAND, Item, Mistake, Thing

Values = Mapping[str, Json]
Identity = Thing | None | tuple[Mistake, ...]
"""The thing; None: it doesn't exist yet; or why that can't be said. An empty tuple: the reason was reported before."""
MISSING = "This property is required."


def identify(item: Item, values: Values, names: Names) -> Identity:
    """The thing that an item is about, unless another item of the document is about the same."""
    if item.section.kind is None:
        return _membership(item, values, names)
    thing = _with_key(item, values, names) if item.id is None else _with_id(item, item.id, names)
    return thing if isinstance(thing, tuple) else _claimed(item, values, thing, names)


def scope_of(item: Item, values: Values, names: Names) -> str:
    """The scope in which the key of an item is unique: the workspace of a flow, the tenant of everything else."""
    if item.section.name == "tenants":
        return COMMAND
    if item.section.name == "flows":
        return str(values.get("workspace", COMMAND))
    return names.tenant_of_owner(item.section, values) or names.terms.tenant or COMMAND


def _membership(item: Item, values: Values, names: Names) -> Identity:
    place, user, *_ = (part.name for part in item.section.references)
    if place not in values or user not in values:
        missing = [name for name in (place, user) if name not in values and item.lacks(name)]
        return tuple(Mistake(item.path(name), MISSING) for name in missing)
    thing_id = f"{values[place]}/{values[user]}"
    if names.claim(thing_id, item) is not None:
        return (Mistake(item.path(), f"The user is a member of the {place} already."),)
    return names.by_id.get(thing_id)


def _with_id(item: Item, thing_id: str, names: Names) -> Identity:
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


def _with_key(item: Item, values: Values, names: Names) -> Identity:
    section, key = item.section, item.key
    if key is None:
        return () if {"key", "id"} & item.malformed else (Mistake(item.path("key"), MISSING),)
    owner = section.references[0].name if section.references else ""
    if owner not in values and not item.lacks(owner):
        return ()
    if section.name == "roles" and (values.get("scope", ""), key) in names.built_in_roles:
        return (Mistake(item.path("key"), f'The role "{printable(key)}" is built in; choose another key.'),)
    candidates = names.with_key(section.name, key, scope_of(item, values, names) if owner in values else None)
    if len(candidates) > 1:
        return (Mistake(item.path("key"), several(section.noun, key, len(candidates))),)
    return candidates[0] if candidates else _with_email(item, values, names)


def _with_email(item: Item, values: Values, names: Names) -> Identity:
    """The user that has this e-mail address, and no key here yet."""
    user = names.with_email(values.get("email")) if item.section.name == "users" else None
    if user is None or item.is_removal:
        return None
    if user.key is not None and names.terms.owns(user.tenant):
        return (Mistake(item.path("email"), ADDRESS_IS_TAKEN),)
    return user


def _claimed(item: Item, values: Values, thing: Thing | None, names: Names) -> Identity:
    """The thing, unless another item has the same key or is about the same thing."""
    section, key = item.section.name, item.key
    # The key of an existing thing is claimed with the thing.
    if key is not None and (thing is None or thing.key is None):
        if kind_of(key) is not None:
            return (Mistake(item.path("key"), "A key can't look like one of Flowport's ids."),)
        first = names.claim((section, values.get("workspace") if section == "flows" else "", key), item)
        if first is not None:
            return (_taken(item, first),)
    email = values.get("email") if section == "users" and not item.is_removal else None
    if email is not None and names.claim(("email", email_key(email)), item) is not None:
        # Before it is looked whose address it is: the answer is the same for an address that nobody has.
        return (Mistake(item.path("email"), ADDRESS_IS_TAKEN),)
    first = None if thing is None else names.claim(thing.id, item)
    return thing if first is None else (_taken(item, first),)


def _taken(item: Item, first: Item) -> Mistake:
    """Why two items can't be about the same thing."""
    path = Mistake(first.path(), "").json_path
    if item.key is not None and item.key == first.key:
        return Mistake(item.path("key"), f'The key "{printable(item.key)}" is taken already, by {path}.')
    named_by = "key" if item.id is None else "id"
    return Mistake(item.path(named_by), f"{path} is about the same {item.section.noun}.")
