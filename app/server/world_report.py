"""Reports of `flowport apply` about a plan: a table for people, JSON for programs, an exit status for scripts."""

import json
from collections.abc import Iterator
from enum import IntEnum
from itertools import groupby
from typing import Any

import click

from app.domain.world.things import Planned, ThingInUse, WorldChange, WorldPlan, WorldRefusal

MOST_LINES = 100
"""The most lines for each section and kind of change; a last line counts the rest."""
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
    """A line for each object that the plan changes, grouped by section and kind of change."""
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


def _key_of(planned: Planned) -> str:
    return planned.key or planned.id or ""


def _details_of(planned: Planned) -> str:
    """The changed fields or, for a created or removed object, its name and the flows that use it."""
    if planned.fields:
        return "; ".join(f"{field.path[1:]}: {_text(field.before)} → {_text(field.after)}" for field in planned.fields)
    name = "" if planned.name is None else _text(planned.name)
    if not planned.uses.count:
        return name
    flows = [*planned.uses.names[:MOST_FLOWS], *(["…"] if planned.uses.count > MOST_FLOWS else [])]
    number = "1 flow" if planned.uses.count == 1 else f"{planned.uses.count} flows"
    return f"{name}  used by {number}: {', '.join(flows)}".lstrip()


def _text(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def report_of(plan: WorldPlan) -> dict[str, Any]:
    """A plan as `worldPlan` answers it."""
    return {
        "fingerprint": plan.fingerprint,
        "things": [_thing(each) for each in plan.effects],
        **{change.lower(): plan.number_of(change) for change in WorldChange},
        "blockers": [*map(_refusal, (mistake.refusal for mistake in plan.mistakes)), *map(_refusal, plan.blockers)],
    }


def _thing(planned: Planned) -> dict[str, Any]:
    return {
        "section": planned.section_name.name,
        "key": planned.key,
        "id": planned.id,
        "change": planned.change.value,
        "fields": [{"path": field.path, "before": field.before, "after": field.after} for field in planned.fields],
        "usedByFlows": planned.uses.count,
        "usedByFlowIds": list(planned.uses.flows),
    }


def _refusal(refusal: WorldRefusal) -> dict[str, Any]:
    about = {"message": refusal.message, "code": refusal.code.value, "path": list(refusal.path)}
    if isinstance(refusal, ThingInUse):
        by = {"by": refusal.by.name, "count": refusal.count}
        return {**about, "section": refusal.section.name, "key": refusal.key, **by}
    return about
