"""Records of copies and exports (P6): what of them is seen by members of the workspaces at both ends."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import orjson
from sqlalchemy import Text, any_, bindparam, case, or_, select
from sqlalchemy.dialects.postgresql import ARRAY

from app.domain.model import ReferenceKind
from app.domain.references import ReferenceAction, ReferenceOutcome
from app.domain.source import CopiedFrom
from app.meter import current_meter
from app.offload import interruptible, offload
from app.storage.connections.connection import ReadConnection, Row
from app.storage.facts.visibility import is_member
from app.storage.reads.limit import bounded, read_bounded
from app.storage.reads.rows import ResultView, columns
from app.storage.tables import FLOW, FLOW_EXPORT, REFERENCE_REPORT, WORKSPACE

SEES_SOURCE, SEES_DESTINATION = (
    is_member(FLOW_EXPORT.c[end]) for end in ("source_workspace_id", "destination_workspace_id")
)
IS_VISIBLE = or_(SEES_SOURCE, SEES_DESTINATION)
"""A viewer of either end sees the record, but nothing of an end that the viewer can't see."""

_IDS = bindparam("ids", type_=ARRAY(Text))
RESULTS = (
    select(
        *columns(
            FLOW_EXPORT,
            ResultView,
            flow_id=FLOW_EXPORT.c.destination_flow_id,
            set_aside=FLOW_EXPORT.c.set_aside_draft_id,
            destination_name=case((SEES_DESTINATION, WORKSPACE.c.name)),
            flow_name=case((SEES_DESTINATION, FLOW.c.name)),
        )
    )
    .join_from(FLOW_EXPORT, WORKSPACE, WORKSPACE.c.id == FLOW_EXPORT.c.destination_workspace_id)
    .outerjoin(FLOW, FLOW.c.id == FLOW_EXPORT.c.destination_flow_id)
    .where(FLOW_EXPORT.c.id == any_(_IDS), IS_VISIBLE)
)


async def read_results(connection: ReadConnection, viewer: str, ids: Sequence[str]) -> dict[str, ResultView]:
    """Read the outcomes of copies and exports, by the ids of the records that the viewer can see."""
    rows = await connection.rows(RESULTS, {"viewer": viewer, "ids": list(ids)})
    return {row.id: ResultView(*row)._replace(copied_from=CopiedFrom(row.copied_from)) for row in rows}


REPORTS_OF_EXPORTS = select(
    FLOW_EXPORT.c.id,
    FLOW_EXPORT.c.report_hash,
    SEES_SOURCE.label("sees_source"),
    SEES_DESTINATION.label("sees_destination"),
).where(FLOW_EXPORT.c.id == any_(_IDS), IS_VISIBLE)
REPORTS = bounded(
    select(REFERENCE_REPORT.c.hash, REFERENCE_REPORT.c.references)
    .where(REFERENCE_REPORT.c.hash == any_(_IDS))
    .subquery("reports"),
    by="hash",
    long=("references",),
)


async def read_references(
    connection: ReadConnection, viewer: str, ids: Sequence[str]
) -> dict[str, list[ReferenceOutcome]]:
    """Read the outcomes of references, by the ids of the records, without ids from workspaces of others."""
    rows = await connection.rows(REPORTS_OF_EXPORTS, {"viewer": viewer, "ids": list(ids)})
    hashes = sorted({row.report_hash for row in rows if row.report_hash is not None})
    reports = await read_bounded(connection, REPORTS, {"ids": hashes}) if hashes else []
    texts = {report.hash: report.references for report in reports}
    found = await offload(sum(map(len, texts.values())), _outcomes, rows, texts)
    current_meter().take_objects(sum(map(len, found.values())))
    return found


class _Sight(NamedTuple):
    """A report, and the ends of the record that the viewer sees."""

    report_hash: str | None
    sees_source: bool
    sees_destination: bool


def _outcomes(rows: Sequence[Row], texts: Mapping[str, str]) -> dict[str, list[ReferenceOutcome]]:
    """The outcomes by record; records that share a report and what the viewer sees of it share one list."""
    sights = {row.id: _Sight(row.report_hash, row.sees_source, row.sees_destination) for row in rows}
    outcomes = {sight: _visible_outcomes(texts, sight) for sight in interruptible({*sights.values()})}
    return {record: outcomes[sight] for record, sight in sights.items()}


def _visible_outcomes(texts: Mapping[str, str], sight: _Sight) -> list[ReferenceOutcome]:
    return [
        ReferenceOutcome(
            step_id=one["step"],
            kind=ReferenceKind(one["kind"]),
            action=ReferenceAction(one["action"]),
            from_id=one["from"] if sight.sees_source else None,
            to_id=one["to"] if sight.sees_destination else None,
            step_name=one.get("name"),
        )
        for one in ([] if sight.report_hash is None else orjson.loads(texts[sight.report_hash]))
    ]
