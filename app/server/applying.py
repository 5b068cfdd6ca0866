"""The command `flowport apply`: a world document planned or applied, and the result told."""

import gc
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import click

from app.domain.world.sections import SECTIONS
from app.domain.world.things import TenantNotFound, WorldPlan
from app.server.database import run
from app.server.progress_bar import progress_bar
from app.server.world_report import ExitStatus, report_of, status_of, summary_of, table_of
from app.storage.world.models import document_schema
from app.usecases.apply_world import (
    NotApplied,
    WorldWish,
    apply_world,
    ids_of,
    plan_world,
    without_progress,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplyOptions:
    """The arguments of `flowport apply`."""

    name: str
    """Name of the file."""
    document: bytes
    dry_run: bool
    prune: str
    fingerprint: str | None
    tenant: str | None
    map_file: Path | None
    report_file: Path | None

    @property
    def pruned(self) -> frozenset[str]:
        return frozenset(filter(None, self.prune.split(",")))


def print_schema() -> None:
    click.echo(json.dumps(document_schema(), indent=2))


def apply_document(url: str, options: ApplyOptions) -> ExitStatus:
    """Plan or apply a document, and answer the exit status."""
    check(options)
    # A large document becomes millions of objects, which the garbage collector would go through again and again.
    gc.disable()
    with progress_bar() as progress:
        wish = WorldWish(
            options.document,
            options.tenant,
            options.pruned,
            options.fingerprint,
            progress=progress or without_progress,
        )
        if options.dry_run:
            planned = run(url, lambda work: plan_world(work, wish), takes_long=True)
            plan, refusals = planned.plan, planned.blockers
        else:
            outcome = run(url, lambda work: apply_world(work, wish), takes_long=True)
            plan, refusals = outcome.plan, outcome.errors if isinstance(outcome, NotApplied) else ()
    if any(isinstance(each, TenantNotFound) for each in refusals):
        raise click.BadParameter(
            f"there is no tenant {options.tenant}; without the option, the section `tenants` of a document makes one",
            param_hint="--tenant",
        )
    write(options.report_file, report_of, plan)
    if options.dry_run and not plan.mistakes:
        for line in (*table_of(plan), summary_of(plan), f"fingerprint {plan.fingerprint}"):
            click.echo(line)
    if refusals:
        for mistake in plan.mistakes:
            click.echo(f"{mistake.json_path}: {mistake.message}", err=True)
        for refusal in refusals[len(plan.mistakes) :]:
            click.echo(refusal.message, err=True)
        return status_of(refusals)
    if options.dry_run:
        return ExitStatus.WOULD_CHANGE if any(plan.differing()) else ExitStatus.APPLIED
    write(options.map_file, ids_of, plan)
    click.echo(f"Applied {options.name}: {summary_of(plan)}.", err=True)
    return ExitStatus.APPLIED


def check(options: ApplyOptions) -> None:
    """Refuse what would fail after the work is done."""
    for option, file in (("--map", options.map_file), ("--report", options.report_file)):
        if file is not None and not file.absolute().parent.is_dir():
            raise click.BadParameter(f"there is no folder {file.absolute().parent}", param_hint=option)
    if unknown := options.pruned - SECTIONS.keys():
        named = ", ".join(sorted(unknown))
        raise click.BadParameter(f"there is no section {named}; there are {', '.join(SECTIONS)}", param_hint="--prune")
    if options.prune and options.tenant is None:
        raise click.UsageError("--prune needs --tenant with the key of the tenant that it is for.")
    if options.prune and not options.dry_run and options.fingerprint is None:
        raise click.UsageError("--prune needs --plan with the fingerprint of a dry run.")


def write(file: Path | None, content_of: Callable[[WorldPlan], object], plan: WorldPlan) -> None:
    if file is not None:
        file.write_text(json.dumps(content_of(plan), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
