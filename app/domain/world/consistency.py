"""Checks a document as a whole: prunes (W3), obstacles to removals (W7), and mistakes.

Mistakes between things are about roles, new names, what only one thing may have (W9), and what the API can't change (W11).
"""

from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Sequence

from app.domain.component import ComponentAccess, can_stand_in_commands
from app.domain.errors import printable
from app.domain.input import email_key, has_control_characters
from app.domain.model import FlowStatus
from app.domain.world.names import ADDRESS_IS_TAKEN, Names
from app.domain.world.sections import ENUMERATED, NAME_LIMITS, SECTIONS
from app.domain.world.things import (
    COMMAND,
    PRUNE,
    Dependent,
    Mistake,
    Planned,
    Thing,
    ThingInUse,
    WorldChange,
    WorldFacts,
)

DEACTIVATED_EVERYWHERE = (
    "The command `flowport apply` deactivated this user in every tenant, and it alone can activate it again."
)


def consistency_mistakes(planned: Sequence[Planned], facts: WorldFacts, names: Names) -> Iterator[Mistake]:
    """Everything that is wrong between the things after applying, in no order."""
    differing = [each for each in planned if each.change is not WorldChange.UNCHANGED]
    for each in differing:
        if not facts.terms.by_command:
            yield from _for_the_command_alone(each)
        if each.section.role_scope and each.change is not WorldChange.REMOVED:
            yield from _wrong_role(each, names)
        yield from _unusable_names(each)
    yield from _repeated(differing, facts)


def _for_the_command_alone(planned: Planned) -> Iterator[Mistake]:
    """Mistakes where the API would change what only the command may change (W11)."""
    section, path = planned.section.name, planned.path
    which = f', such as "{printable(planned.key or "")}"' if path is PRUNE else ""
    alone = f"{which}: only the command `flowport apply` does that."
    if planned.section.is_for_the_command:
        yield Mistake(path, f"The API doesn't change the section {section}{alone}")
    states = (planned.thing, planned.before or planned.thing)
    if section == "components" and any(thing.values.get("access") == ComponentAccess.GLOBAL for thing in states):
        of_access = path if path is PRUNE else (*path, "access")
        yield Mistake(of_access, f"The API doesn't change components with the access GLOBAL{alone}")
    if section == "users" and any(thing.values.get("isProvisioner") for thing in states):
        yield Mistake(path, f"The API doesn't change provisioners{alone}")
    if planned.before is not None and planned.before.values.get("isBarred") and planned.changes("active"):
        yield Mistake((*planned.path, "active"), DEACTIVATED_EVERYWHERE)


def _wrong_role(planned: Planned, names: Names) -> Iterator[Mistake]:
    thing, role = planned.thing, names.by_id.get(planned.thing.values.get("role", ""))
    if role is None:
        return
    text, scope, path = printable(names.text_of(role.id) or ""), planned.section.role_scope, (*planned.path, "role")
    if role.values.get("scope", scope) != scope:
        yield Mistake(path, f'The role "{text}" has the scope {role.values["scope"]}, not {scope}.')
    if role.tenant is not None and thing.tenant is not None and role.tenant != thing.tenant:
        yield Mistake(path, f'The role "{text}" belongs to another tenant.')


def _unusable_names(planned: Planned) -> Iterator[Mistake]:
    """Mistakes in names that are new; what has such a name already keeps it."""
    values = {} if planned.item is None else planned.item.values
    for part in planned.section.properties:
        name = values.get(part.name)
        if part.limits is not NAME_LIMITS or name is None or not planned.differs_in(part.name):
            continue
        what = f"The {part.name} of this {planned.section.noun} can't hold"
        if has_control_characters(name):
            yield Mistake((*planned.path, part.name), f"{what} control characters such as line breaks.")
        elif part.fixed and not can_stand_in_commands(name):
            message = f"{what} spaces, /, : or @, since commands name it: team/component:action@version."
            yield Mistake((*planned.path, part.name), message)


_UNIQUE = {
    "roles": ("tenant", "name", "Its tenant has a role of that name already."),
    "teams": ("tenant", "name", "Its tenant has a team of that name already."),
    "components": ("team", "name", "Its team has a component of that name already."),
    "users": ("", "email", ADDRESS_IS_TAKEN),
}
"""By section: the owner within which a property is unique, that property, and the message for a second thing with its value."""


def _unique_value(section: str, thing: Thing) -> Hashable:
    """The value that no second thing may have. Without a known owner or address, it differs from every other value."""
    if section == "users":
        return email_key(thing.values.get("email", "")) or object()
    owner, *_ = _UNIQUE[section]
    owner_id = thing.tenant if owner == "tenant" else thing.values.get(owner)
    return section, owner_id or object(), thing.values.get("scope"), thing.values.get("name")


def _repeated(differing: Sequence[Planned], facts: WorldFacts) -> Iterator[Mistake]:
    removed = {each.thing.id for each in differing if each.change is WorldChange.REMOVED}
    taken: dict[Hashable, str] = {}
    for section in _UNIQUE:
        for existing in facts.existing.get(section, ()):
            # No answer of the API may tell that another tenant's user has an address (W9).
            is_unknown = facts.terms.is_guest(section, existing) and not facts.terms.by_command
            if existing.id not in removed and not is_unknown:
                taken[_unique_value(section, existing)] = existing.id
    for each in differing:
        section = each.section.name
        if section in _UNIQUE and each.change is not WorldChange.REMOVED:
            _, name, message = _UNIQUE[section]
            if taken.setdefault(_unique_value(section, each.thing), each.thing.id) != each.thing.id:
                yield Mistake((*each.path, name), message)


def pruned(facts: WorldFacts, planned: Iterable[Planned]) -> Iterator[Planned]:
    """Everything with an external key in the pruned sections that the document doesn't name, of its tenants alone."""
    if not facts.terms.prune:
        return
    named = {each.before.id for each in planned if each.before is not None}
    for name, section in SECTIONS.items():
        existing = facts.existing.get(name, ()) if name in facts.terms.prune else ()
        # The fingerprint of the plan depends on the order, and that of rows may differ from one reading to the next.
        for thing in sorted(existing, key=lambda thing: thing.id):
            if thing.key is not None and thing.id not in named and thing.scope != COMMAND:
                yield Planned(
                    section,
                    thing.key,
                    WorldChange.REMOVED,
                    thing,
                    thing,
                    is_guest=facts.terms.is_guest(name, thing),
                )


def blockers_of(planned: Sequence[Planned], dependents: Iterable[Dependent]) -> Iterator[ThingInUse]:
    """Why things can't be removed, in the order in which they would be: what else rests on them, and isn't removed too."""
    removed = {each.thing.id: each for each in planned if each.change is WorldChange.REMOVED}
    roles = {each.thing.id: each.thing.values.get("role") for each in planned if each.section.role_scope}
    resting: Counter[tuple[str, str]] = Counter()
    for dependent in dependents:
        goes_too = {dependent.id, dependent.place, dependent.user} & removed.keys()
        if not goes_too and roles.get(dependent.id, dependent.on) == dependent.on:
            resting[dependent.on, dependent.section] += 1
    for thing_id, each in removed.items():
        if each.section.name == "flows" and each.thing.values["status"] == FlowStatus.ACTIVE:
            yield _in_use(each, "flows", 1)
        for by in SECTIONS:
            if resting[thing_id, by]:
                yield _in_use(each, by, resting[thing_id, by])


def _in_use(planned: Planned, by: str, count: int) -> ThingInUse:
    name = f'The {planned.section.noun} "{printable(planned.key or planned.thing.id)}"'
    path = Mistake(planned.path, "").refusal.path
    return ThingInUse(planned.section_name, planned.key, ENUMERATED[by], count, name, path=path)
