"""Removing what is over long ago, in batches: drafts that were set aside, and records of exports."""

from datetime import datetime

from sqlalchemy import all_, any_, bindparam, delete, exists, func, literal, or_, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Text

from app.storage.connections.connection import WriteConnection
from app.storage.connections.row_changes import write_rows
from app.storage.event_writes import removed_flows
from app.storage.tables import FLOW, FLOW_DRAFT, FLOW_EXPORT, REFERENCE_REPORT

LOCK = 1718382456
"""Advisory lock of the process that removes expired rows; the number below it is the migrations' lock."""

_LOCK_EXPIRED = (
    select(FLOW_DRAFT.c.id, FLOW_DRAFT.c.flow_id)
    .join_from(FLOW_DRAFT, FLOW, FLOW.c.id == FLOW_DRAFT.c.flow_id)
    .where(FLOW_DRAFT.c.set_aside_at < bindparam("before"))
    .order_by(FLOW_DRAFT.c.set_aside_at, FLOW_DRAFT.c.id)
    .limit(bindparam("batch"))
    .with_for_update(skip_locked=True)
)

_REMOVE_DRAFTS = delete(FLOW_DRAFT).where(FLOW_DRAFT.c.id == any_(bindparam("drafts", type_=ARRAY(Text))))

_FLOWS = FLOW.c.id == any_(bindparam("flows", type_=ARRAY(Text)))
_HAS_OTHER_DRAFT = exists(
    select(literal(1)).where(
        FLOW_DRAFT.c.flow_id == FLOW.c.id, FLOW_DRAFT.c.id != all_(bindparam("drafts", type_=ARRAY(Text)))
    )
)
_NOTHING_LEFT = select(FLOW.c.id).where(_FLOWS, FLOW.c.published_version_id.is_(None), ~_HAS_OTHER_DRAFT)


_OVER_SINCE = func.least(FLOW_EXPORT.c.undone_at, FLOW_EXPORT.c.destination_deleted_at)
_IS_OVER = or_(FLOW_EXPORT.c.undone_at.is_not(None), FLOW_EXPORT.c.destination_deleted_at.is_not(None))
_LOCK_OLD_RECORDS = (
    select(FLOW_EXPORT.c.id)
    .where(_IS_OVER, bindparam("before") >= _OVER_SINCE)
    .order_by(_OVER_SINCE, FLOW_EXPORT.c.id)
    .limit(bindparam("batch"))
    .with_for_update(skip_locked=True)
)
_THESE_RECORDS = FLOW_EXPORT.c.id == any_(bindparam("records", type_=ARRAY(Text)))
_REMOVE_RECORDS = delete(FLOW_EXPORT).where(_THESE_RECORDS).returning(FLOW_EXPORT.c.report_hash)
_IS_UNREFERENCED = (
    REFERENCE_REPORT.c.hash == any_(bindparam("reports", type_=ARRAY(Text))),
    ~exists(select(literal(1)).where(FLOW_EXPORT.c.report_hash == REFERENCE_REPORT.c.hash)),
)
_LOCK_REPORTS = (
    select(REFERENCE_REPORT.c.hash).where(*_IS_UNREFERENCED).order_by(REFERENCE_REPORT.c.hash).with_for_update()
)
# A record that an export has stored meanwhile with one of them is seen by this: each statement looks anew.
_REMOVE_REPORTS = delete(REFERENCE_REPORT).where(*_IS_UNREFERENCED)


async def remove_drafts(connection: WriteConnection, *, before: datetime, now: datetime, batch: int) -> int:
    """Remove up to `batch` drafts that were set aside before a time, and flows without any draft or version left (H8).

    Returns the number of removed drafts; 0 while another process removes. Locked drafts and flows are skipped until the
    next time, so that the removal never waits for a caller who restores a draft or exports a flow.
    """
    if not await connection.value(select(func.pg_try_advisory_xact_lock(LOCK))):
        return 0
    expired = await connection.rows(_LOCK_EXPIRED, {"before": before, "batch": batch})
    drafts, flows = [row.id for row in expired], [row.flow_id for row in expired]
    if expired:
        gone = [row.id for row in await connection.rows(_NOTHING_LEFT, {"flows": flows, "drafts": drafts})]
        await connection.change(_REMOVE_DRAFTS, {"drafts": drafts})
        await write_rows(connection, *removed_flows(gone), by="", now=now)
    return len(drafts)


async def remove_records(connection: WriteConnection, *, before: datetime, batch: int) -> int:
    """Remove up to `batch` records that were undone, or whose destination was deleted, before a time (P6).

    Reports that no other record shares are removed too. Returns the number of removed records.
    """
    records = [row.id for row in await connection.rows(_LOCK_OLD_RECORDS, {"before": before, "batch": batch})]
    removed = await connection.change(_REMOVE_RECORDS, {"records": records}) if records else []
    reports = {"reports": sorted({row.report_hash for row in removed if row.report_hash is not None})}
    if reports["reports"]:
        await connection.rows(_LOCK_REPORTS, reports)
        await connection.change(_REMOVE_REPORTS, reports)
    return len(records)
