"""Periodic tasks remove old rows in batches, and give committed events their positions in the feed.

A transaction that stores a content again locks its row until it ends (`insert_new_rows`), and locked rows are skipped. A
copy reads the content's reference first and inserts its own a little later, so a content is removed only if it had no
references for longer than any transaction takes.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    DateTime,
    Integer,
    Text,
    all_,
    bindparam,
    case,
    delete,
    exists,
    func,
    literal,
    literal_column,
    null,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert as upsert

from app.storage.connections.connection import ReadConnection, WriteConnection, is_one_of, statement, texts
from app.storage.connections.row_changes import write_rows
from app.storage.event_writes import removed_flows
from app.storage.tables import (
    EVENT,
    FLOW,
    FLOW_CONTENT,
    FLOW_DRAFT,
    FLOW_EXPORT,
    FLOW_VERSION,
    IDEMPOTENCY_KEY,
    PERIODIC_TASK,
    REFERENCE_REPORT,
)

_LOCK_EXPIRED = (
    select(FLOW_DRAFT.c.id, FLOW_DRAFT.c.flow_id)
    .join_from(FLOW_DRAFT, FLOW, FLOW.c.id == FLOW_DRAFT.c.flow_id)
    .where(FLOW_DRAFT.c.set_aside_at < bindparam("before"))
    .order_by(FLOW_DRAFT.c.set_aside_at, FLOW_DRAFT.c.id)
    .limit(bindparam("batch"))
    .with_for_update(skip_locked=True)
)

_REMOVE_DRAFTS = delete(FLOW_DRAFT).where(is_one_of(FLOW_DRAFT.c.id, "drafts"))

_HAS_OTHER_DRAFT = exists(
    select(literal(1)).where(FLOW_DRAFT.c.flow_id == FLOW.c.id, FLOW_DRAFT.c.id != all_(texts("drafts")))
)
_NOTHING_LEFT = select(FLOW.c.id).where(
    is_one_of(FLOW.c.id, "flows"), FLOW.c.published_version_id.is_(None), ~_HAS_OTHER_DRAFT
)

_OVER_SINCE = func.least(FLOW_EXPORT.c.undone_at, FLOW_EXPORT.c.destination_deleted_at)
_LOCK_OLD_RECORDS = (
    select(FLOW_EXPORT.c.id)
    .where(or_(FLOW_EXPORT.c.undone_at.is_not(None), FLOW_EXPORT.c.destination_deleted_at.is_not(None)))
    .where(bindparam("before") >= _OVER_SINCE)
    .order_by(_OVER_SINCE, FLOW_EXPORT.c.id)
    .limit(bindparam("batch"))
    .with_for_update(skip_locked=True)
)
_REMOVE_RECORDS = delete(FLOW_EXPORT).where(is_one_of(FLOW_EXPORT.c.id, "records")).returning(FLOW_EXPORT.c.report_hash)
_IS_UNREFERENCED = (
    is_one_of(REFERENCE_REPORT.c.hash, "reports"),
    ~exists(select(literal(1)).where(FLOW_EXPORT.c.report_hash == REFERENCE_REPORT.c.hash)),
)
_LOCK_REPORTS = (
    select(REFERENCE_REPORT.c.hash).where(*_IS_UNREFERENCED).order_by(REFERENCE_REPORT.c.hash).with_for_update()
)
# A record that an export has stored meanwhile with one of them is seen by this: each statement looks anew.
_REMOVE_REPORTS = delete(REFERENCE_REPORT).where(*_IS_UNREFERENCED)


async def remove_drafts(connection: WriteConnection, *, before: datetime, now: datetime, batch: int) -> int:
    """Remove up to `batch` drafts that were set aside before a time, and flows without any draft or version left (H8).

    Returns the number of removed drafts. Locked drafts and flows are skipped until the next time, so that the removal
    never waits for a caller who restores a draft or exports a flow, or for another process that removes.
    """
    expired = await connection.rows(_LOCK_EXPIRED, {"before": before, "batch": batch})
    drafts, flows = [row.id for row in expired], [row.flow_id for row in expired]
    gone = [row.id for row in await connection.rows(_NOTHING_LEFT, {"flows": flows, "drafts": drafts})]
    await connection.change(_REMOVE_DRAFTS, {"drafts": drafts})
    await write_rows(connection, *removed_flows(gone), by="", now=now)
    return len(drafts)


async def remove_records(connection: WriteConnection, *, before: datetime, batch: int) -> int:
    """Remove up to `batch` records that were undone, or whose destination was deleted, before a time (P6).

    Reports that no other record shares are removed too. Returns the number of removed records.
    """
    records = [row.id for row in await connection.rows(_LOCK_OLD_RECORDS, {"before": before, "batch": batch})]
    removed = await connection.change(_REMOVE_RECORDS, {"records": records})
    reports = {"reports": sorted({row.report_hash for row in removed if row.report_hash is not None})}
    await connection.rows(_LOCK_REPORTS, reports)
    await connection.change(_REMOVE_REPORTS, reports)
    return len(records)


TASK = "remove contents"

_TIME = DateTime(timezone=True)
_NOW, _BEFORE = bindparam("now", type_=_TIME), bindparam("before", type_=_TIME)
_BEGUN = upsert(PERIODIC_TASK).values(name=literal(TASK, Text), began_at=_NOW)
_BEGIN = _BEGUN.on_conflict_do_update(
    constraint="pk_periodic_task", set_={"began_at": _NOW}, where=PERIODIC_TASK.c.began_at <= _BEFORE
).returning(PERIODIC_TASK.c.name)

_IS_REFERRED_TO: ColumnElement[bool] = exists(
    select(literal(1)).where(FLOW_DRAFT.c.content_hash == FLOW_CONTENT.c.hash)
) | exists(select(literal(1)).where(FLOW_VERSION.c.content_hash == FLOW_CONTENT.c.hash))
_THESE_CONTENTS = is_one_of(FLOW_CONTENT.c.hash, "these")

_NEXT_CONTENTS = (
    select(FLOW_CONTENT.c.hash)
    .where(FLOW_CONTENT.c.hash > bindparam("after", type_=Text))
    .order_by(FLOW_CONTENT.c.hash)
    .limit(bindparam("size"))
)
_LOCK_CONTENTS = (
    select(FLOW_CONTENT.c.hash)
    .where(_THESE_CONTENTS, ~_IS_REFERRED_TO)
    .order_by(FLOW_CONTENT.c.hash)
    .with_for_update(skip_locked=True)
)
# What was referred to between the last look and the lock is seen by these, since each statement looks anew.
_REMOVE_CONTENTS = (
    delete(FLOW_CONTENT)
    .where(_THESE_CONTENTS, FLOW_CONTENT.c.unreferenced_since <= _BEFORE, ~_IS_REFERRED_TO)
    .returning(FLOW_CONTENT.c.hash)
)
_MARK_CONTENTS = (
    update(FLOW_CONTENT)
    .where(_THESE_CONTENTS, FLOW_CONTENT.c.unreferenced_since.is_(None) != _IS_REFERRED_TO)
    .values(unreferenced_since=case((_IS_REFERRED_TO, null()), else_=_NOW))
)


class Slice(NamedTuple):
    """The outcome for a number of contents, in the order of their hashes."""

    last: str | None
    """The hash of the last content; None: the end was reached."""
    removed: Sequence[str]


async def begin_looking(connection: WriteConnection, *, now: datetime, before: datetime) -> bool:
    """Begin to look through all contents; false if a process has begun after `before`, or begins just now."""
    return bool(await connection.change(_BEGIN, {"now": now, "before": before}))


async def remove_slice(connection: WriteConnection, *, after: str, size: int, now: datetime, before: datetime) -> Slice:
    """Look at the next `size` contents: remove those without references since `before`, note which others have none now.

    Locked contents aren't removed.
    """
    hashes = [row.hash for row in await connection.rows(_NEXT_CONTENTS, {"after": after, "size": size})]
    if not hashes:
        return Slice(None, ())
    unreferenced = [row.hash for row in await connection.rows(_LOCK_CONTENTS, {"these": hashes})]
    removed = await connection.change(_REMOVE_CONTENTS, {"these": unreferenced, "before": before})
    await connection.change(_MARK_CONTENTS, {"these": hashes, "now": now})
    return Slice(hashes[-1], [row.hash for row in removed])


_KEY_ROW: ColumnElement[Any] = literal_column("ctid")
_OLD_KEYS = (
    select(_KEY_ROW)
    .select_from(IDEMPOTENCY_KEY)
    .where(IDEMPOTENCY_KEY.c.first_used_at <= bindparam("before", type_=DateTime(timezone=True)))
    .order_by(IDEMPOTENCY_KEY.c.first_used_at)
    .limit(bindparam("batch", type_=Integer))
    .with_for_update(skip_locked=True)
)
_REMOVE_KEYS = delete(IDEMPOTENCY_KEY).where(_KEY_ROW.in_(_OLD_KEYS)).returning(IDEMPOTENCY_KEY.c.call)


async def remove_keys(connection: WriteConnection, *, before: datetime, batch: int) -> int:
    """Remove up to `batch` keys that were first used before a time; how many went."""
    return len(await connection.change(_REMOVE_KEYS, {"before": before, "batch": batch}))


NUMBERED_AT_ONCE = 5000
REMOVED_AT_ONCE = 500
_COLUMNS = ", ".join(column.name for column in EVENT.c if column.name != "position")

_HAS_PENDING = statement("SELECT EXISTS (SELECT FROM pending_event)")
# A process that hangs within the transaction keeps others from numbering for 5 seconds at most.
_LOCK_FEED = statement(
    """
    SELECT set_config('idle_in_transaction_session_timeout', '5s', true)
    FROM (SELECT FROM feed FOR UPDATE SKIP LOCKED) AS locked
    """
)
_NUMBER = statement(
    f"""
    WITH moved AS (
        DELETE FROM pending_event WHERE place IN (SELECT place FROM pending_event ORDER BY place LIMIT {NUMBERED_AT_ONCE})
        RETURNING *
    ), numbered AS (
        INSERT INTO event (position, {_COLUMNS})
        SELECT (SELECT position FROM feed) + row_number() OVER (ORDER BY place), {_COLUMNS} FROM moved
        RETURNING position
    )
    UPDATE feed SET position = coalesce((SELECT max(position) FROM numbered), position)
    RETURNING (SELECT count(*) FROM numbered)
    """,  # noqa: S608 - our own names
)
# The order of positions is that of times, but for the seconds that a transaction lasts.
REMOVE = statement(
    f"""
    WITH removed AS (
        DELETE FROM event WHERE id IN (
            SELECT id FROM (SELECT id, at FROM event ORDER BY position LIMIT {REMOVED_AT_ONCE}) AS oldest WHERE at < $1
        ) RETURNING *
    ), noted AS (
        INSERT INTO event_removal (feed, position)
        SELECT feed, max(position) FROM removed
        CROSS JOIN LATERAL unnest(ARRAY[workspace_id, other_workspace_id, tenant_id, other_tenant_id]) AS feed
        WHERE feed IS NOT NULL GROUP BY feed ORDER BY feed
        ON CONFLICT (feed) DO UPDATE SET position = greatest(event_removal.position, excluded.position)
    )
    SELECT count(*) FROM removed
    """,  # noqa: S608 - a number of ours
    "before",
)


async def has_pending_events(connection: ReadConnection) -> bool:
    return bool(await connection.value(_HAS_PENDING))


async def number_events(connection: WriteConnection) -> int:
    """Give up to 5,000 committed events the next positions, and answer their number; 0 while another process does so (E3)."""
    return int(await connection.value(_NUMBER)) if await connection.rows(_LOCK_FEED) else 0


async def remove_events(connection: WriteConnection, *, before: datetime) -> int:
    """Remove up to 500 events older than a time, note the last of each feed, and answer their number (E4)."""
    return int(await connection.value(REMOVE, {"before": before}))
