"""What applying a document would do (W1 to W11, W15): the one decision behind plans and applying.

`Planning` takes what exists and the items of a document, and says what becomes of each. Then it is known what goes, so
that what rests on it can be locked and read; `conclude` makes the plan of both.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property

from app.domain.diff import FieldChange
from app.domain.graph import Json
from app.domain.id_prefixes import Kind
from app.domain.input import email_key
from app.domain.wording import printable
from app.domain.world.comparison import changes_between, normal
from app.domain.world.consistency import consistency_mistakes
from app.domain.world.identity import identify, scope_of
from app.domain.world.names import Names
from app.domain.world.plan_fingerprint import fingerprint_of
from app.domain.world.removals import blockers_of, pruned
from app.domain.world.sections import RANKS, REQUIRED, Property
from app.domain.world.things import (
    Dependent,
    FlowUses,
    Item,
    Mistake,
    Planned,
    Thing,
    WorldChange,
    WorldFacts,
    WorldPlan,
    in_order,
)

IdSource = Callable[[Kind, str], str]
"""Makes the id of a new thing from its kind and its key."""

Values = dict[str, Json]
MISSING = "This property is required."


class Planning:
    """What becomes of each item of a document, and of what it prunes."""

    def __init__(self, facts: WorldFacts, items: Iterable[Item], new_id: IdSource) -> None:
        self.names = Names(facts)
        self.planned: list[Planned] = []
        self._terms = facts.terms
        self._new_id = new_id
        self._mistakes: list[Mistake] = []
        for item in sorted(items, key=lambda each: (RANKS[each.section.name], each.index)):
            self._plan(item)
        self.planned.extend(pruned(facts, self.planned))
        self._mistakes.extend(consistency_mistakes(self.planned, facts, self.names))

    @cached_property
    def removed(self) -> Mapping[str, Planned]:
        """What is removed, by its id."""
        gone = (each for each in self.planned if each.change is WorldChange.REMOVED)
        return {each.before.id: each for each in gone if each.before is not None}

    def conclude(
        self, dependents: Sequence[Dependent], uses: Mapping[str, FlowUses], also: Iterable[Mistake]
    ) -> WorldPlan:
        """The plan; `also` are the mistakes that were made in the form of the document and in its graphs."""
        things = [
            each if each.before is None or each.before.id not in uses else replace(each, uses=uses[each.before.id])
            for each in self.planned
        ]
        mistakes = in_order((*also, *self._mistakes, *self.referred_and_removed()))
        return WorldPlan(
            things, fingerprint_of(things, self.names), mistakes, tuple(blockers_of(self.planned, dependents))
        )

    def referred_and_removed(self) -> Iterator[Mistake]:
        """Mistakes where the document refers to what it removes; more once its flows are read."""
        return (mistake for gone, mistake in self.names.referred.items() if gone in self.removed)

    def _plan(self, item: Item) -> None:
        values = self._resolved(item)
        match = identify(item, values, self.names)
        if isinstance(match, tuple):
            self._mistakes.extend(match)
            self._declare(item, Thing("", {}, None))
        elif item.values.get("remove"):
            self._note(item, WorldChange.UNCHANGED if match is None else WorldChange.REMOVED, match, match)
        elif match is None or (match.key is None and self._is_guest(item, match)):
            self._create(item, values, match)
        elif self._is_guest(item, match):
            self._leave_alone(item, values, match)
        else:
            self._compare(item, values, match)

    def _note(
        self, item: Item, change: WorldChange, thing: Thing | None, before: Thing | None, *fields: FieldChange
    ) -> None:
        key = thing.key if thing is not None and thing.key is not None else item.key
        if thing is not None:
            self._declare(item, thing)
        is_guest = before is not None and self._is_guest(item, before)
        role = None if thing is None else self.names.text_of(thing.values.get("role"))
        self.planned.append(
            Planned(item.section, key, change, thing, before, fields, path=item.path(), is_guest=is_guest, role=role)
        )

    def _is_guest(self, item: Item, thing: Thing) -> bool:
        """Whether it is another tenant's user, whom the document may only give memberships (W9)."""
        return item.section.name == "users" and not self._terms.owns(thing.tenant)

    def _declare(self, item: Item, thing: Thing) -> None:
        if item.section.kind is not None and item.key is not None:
            self.names.declare(item.section.name, item.key, thing)

    def _create(self, item: Item, values: Values, guest: Thing | None) -> None:
        """Plan a new thing; or a key for another tenant's user, of which nothing may tell that it was known."""
        for each in item.section.properties:
            if each.default is not REQUIRED:
                values.setdefault(each.name, each.default)
            elif each.name not in {*values, *item.values, *item.malformed}:
                self._mistakes.append(Mistake(item.path(each.name), missing_message(item)))
        section, scope = item.section, scope_of(item, values, self.names)
        if guest is not None:
            self._hold_to_address(item, values, guest)
            thing_id = guest.id
        elif section.kind is None:
            thing_id = "/".join(str(values.get(each.name)) for each in section.references[:2])
        else:
            thing_id = self._new_id(section.kind, item.key or "")
        tenant = thing_id if section.name == "tenants" else self.names.tenant_of_owner(section, values)
        thing = Thing(thing_id, normal(section, values), tenant, item.key, scope)
        self.names.by_id.setdefault(thing_id, thing)
        self._note(item, WorldChange.CREATED, thing, guest)

    def _leave_alone(self, item: Item, values: Values, guest: Thing) -> None:
        """Another tenant's user stays as it is, whatever the document says of it."""
        self._hold_to_address(item, values, guest)
        self._note(item, WorldChange.UNCHANGED, guest, guest)

    def _hold_to_address(self, item: Item, values: Values, guest: Thing) -> None:
        if email_key(values.get("email") or "") not in {"", email_key(guest.values["email"])}:
            self._mistakes.append(Mistake(item.path("email"), fixed_message(item, item.section.by_name["email"])))

    def _compare(self, item: Item, values: Values, before: Thing) -> None:
        after = normal(item.section, {**before.values, **values})
        fields = tuple(changes_between(item, before, after, self.names))
        for field in fields:
            fixed = item.section.by_name.get(field.path[1:])
            if fixed is not None and self._is_fixed(item, fixed):
                self._mistakes.append(Mistake(item.path(fixed.name), fixed_message(item, fixed)))
        if not fields:
            self._note(item, WorldChange.UNCHANGED, before, before)
            return
        scope = before.scope if before.key else scope_of(item, after, self.names)
        thing = replace(before, values=after, key=before.key or item.key, scope=scope)
        self._note(item, WorldChange.CHANGED, thing, before, *fields)

    def _is_fixed(self, item: Item, each: Property) -> bool:
        is_email = item.section.name == "users" and each.name == "email"
        return each.is_fixed or (is_email and not self._terms.by_command)

    def _resolved(self, item: Item) -> Values:
        """The properties that the item sets, with ids in place of references; where it says null, their defaults."""
        values: Values = {}
        if self._terms.tenant is not None and "tenant" in item.section.by_name:
            values["tenant"] = self._terms.tenant
        for each in item.section.properties:
            if each.name not in item.values:
                continue
            value = item.values[each.name]
            if value is None and each.default is REQUIRED:
                self._mistakes.append(Mistake(item.path(each.name), MISSING))
            elif value is None:
                values.setdefault(each.name, each.default)
            elif not each.refers_to:
                values[each.name] = value
            elif each.form is list:
                ids = [self._reference(item, each, text, index) for index, text in enumerate(value)]
                values[each.name] = [each for each in ids if each is not None]
            elif (thing_id := self._reference(item, each, value)) is not None:
                values[each.name] = thing_id
        return values

    def _reference(self, item: Item, each: Property, text: str, *index: int) -> str | None:
        path, scope = item.path(each.name, *index), item.section.role_scope
        meant = self.names.reference(each.refers_to, text, *path, role_scope=scope)
        if isinstance(meant, Mistake):
            self._mistakes.append(meant)
            return None
        if not item.values.get("remove"):
            self.names.refer(each.refers_to, text, meant, *path)
        return meant


def missing_message(item: Item) -> str:
    """Why a property is missed: perhaps the key is a mistake, and means something that exists."""
    named = "." if item.section.kind is None else f': there is none with the key "{printable(item.key or "")}".'
    return f"A new {item.section.noun} needs this property{named}"


def fixed_message(item: Item, each: Property) -> str:
    """Why a property can't change (W6)."""
    if each.name == "email":
        return "The e-mail address of a user can't change here: only the command `flowport apply` changes it."
    named = f"The {each.name} of a {item.section.noun} can't change"
    if each.name == "name":
        title = " Its title may change." if "title" in item.section.by_name else ""
        return f"{named}: the commands in flows name it.{title}"
    return f"{named}: other things rest on it."
