"""Records of copies and exports (P6): what members of the workspaces at both ends see, and outcomes of keyed calls (P5).

A replay shows what its viewer may see of each record, and names topics and agents as they are called now.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import orjson
from sqlalchemy import case, or_, select

from app.domain.bindings import AgentNotCopied, ExportWarning
from app.domain.component import Step
from app.domain.drift import DestinationWasChanged
from app.domain.errors import ONTO_FLOW
from app.domain.export import Exported
from app.domain.flow import CopiedFrom
from app.domain.model import DraftId, ExportId, FlowId, ReferenceKind, Target, VersionId
from app.domain.references import ReferenceAction, ReferenceOutcome
from app.domain.topics import MultipleTopicsNotCopied, TopicSchemaMismatch
from app.meter import current_meter
from app.offload import LARGE, interruptible, offload
from app.storage.connections.connection import ReadConnection, Row, is_one_of
from app.storage.facts.gather import read_targets
from app.storage.facts.visibility import is_member
from app.storage.reads.graphs import bounded, read_bounded
from app.storage.tables import FLOW, FLOW_EXPORT, REFERENCE_REPORT, WORKSPACE

SEES_SOURCE, SEES_DESTINATION = (
    is_member(FLOW_EXPORT.c[end]) for end in ("source_workspace_id", "destination_workspace_id")
)
IS_VISIBLE = or_(SEES_SOURCE, SEES_DESTINATION)
"""A viewer of either end sees the record, but nothing of an end that the viewer can't see."""

RESULTS = (
    select(
        FLOW_EXPORT.c.id,
        FLOW_EXPORT.c.destination_flow_id.label("flow_id"),
        FLOW_EXPORT.c.draft_id,
        FLOW_EXPORT.c.set_aside_draft_id.label("set_aside"),
        FLOW_EXPORT.c.copied_from,
        case((SEES_DESTINATION, WORKSPACE.c.name)).label("destination_name"),
        case((SEES_DESTINATION, FLOW.c.name)).label("flow_name"),
    )
    .join_from(FLOW_EXPORT, WORKSPACE, WORKSPACE.c.id == FLOW_EXPORT.c.destination_workspace_id)
    .outerjoin(FLOW, FLOW.c.id == FLOW_EXPORT.c.destination_flow_id)
    .where(is_one_of(FLOW_EXPORT.c.id), IS_VISIBLE)
)
"""The outcomes of copies and exports that the viewer can see; names of what the viewer can't see, or what is gone, are null."""
REPORTS_OF_EXPORTS = select(
    FLOW_EXPORT.c.id,
    FLOW_EXPORT.c.report_hash,
    SEES_SOURCE.label("sees_source"),
    SEES_DESTINATION.label("sees_destination"),
).where(is_one_of(FLOW_EXPORT.c.id), IS_VISIBLE)
REPORTS = bounded(
    select(REFERENCE_REPORT.c.hash, REFERENCE_REPORT.c.references)
    .where(is_one_of(REFERENCE_REPORT.c.hash))
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
    outcomes = await offload(sum(map(len, texts.values())), _outcomes, rows, texts)
    current_meter().take_objects(sum(map(len, outcomes.values())))
    return outcomes


def _outcomes(rows: Sequence[Row], texts: Mapping[str, str]) -> dict[str, list[ReferenceOutcome]]:
    """The outcomes by record; records that share a report and what the viewer sees of it share one list."""
    sights = {row.id: (row.report_hash, row.sees_source, row.sees_destination) for row in rows}
    outcomes = {
        (report_hash, *ends): _visible_outcomes("[]" if report_hash is None else texts[report_hash], *ends)
        for report_hash, *ends in interruptible({*sights.values()})
    }
    return {record: outcomes[sight] for record, sight in sights.items()}


def _visible_outcomes(report: str, sees_source: bool, sees_destination: bool) -> list[ReferenceOutcome]:  # noqa: FBT001
    return [
        ReferenceOutcome(
            step_id=one["step"],
            kind=ReferenceKind(one["kind"]),
            action=ReferenceAction(one["action"]),
            from_id=one["from"] if sees_source else None,
            to_id=one["to"] if sees_destination else None,
            step_name=one.get("name"),
        )
        for one in orjson.loads(report)
    ]


Json = dict[str, Any]
Warnings = tuple[ExportWarning, ...]
UNSEEN = FlowId(""), DraftId("")
"""The flow and the draft of an export whose record the viewer can't see: ids of nothing."""


def exports_to_json(exports: Mapping[int, tuple[ExportId, Warnings]]) -> list[Json]:
    """The records by the indexes of their items. Items with the same warnings are stored together."""
    groups: dict[Warnings, dict[int, str]] = {}
    for index, (export_id, warnings) in exports.items():
        groups.setdefault(warnings, {})[index] = export_id
    return [{"exports": ids, "warnings": [*map(_warning_to_json, warnings)]} for warnings, ids in groups.items()]


async def read_keyed_exports(connection: ReadConnection, viewer: str, groups: Sequence[Json]) -> dict[int, Exported]:
    """Read the outcomes of exports, by the indexes of their items."""
    ids = [export_id for group in groups for export_id in group["exports"].values()]
    records = {row.id: row for row in await connection.rows(RESULTS, {"viewer": viewer, "ids": ids})}
    visible = await read_targets(connection, viewer, (each for group in groups for each in _ids_of(group["warnings"])))
    return await offload(LARGE, exports_from_json, groups, records, visible)


def exports_from_json(
    groups: Iterable[Json], records: Mapping[str, Row], visible: Mapping[str, Target]
) -> dict[int, Exported]:
    """Make the warnings of a group once for each destination, however many records have them."""
    exports: dict[int, Exported] = {}
    for group in interruptible(groups):
        names_flow = any("version" in each for each in group["warnings"])
        warnings: dict[tuple[str | None, FlowId | None], Warnings] = {}
        for index, export_id in group["exports"].items():
            record = records.get(export_id)
            if record is None:
                exports[int(index)] = Exported(export_id, *UNSEEN, replayed=True)
                continue
            destination = record.destination_name, record.flow_id if names_flow else None
            if destination not in warnings:
                warnings[destination] = tuple(_warning_from_json(each, visible, record) for each in group["warnings"])
            outcome = (
                record.flow_id,
                record.draft_id,
                record.set_aside,
                CopiedFrom(record.copied_from),
                warnings[destination],
            )
            exports[int(index)] = Exported(export_id, *outcome, replayed=True)
    return exports


def _warning_to_json(warning: ExportWarning) -> Json:
    match warning:
        case MultipleTopicsNotCopied():
            return {"topics": [topic.id for topic in warning.topics]}
        case TopicSchemaMismatch():
            topics = {"from": warning.from_topic, "to": warning.to_topic}
            ids = {end: None if topic is None else topic.id for end, topic in topics.items()}
            return {**ids, "missing": warning.missing_properties}
        case DestinationWasChanged():
            return {"version": warning.version_id, "number": warning.version_number}
        case AgentNotCopied():
            return {"agent": warning.agent_id, "steps": warning.steps}


def _ids_of(warnings: Iterable[Json]) -> Iterator[str]:
    """The ids of the topics and agents that the warnings name."""
    for warning in warnings:
        yield from warning.get("topics", ())
        yield from (warning[end] for end in ("from", "to", "agent") if end in warning)


def _warning_from_json(warning: Json, visible: Mapping[str, Target], record: Row) -> ExportWarning:
    """The warning, with names only of what the viewer can see."""
    if "topics" in warning:
        topics = tuple(visible[each] for each in warning["topics"] if each in visible)
        return MultipleTopicsNotCopied(topics, refused=False)
    if "agent" in warning:
        steps = tuple(Step(*step) for step in warning["steps"])
        return AgentNotCopied(warning["agent"], visible.get(warning["agent"]), steps, record.destination_name)
    if "version" in warning:
        version = VersionId(warning["version"]), warning["number"]
        return DestinationWasChanged(record.flow_id, record.flow_name or "", *version, path=ONTO_FLOW)
    return TopicSchemaMismatch(visible.get(warning["from"]), visible.get(warning["to"]), tuple(warning["missing"]))
