"""Finds the things that pruning removes (W3), and those that can't be removed (W7)."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from app.domain.errors import printable
from app.domain.model import FlowStatus
from app.domain.world.sections import ENUMERATED, SECTIONS
from app.domain.world.things import COMMAND, Dependent, Mistake, Planned, ThingInUse, WorldChange, WorldFacts


def pruned(facts: WorldFacts, planned: Iterable[Planned]) -> Iterator[Planned]:
    """Everything with an external key in the pruned sections that the document doesn't name, of its tenants alone."""
    if not facts.terms.prune:
        return
    named = {each.before.id for each in planned if each.before is not None}
    for name, section in SECTIONS.items():
        for thing in facts.existing.get(name, ()) if name in facts.terms.prune else ():
            if thing.key is not None and thing.id not in named and thing.scope != COMMAND:
                is_guest = name == "users" and not facts.terms.owns(thing.tenant)
                yield Planned(section, thing.key, WorldChange.REMOVED, thing, thing, is_guest=is_guest)


def blockers_of(planned: Sequence[Planned], dependents: Iterable[Dependent]) -> Iterator[ThingInUse]:
    """Why things can't be removed, in the order in which they would be: what else rests on them, and isn't removed too."""
    removed = {each.before.id: each for each in planned if each.before and each.change is WorldChange.REMOVED}
    roles = {each.thing.id: each.thing.values.get("role") for each in planned if each.thing and each.section.role_scope}
    resting: Counter[tuple[str, str]] = Counter()
    for dependent in dependents:
        goes_too = {dependent.id, dependent.workspace, dependent.user} & removed.keys()
        if not goes_too and roles.get(dependent.id, dependent.on) == dependent.on:
            resting[dependent.on, dependent.section] += 1
    for thing_id, each in removed.items():
        if each.section.name == "flows" and each.before and each.before.values["status"] == FlowStatus.ACTIVE:
            yield _in_use(each, "flows", 1)
        for by in SECTIONS:
            if resting[thing_id, by]:
                yield _in_use(each, by, resting[thing_id, by])


def _in_use(planned: Planned, by: str, count: int) -> ThingInUse:
    name = f'The {planned.section.noun} "{printable(planned.key or (planned.before.id if planned.before else ""))}"'
    path = Mistake(planned.path, "").refusal.path
    return ThingInUse(planned.section_name, planned.key, ENUMERATED[by], count, name, path=path)
