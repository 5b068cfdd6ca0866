"""The command `flowport apply`: a world document planned or applied, and the result told."""

import gc
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from rich.console import Console
from rich.progress import Progress as ProgressBars
from rich.progress import TaskID

from app.domain.world.sections import SECTIONS
from app.domain.world.things import TenantNotFound, WorldPlan, WorldRefusal
from app.server.database import run
from app.server.world_report import ExitStatus, report_of, status_of, summary_of, table_of
from app.storage.world.document import Progress
from app.storage.world.models import document_schema
from app.usecases.apply_world import (
    NotApplied,
    WorldWish,
    apply_world,
    ids_of,
    plan_world,
)


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
    with progress_bar() as progress:
        wish = WorldWish(document, tenant, sections, fingerprint, progress=progress)
        if dry_run:
            planned = run(url, lambda work: plan_world(work, wish), takes_long=True)
            plan, refusals = planned.plan, planned.blockers
        else:
            outcome = run(url, lambda work: apply_world(work, wish), takes_long=True)
            plan, refusals = outcome.plan, outcome.errors if isinstance(outcome, NotApplied) else ()
    refuse_unknown_tenant(tenant, refusals)
    write(report_file, report_of, plan)
    if dry_run and not plan.mistakes:
        for line in (*table_of(plan), summary_of(plan), f"fingerprint {plan.fingerprint}"):
            click.echo(line)
    if refusals:
        say_why(plan, refusals)
        return status_of(refusals)
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


def say_why(plan: WorldPlan, refusals: tuple[WorldRefusal, ...]) -> None:
    """Say why nothing was applied: mistakes with their place in the document, then other refusals."""
    for mistake in plan.mistakes:
        click.echo(f"{mistake.json_path}: {mistake.message}", err=True)
    for refusal in refusals[len(plan.mistakes) :]:
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


@contextmanager
def progress_bar() -> Iterator[Progress]:
    """Show on a terminal how far the work is."""
    console = Console(stderr=True)
    tasks: dict[str, TaskID] = {}
    with ProgressBars(console=console, disable=not console.is_terminal) as bars:

        def show(step: str, done: int, total: int) -> None:
            if step not in tasks:
                tasks[step] = bars.add_task(step, total=total)
            bars.update(tasks[step], completed=done, total=total)

        yield show


def write(file: Path | None, content_of: Callable[[WorldPlan], object], plan: WorldPlan) -> None:
    if file is not None:
        file.write_text(json.dumps(content_of(plan), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
