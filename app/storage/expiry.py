"""Removing what was set aside long ago: in batches, by one process at a time."""

from datetime import datetime

from sqlalchemy import all_, any_, bindparam, delete, exists, func, literal, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Text

from app.storage.engine import Database
from app.storage.tables import FLOW, FLOW_DRAFT

LOCK = 1718382456
"""Of the whole database, for whoever removes; the one before it is the migrations'."""

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
_REMOVE_FLOWS = delete(FLOW).where(_FLOWS)


async def remove_batch(database: Database, *, before: datetime, batch: int) -> int:
    """Remove up to `batch` drafts that were set aside before a time, and flows of which nothing is left (H8).

    How many drafts went; none if another process is removing. Drafts and flows that somebody is at just now are passed
    over until the next time, so that nobody who restores a draft or exports a flow is ever waited for.
    """
    async with database.writing() as connection:
        if not await connection.value(select(func.pg_try_advisory_xact_lock(LOCK))):
            return 0
        expired = await connection.rows(_LOCK_EXPIRED, {"before": before, "batch": batch})
        drafts, flows = [row.id for row in expired], [row.flow_id for row in expired]
        if expired:
            gone = [row.id for row in await connection.rows(_NOTHING_LEFT, {"flows": flows, "drafts": drafts})]
            await connection.change(_REMOVE_DRAFTS, {"drafts": drafts})
            await connection.change(_REMOVE_FLOWS, {"flows": gone})
    return len(drafts)
