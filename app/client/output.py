"""Printing the result of a command: a table for people, or JSON for programs."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import click

from app.client.api import DONE, Stopped
from app.client.api_types import Named

WIDEST = 40
"""Characters of the widest column; a longer name moves the rest of its own row."""


@dataclass(frozen=True, slots=True)
class Line:
    """The action on a flow, the flow that it overrides, and notes for people."""

    flow: Named
    action: str
    destination: Named | None = None
    notes: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        over = None if self.destination is None else self.destination.id
        flow = {"flowId": self.flow.id, "name": self.flow.name}
        return {**flow, "action": self.action, "destinationFlowId": over, "notes": self.notes}


@dataclass(frozen=True, slots=True)
class Report:
    """The lines of a command's result, planned or done, and its exit status."""

    source: Named
    destination: Named
    lines: Sequence[Line]
    status: int = DONE
    message: str = ""


def flows(number: int) -> str:
    return "1 flow" if number == 1 else f"{number} flows"


def show(report: Report, *, as_json: bool) -> None:
    """Print the result of a command."""
    if as_json:
        ends = {"from": report.source.id, "to": report.destination.id}
        flows = [line.as_json() for line in report.lines]
        click.echo(json.dumps({"status": report.status, **ends, "flows": flows, "message": report.message}, indent=2))
        return
    click.echo(f"From {report.source.name} to {report.destination.name}:")
    rows = [(line.flow.name, line.action, line.destination.name if line.destination else "-") for line in report.lines]
    table = [("FLOW", "ACTION", "OVER"), *rows]
    widths = [min(max(map(len, column)), WIDEST) for column in zip(*table, strict=True)]
    for row, notes in zip(table, ((), *(line.notes for line in report.lines)), strict=True):
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
        for note in notes:
            click.echo(f"    {note}")
    counts = Counter(line.action for line in report.lines)
    click.echo(f"{', '.join(f'{count} {action}' for action, count in counts.items()) or 'No flows'}.")
    if report.message:
        click.echo(report.message)


def show_stopped(stopped: Stopped, *, as_json: bool) -> None:
    """Print why a command ended without its result."""
    if as_json:
        click.echo(json.dumps({"status": stopped.status, "errors": stopped.reasons}, indent=2))
        return
    for reason in stopped.reasons:
        click.echo(f"Error: {reason}", err=True)
