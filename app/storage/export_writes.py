"""Writing copies and exports, however many there are: very many references, or long data samples, a part at a time."""

from collections.abc import Iterable, Iterator, Sequence

from app.domain.export import ExportPlan
from app.domain.graph import Bindings
from app.storage.write_context import WriteContext
from app.storage.writes import WrittenExport, write_at_once

WRITTEN_AT_ONCE = 40_000
"""So many references are written in one statement: the driver needs several times the memory of what it sends."""
CHARACTERS_AT_ONCE = 4_000_000
"""So many characters of what steps are bound to, likewise: each draft has its own."""


async def write_exports(context: WriteContext, plans: Sequence[ExportPlan]) -> list[WrittenExport]:
    """Write copies and exports: drafts, their flows if those are new, and the records; in one statement, as a rule."""
    written: list[WrittenExport] = []
    for part in in_parts(plans):
        written += await write_at_once(context, part)
    return written


def in_parts(plans: Iterable[ExportPlan]) -> Iterator[Sequence[ExportPlan]]:
    """All of them, as a rule. Whoever exports very many references, or long data samples, has them written a part at a time."""
    part, references, characters = list[ExportPlan](), 0, 0
    known: dict[int, tuple[Bindings, int]] = {}
    for plan in plans:
        bindings = plan.state.bindings
        if id(bindings) not in known:
            known[id(bindings)] = bindings, _characters_of(bindings)
        part.append(plan)
        references += len(plan.references)
        characters += known[id(bindings)][1]
        if references >= WRITTEN_AT_ONCE or characters >= CHARACTERS_AT_ONCE:
            yield part
            part, references, characters = [], 0, 0
    if part:
        yield part


def _characters_of(bindings: Bindings) -> int:
    """About as many as their values have, of which data samples may be long."""
    return sum(len(str(value)) for step in bindings for value in step.values.values())
