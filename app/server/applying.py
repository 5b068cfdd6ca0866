"""The command `flowport apply`: a world document planned or applied, and reported.

A table for people, JSON for programs, an exit status for scripts.
"""

import gc
import json
import sys
from collections.abc import Callable, Iterator
from enum import IntEnum
from itertools import groupby
from pathlib import Path
from typing import Any

import click

from app.domain.world.sections import SECTIONS
from app.domain.world.things import Planned, TenantNotFound, ThingInUse, WorldChange, WorldPlan, WorldRefusal
from app.server.database import run
from app.storage.world.document import document_schema
from app.usecases.apply_world import NotApplied, WorldWish, apply_world, ids_of, plan_world

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


def print_schema() -> None:
    click.echo(json.dumps(document_schema(), indent=2))


def apply_document(
    url: str,
    name: str,
    document: bytes,
    *,
    dry_run: bool,
    prune: str,
    fingerprint: str | None,
    tenant: str | None,
    map_file: Path | None,
    report_file: Path | None,
) -> ExitStatus:
    """Plan or apply a document with the options of `flowport apply`, and answer the exit status."""
    refuse_missing_folders({"--map": map_file, "--report": report_file})
    sections = sections_of(prune, tenant, has_plan=dry_run or fingerprint is not None)
    # A large document becomes millions of objects, which the garbage collector would go through again and again.
    gc.disable()
    wish = WorldWish(document, tenant, sections, fingerprint, progress=show_progress)
    call = plan_world if dry_run else apply_world
    outcome = run(url, lambda work: call(work, wish), takes_long=True)
    plan = outcome.plan if isinstance(outcome, NotApplied) else outcome
    refuse_unknown_tenant(tenant, plan.blockers)
    write(report_file, report_of, plan)
    if dry_run and not plan.mistakes:
        for line in (*table_of(plan), summary_of(plan), f"fingerprint {plan.fingerprint}"):
            click.echo(line)
    if plan.blockers:
        say_why(plan)
        return status_of(plan.blockers)
    if dry_run:
        return ExitStatus.WOULD_CHANGE if any(plan.differing()) else ExitStatus.APPLIED
    write(map_file, ids_of, plan)
    click.echo(f"Applied {name}: {summary_of(plan)}.", err=True)
    return ExitStatus.APPLIED


def refuse_unknown_tenant(tenant: str | None, refusals: tuple[WorldRefusal, ...]) -> None:
    if any(isinstance(each, TenantNotFound) for each in refusals):
        raise click.BadParameter(
            f"there is no tenant {tenant}; without the option, the section `tenants` of a document makes one",
            param_hint="--tenant",
        )


def say_why(plan: WorldPlan) -> None:
    """Say why nothing was applied: mistakes with their place in the document, then other refusals."""
    for mistake in plan.mistakes:
        click.echo(f"{mistake.json_path}: {mistake.message}", err=True)
    for refusal in plan.blockers[len(plan.mistakes) :]:
        click.echo(refusal.message, err=True)


def refuse_missing_folders(files: dict[str, Path | None]) -> None:
    """Refuse what would fail after the work is done."""
    for option, file in files.items():
        if file is not None and not file.absolute().parent.is_dir():
            raise click.BadParameter(f"there is no folder {file.absolute().parent}", param_hint=option)


def sections_of(prune: str, tenant: str | None, *, has_plan: bool) -> frozenset[str]:
    """The sections that `--prune` names."""
    sections = frozenset(filter(None, prune.split(",")))
    if unknown := sections - SECTIONS.keys():
        named = ", ".join(sorted(unknown))
        raise click.BadParameter(f"there is no section {named}; there are {', '.join(SECTIONS)}", param_hint="--prune")
    if prune and tenant is None:
        raise click.UsageError("--prune needs --tenant with the key of the tenant that it is for.")
    if prune and not has_plan:
        raise click.UsageError("--prune needs --plan with the fingerprint of a dry run.")
    return sections


def show_progress(step: str, done: int, total: int) -> None:
    """Show on a terminal how far the work is, in a line that is written over until the step is done."""
    if sys.stderr.isatty():
        click.echo(f"{step}: {100 * done // total} %\r", nl=done == total, err=True)


def write(file: Path | None, content_of: Callable[[WorldPlan], object], plan: WorldPlan) -> None:
    if file is not None:
        file.write_text(json.dumps(content_of(plan), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


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
    return f"{plan.created} created, {plan.changed} changed, {plan.removed} removed, {plan.unchanged} unchanged"


def _key_of(planned: Planned) -> str:
    key = planned.key or planned.id or ""
    return key if key.isprintable() else json.dumps(key)


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
        "created": plan.created,
        "changed": plan.changed,
        "removed": plan.removed,
        "unchanged": plan.unchanged,
        "blockers": [*map(_refusal, plan.blockers)],
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
