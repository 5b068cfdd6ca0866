"""Removing what was set aside long ago: in batches, by one process at a time."""

from datetime import datetime

from sqlalchemy import any_, bindparam, delete, exists, func, literal, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Text

from app.storage.engine import Database
from app.storage.tables import FLOW, FLOW_DRAFT

LOCK = 1718382456
"""Of the whole database, for whoever removes; the one before it is the migrations'."""

_EXPIRED = (
    select(FLOW_DRAFT.c.id)
    .where(FLOW_DRAFT.c.set_aside_at < bindparam("before"))
    .order_by(FLOW_DRAFT.c.set_aside_at, FLOW_DRAFT.c.id)
    .limit(bindparam("batch"))
    .with_for_update(skip_locked=True)
)

_REMOVE_DRAFTS = delete(FLOW_DRAFT).where(FLOW_DRAFT.c.id.in_(_EXPIRED)).returning(FLOW_DRAFT.c.flow_id)

_FLOWS = FLOW.c.id == any_(bindparam("flows", type_=ARRAY(Text)))
_HAS_DRAFT = exists(select(literal(1)).where(FLOW_DRAFT.c.flow_id == FLOW.c.id))
_LOCK_FLOWS = select(FLOW.c.id).where(_FLOWS).order_by(FLOW.c.id).with_for_update()
_REMOVE_FLOWS = delete(FLOW).where(_FLOWS, FLOW.c.published_version_id.is_(None), ~_HAS_DRAFT)


async def remove_batch(database: Database, *, before: datetime, batch: int) -> int:
    """Remove up to `batch` drafts that were set aside before a time, and flows of which nothing is left (H8).

    How many drafts went; none if another process is removing. Flows are locked in a transaction of their own, since
    whoever restores a draft locks the flow first.
    """
    async with database.writing() as connection:
        if not await connection.scalar(select(func.pg_try_advisory_xact_lock(LOCK))):
            return 0
        removed = await connection.scalars(_REMOVE_DRAFTS, {"before": before, "batch": batch})
        flow_ids = list(removed)
    async with database.writing() as connection:
        await connection.execute(_LOCK_FLOWS, {"flows": flow_ids})
        await connection.execute(_REMOVE_FLOWS, {"flows": flow_ids})
    return len(flow_ids)
