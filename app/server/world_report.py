"""What `flowport apply` tells of a plan: a table for people, JSON for programs, the exit status for scripts."""

import json
from collections.abc import Iterator
from enum import IntEnum
from itertools import groupby
from typing import Any

import click

from app.domain.world.things import Planned, ThingInUse, WorldChange, WorldPlan, WorldRefusal

MOST_LINES = 100
"""Of one section and kind of change; of more it is said how many there are."""
MOST_FLOWS = 10
MOST_KEY = 40
"""Keys that are longer stick out of their column."""
_MARKS = {
    WorldChange.CREATED: ("+", "green"),
    WorldChange.CHANGED: ("~", "yellow"),
    WorldChange.REMOVED: ("-", "red"),
}


class ExitStatus(IntEnum):
    """How `flowport apply` ends."""

    APPLIED = 0
    MISTAKES = 1
    WOULD_CHANGE = 2
    IN_USE = 3
    STALE = 4
    USAGE = 64


def status_of(refusals: tuple[WorldRefusal, ...]) -> ExitStatus:
    """The exit status of what wasn't applied: mistakes first, since they may be the reason for the rest."""
    kinds = {type(each).__name__ for each in refusals}
    if "InvalidInput" in kinds:
        return ExitStatus.MISTAKES
    return ExitStatus.IN_USE if "ThingInUse" in kinds else ExitStatus.STALE


def table_of(plan: WorldPlan) -> Iterator[str]:
    """What a plan changes, a line for each thing; what is alike stands together."""
    width = min(MOST_KEY, max((len(_key_of(each)) for each in plan.differing()), default=0))
    for (section, change), group in groupby(plan.differing(), key=lambda each: (each.section.name, each.change)):
        things = [*group]
        for each in things[:MOST_LINES]:
            mark, colour = _MARKS[change]
            what = click.style(f"{mark} {change.lower()}  {section:16}", fg=colour)
            yield f"{what}  {_key_of(each):{width}}  {_details_of(each)}".rstrip()
        if len(things) > MOST_LINES:
            yield f"  … and {len(things) - MOST_LINES} more of {section}"


def summary_of(plan: WorldPlan) -> str:
    return ", ".join(f"{plan.number_of(change)} {change.lower()}" for change in WorldChange)


def _key_of(each: Planned) -> str:
    return each.key or each.id or ""


def _details_of(each: Planned) -> str:
    """What changes; of what comes or goes its name, and the flows that use it."""
    if each.fields:
        return "; ".join(f"{field.path[1:]}: {_text(field.before)} → {_text(field.after)}" for field in each.fields)
    name = "" if each.name is None else _text(each.name)
    if not each.uses.count:
        return name
    flows = [*each.uses.names[:MOST_FLOWS], *(["…"] if each.uses.count > MOST_FLOWS else [])]
    number = "1 flow" if each.uses.count == 1 else f"{each.uses.count} flows"
    return f"{name}  used by {number}: {', '.join(flows)}".lstrip()


def _text(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def report_of(plan: WorldPlan) -> dict[str, Any]:
    """A plan as `worldPlan` answers it."""
    return {
        "fingerprint": plan.fingerprint,
        "things": [_thing(each) for each in plan.things],
        **{change.lower(): plan.number_of(change) for change in WorldChange},
        "blockers": [*map(_refusal, (mistake.refusal for mistake in plan.mistakes)), *map(_refusal, plan.blockers)],
    }


def _thing(each: Planned) -> dict[str, Any]:
    return {
        "section": each.section_name.name,
        "key": each.key,
        "id": each.id,
        "change": each.change.value,
        "fields": [{"path": field.path, "before": field.before, "after": field.after} for field in each.fields],
        "usedByFlows": each.uses.count,
        "usedByFlowIds": list(each.uses.flows),
    }


def _refusal(refusal: WorldRefusal) -> dict[str, Any]:
    about = {"message": refusal.message, "code": refusal.code.value, "path": list(refusal.path)}
    if isinstance(refusal, ThingInUse):
        by = {"by": refusal.by.name, "count": refusal.count}
        return {**about, "section": refusal.section.name, "key": refusal.key, **by}
    return about
