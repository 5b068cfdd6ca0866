"""Plans what applying a document does (W1 to W11, W15): the one decision behind plans and applying.

`Planning` takes what exists and the items of a document, and says what becomes of each. Then it is known what goes, so
that what rests on it can be locked and read; `conclude` makes the plan of both.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property

from app.domain.diff import FieldChange
from app.domain.errors import printable
from app.domain.graph import Json, canonical
from app.domain.input import email_key
from app.domain.model import FlowStatus, Kind
from app.domain.world.consistency import consistency_mistakes, pruned
from app.domain.world.names import MISSING, Names, identify, scope_of
from app.domain.world.sections import RANKS, REQUIRED, Property, Section
from app.domain.world.things import (
    FlowUses,
    Item,
    Mistake,
    Planned,
    Thing,
    WorldChange,
    WorldFacts,
    WorldPlan,
)

ADDRESS_IS_FIXED = "The e-mail address of a user can't change here: only the command `flowport apply` changes it."

NO_THING = Thing("", {}, None)
IdSource = Callable[[Kind, str], str]
"""Makes the id of a new thing from its kind and its key."""

Values = dict[str, Json]


class Planning:
    """The effect of each item of a document, and of what it prunes."""

    def __init__(
        self, facts: WorldFacts, items: Iterable[Item], new_id: IdSource, mistakes: Iterable[Mistake] = ()
    ) -> None:
        """`mistakes` are those in the form of the document."""
        self.names = Names(facts)
        self.planned: list[Planned] = []
        self.unread: dict[int, tuple[Item, Thing | None]] = {}
        """New flows, whose versions and drafts are read later, and flows with mistakes that hide whether they are new."""
        self._terms = facts.terms
        self._new_id = new_id
        self._mistakes = self.names.mistakes
        self._mistakes.extend(mistakes)
        for item in sorted(items, key=lambda item: RANKS[item.section.name]):
            self._plan(item)
        self.planned.extend(pruned(facts, self.planned))
        self._mistakes.extend(consistency_mistakes(self.planned, facts, self.names))

    @cached_property
    def removed(self) -> Mapping[str, Planned]:
        """The removals, by the ids of the things."""
        return {each.thing.id: each for each in self.planned if each.change is WorldChange.REMOVED}

    @property
    def mistakes(self) -> tuple[Mistake, ...]:
        """Each mistake so far once, in the order of the sections and of their items."""
        mistakes = dict.fromkeys((*self._mistakes, *self.names.references_to(self.removed)))
        return tuple(sorted(mistakes, key=lambda mistake: mistake.rank))

    def conclude(self, uses: Mapping[str, FlowUses], flows: str) -> WorldPlan:
        """The plan, once new flows are read; `flows` is the fingerprint of these."""
        for thing_id, used in uses.items():
            self.removed[thing_id].uses = used
        numbers = Counter(each.change for each in self.planned)
        return WorldPlan(
            self.planned,
            fingerprint_of(self.planned, self.names, flows),
            self.mistakes,
            created=numbers[WorldChange.CREATED],
            changed=numbers[WorldChange.CHANGED],
            removed=numbers[WorldChange.REMOVED],
            unchanged=numbers[WorldChange.UNCHANGED],
        )

    def _plan(self, item: Item) -> None:
        values = self._resolved(item)
        match = identify(item, values, self.names)
        if isinstance(match, tuple):
            self._mistakes.extend(match)
            self.names.declare(item, NO_THING)
            self._leave_unread(item, None)
        elif match is None and item.is_removal:
            self._note(item, WorldChange.UNCHANGED, NO_THING, None)
        elif match is not None and item.is_removal:
            self._remove(item, values, match)
        elif match is None or (match.key is None and self._terms.is_guest(item.section.name, match)):
            self._create(item, values, match)
        elif self._terms.is_guest(item.section.name, match):
            # Another tenant's user stays as it is, whatever the document says of it.
            self._hold_to_address(item, values, match)
            self._note(item, WorldChange.UNCHANGED, match, match)
        else:
            self._compare(item, values, match)

    def _note(
        self, item: Item, change: WorldChange, thing: Thing, before: Thing | None, fields: Sequence[FieldChange] = ()
    ) -> None:
        is_guest = before is not None and self._terms.is_guest(item.section.name, before)
        key, role = thing.key or item.key, self.names.text_of(thing.values.get("role"))
        planned = Planned(item.section, key, change, thing, before, fields, item=item, is_guest=is_guest, role=role)
        self.planned.append(planned)
        if thing is not NO_THING:
            self.names.declare(item, thing)

    def _leave_unread(self, item: Item, thing: Thing | None) -> None:
        if item.section.name == "flows":
            self.unread[item.index] = item, thing

    def _create(self, item: Item, values: Values, guest: Thing | None) -> None:
        """Plan a new thing; or a key for another tenant's user, of which nothing may tell that it was known."""
        for part in item.section.properties:
            if part.default is not REQUIRED:
                values.setdefault(part.name, part.default)
            elif part.name not in values and item.lacks(part.name):
                self._mistakes.append(Mistake(item.path(part.name), missing_message(item)))
        section, scope = item.section, scope_of(item, values, self.names)
        if guest is not None:
            self._hold_to_address(item, values, guest)
            thing_id = guest.id
        elif section.kind is None:
            thing_id = "/".join(str(values.get(part.name)) for part in section.references[:2])
        else:
            thing_id = self._new_id(section.kind, item.key or "")
        tenant = thing_id if section.name == "tenants" else self.names.tenant_of_owner(section, values)
        thing = Thing(thing_id, normal(section, values), tenant, item.key, scope)
        self.names.by_id.setdefault(thing_id, thing)
        self._note(item, WorldChange.CREATED, thing, guest)
        self._leave_unread(item, thing)

    def _hold_to_address(self, item: Item, values: Values, guest: Thing) -> None:
        if email_key(values.get("email") or "") not in {"", email_key(guest.values["email"])}:
            self._mistakes.append(Mistake(item.path("email"), ADDRESS_IS_FIXED))

    def _remove(self, item: Item, values: Values, thing: Thing) -> None:
        """Plan to remove a thing, unless the item names another owner than the thing has (W6)."""
        # Nothing tells whose user another tenant's is (W9).
        for part in () if self._terms.is_guest(item.section.name, thing) else item.section.references:
            owner = thing.values.get(part.name)
            if part.fixed and part.name in item.values and values.get(part.name, owner) != owner:
                message = (
                    f'The {part.name} of this {item.section.noun} is "{printable(self.names.text_of(owner) or "")}".'
                )
                self._mistakes.append(Mistake(item.path(part.name), message))
        self._note(item, WorldChange.REMOVED, thing, thing)

    def _compare(self, item: Item, values: Values, before: Thing) -> None:
        lasting = {part.name for part in item.section.properties if not part.is_initial}
        after = normal(item.section, {**before.values, **{name: values[name] for name in values.keys() & lasting}})
        gets_key = item.section.kind is not None and before.key is None and item.key is not None
        fields = [FieldChange("/key", None, item.key)] if gets_key else []
        for part in item.section.properties:
            old, new = before.values.get(part.name), after.get(part.name)
            if old == new or part.is_initial:
                continue
            names = self.names
            fields.append(FieldChange(f"/{part.name}", shown_value(part, old, names), shown_value(part, new, names)))
            if part.fixed:
                message = f"The {part.name} of this {item.section.noun} can't change: {part.fixed}"
                self._mistakes.append(Mistake(item.path(part.name), message))
            elif part.name == "email" and not self._terms.by_command:
                self._mistakes.append(Mistake(item.path(part.name), ADDRESS_IS_FIXED))
        scope = before.scope if before.key is not None else scope_of(item, after, self.names)
        thing = replace(before, values=after, key=before.key or item.key, scope=scope) if fields else before
        self._note(item, WorldChange.CHANGED if fields else WorldChange.UNCHANGED, thing, before, fields)

    def _resolved(self, item: Item) -> Values:
        """The properties that the item sets, with ids in place of references; where it says null, their defaults."""
        values: Values = {}
        if self._terms.tenant is not None and any(part.name == "tenant" for part in item.section.properties):
            values["tenant"] = self._terms.tenant
        for part in item.section.properties:
            if part.name not in item.values:
                continue
            value = item.values[part.name]
            if value is None and part.default is REQUIRED:
                self._mistakes.append(Mistake(item.path(part.name), MISSING))
            elif value is None:
                values.setdefault(part.name, part.default)
            elif part.form is object:
                values[part.name] = canonical(value)
            elif not part.refers_to:
                values[part.name] = value
            else:
                self._refer(item, part, value, values)
        return values

    def _refer(self, item: Item, part: Property, value: Json, values: Values) -> None:
        """Set a property to the ids of what it names, as far as that exists."""
        if part.form is list:
            ids = [self.names.refer(item, part.refers_to, text, part.name, i) for i, text in enumerate(value)]
            values[part.name] = [thing_id for thing_id in ids if thing_id is not None]
        elif (thing_id := self.names.refer(item, part.refers_to, value, part.name)) is not None:
            values[part.name] = thing_id
        elif item.is_removal:
            # The tenant of the document isn't the one that the item names.
            values.pop(part.name, None)


def missing_message(item: Item) -> str:
    """Why a property is missed: perhaps the key is a mistake, and means something that exists."""
    named = "." if item.section.kind is None else f': there is none with the key "{printable(item.key or "")}".'
    return f"A new {item.section.noun} needs this property{named}"


def normal(section: Section, values: Mapping[str, Json]) -> Values:
    """The values of a thing in the one form in which they are stored and compared."""
    normalized: Values = dict(values)
    if section.name == "roles":
        normalized["permissions"] = [*dict.fromkeys(values["permissions"])]
    elif section.name == "components":
        normalized["title"] = values["title"] or values.get("name")
        normalized["whitelistedContracts"] = sorted({*values["whitelistedContracts"]})
    elif section.name == "flows":
        _suspend(normalized)
    return normalized


def _suspend(flow: Values) -> None:
    """Let the status follow `suspended` (W10); a new flow that doesn't say it has the status that it names."""
    status, is_suspended = flow.get("status"), flow.get("suspended")
    if is_suspended:
        flow["status"] = FlowStatus.SUSPENDED.value
    elif is_suspended is False and status == FlowStatus.SUSPENDED:
        flow["status"] = FlowStatus.INACTIVE.value
    flow["suspended"] = flow.get("status") == FlowStatus.SUSPENDED


def shown_value(part: Property, value: Json, names: Names) -> Json:
    """A value as a document has it: with keys in place of ids."""
    if part.form is object:
        return json.loads(value)
    if not part.refers_to:
        return value
    return [names.text_of(each) for each in value] if part.form is list else names.text_of(value)


def fingerprint_of(planned: Iterable[Planned], names: Names, flows: str) -> str:
    """Equal for two plans that would change the same; the ids of new things, which are new each time, don't count.

    `flows` is the fingerprint of the versions and drafts of new flows.
    """
    changes = [
        [
            each.section.name,
            each.key,
            each.id,
            each.change.value,
            [[field.path, field.before, field.after] for field in each.fields],
            _values(each, names) if each.change is WorldChange.CREATED else [],
        ]
        for each in planned
        if each.change is not WorldChange.UNCHANGED
    ]
    return hashlib.sha256(canonical([changes, flows]).encode()).hexdigest()


def _values(planned: Planned, names: Names) -> list[object]:
    return [shown_value(part, planned.thing.values.get(part.name), names) for part in planned.section.properties]
