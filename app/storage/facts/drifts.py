"""Facts about drift (D2 to D4): the contents of two flows, and the content that they last had in common."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, FromClause, Select, select, true, union_all

from app.domain.drift import DriftStatus, drift_of
from app.storage.connections.connection import ReadConnection, is_one_of
from app.storage.facts.visibility import FLOWS, is_member
from app.storage.ids import Kind, is_id
from app.storage.tables import FLOW, FLOW_DRAFT, FLOW_EXPORT, FLOW_VERSION


class Drift(NamedTuple):
    """The drift of a flow from the flow that it descends from, where the viewer sees both."""

    flow_id: str
    source_flow_id: str
    status: DriftStatus | None


def shown_state(flow: FromClause, name: str) -> FromClause:
    """The content and descent of a flow: those of its published version or, without one, of its draft (D2)."""
    version, draft = FLOW_VERSION.alias(), FLOW_DRAFT.alias()
    is_shown = draft.c.flow_id == flow.c.id, draft.c.set_aside_at.is_(None), flow.c.published_version_id.is_(None)
    return union_all(
        select(version.c.content_hash, version.c.descends_from)
        .where(version.c.id == flow.c.published_version_id)
        .correlate(flow),
        select(draft.c.content_hash, draft.c.descends_from).where(*is_shown).correlate(flow),
    ).lateral(name)


def base_of(flow: ColumnElement[str], other_flow: ColumnElement[str], *tables: FromClause) -> FromClause:
    """The content of the newest record between two flows, in either direction, whose result was published (D3)."""

    def newest_from(source: ColumnElement[str], destination: ColumnElement[str]) -> Select[Any]:
        record = FLOW_EXPORT.alias()
        of_both = record.c.source_flow_id == source, record.c.destination_flow_id == destination
        return (
            select(record.c.content_hash, record.c.created_at, record.c.id)
            .where(*of_both, record.c.version_id.is_not(None))
            .order_by(record.c.created_at.desc(), record.c.id.desc())
            .limit(1)
            .correlate(*tables)
        )

    newest = union_all(newest_from(flow, other_flow), newest_from(other_flow, flow)).subquery("newest").c
    return select(newest.content_hash).order_by(newest.created_at.desc(), newest.id.desc()).limit(1).lateral("base")


_DESCENT, _SOURCE = FLOW_EXPORT.alias("descent"), FLOW.alias("source")
_SHOWN, _ORIGIN = shown_state(FLOW, "shown"), shown_state(_SOURCE, "origin")
_BASE = base_of(_SOURCE.c.id, FLOW.c.id, _SOURCE, FLOW)
ENDS = (
    select(
        _SOURCE.c.id.label("source_flow_id"),
        _ORIGIN.c.content_hash.label("source_hash"),
        _SHOWN.c.content_hash.label("shown_hash"),
        _BASE.c.content_hash.label("base_hash"),
    )
    .select_from(
        _SHOWN.join(_DESCENT, _DESCENT.c.id == _SHOWN.c.descends_from)
        .join(_SOURCE, _SOURCE.c.id == _DESCENT.c.source_flow_id)
        .join(_ORIGIN, true())
        .outerjoin(_BASE, true())
    )
    .where(is_member(_SOURCE.c.workspace_id))
    .correlate(FLOW)
    .lateral("ends")
)
"""The flow that `FLOW` descends from, if the viewer sees it, with the facts that decide the drift."""
_DRIFTS = (
    select(FLOW.c.id, ENDS.c.source_flow_id, ENDS.c.source_hash, ENDS.c.shown_hash, ENDS.c.base_hash)
    .select_from(FLOWS.join(ENDS, true()))
    .where(is_one_of(FLOW.c.id))
)


async def read_drifts(connection: ReadConnection, viewer: str, ids: Sequence[str]) -> dict[str, Drift]:
    """Read the drift of flows; a flow has none where the viewer can't see the flow that it descends from."""
    known = [each for each in ids if is_id(Kind.FLOW, each)]
    rows = await connection.rows(_DRIFTS, {"viewer": viewer, "ids": known}) if known else ()
    return {flow_id: Drift(flow_id, source, drift_of(*hashes)) for flow_id, source, *hashes in rows}
