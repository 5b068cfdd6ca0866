"""Removes contents without references, slice by slice, but never one that a running transaction may refer to.

A transaction that stores a content again locks its row until it ends (`insert_new_rows`), and locked rows are skipped. A
copy reads the content's reference first and inserts its own a little later, so a content is removed only if it had no
references for longer than any transaction takes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, DateTime, Text, any_, bindparam, delete, exists, literal, select, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import insert as upsert

from app.storage.connections.connection import WriteConnection
from app.storage.tables import FLOW_CONTENT, FLOW_DRAFT, FLOW_VERSION, PERIODIC_TASK

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
_THESE = FLOW_CONTENT.c.hash == any_(bindparam("these", type_=ARRAY(Text)))

_SLICE = (
    select(FLOW_CONTENT.c.hash)
    .where(FLOW_CONTENT.c.hash > bindparam("after", type_=Text))
    .order_by(FLOW_CONTENT.c.hash)
    .limit(bindparam("size"))
)
_LOCK_UNREFERENCED = (
    select(FLOW_CONTENT.c.hash)
    .where(_THESE, ~_IS_REFERRED_TO)
    .order_by(FLOW_CONTENT.c.hash)
    .with_for_update(skip_locked=True)
)
# What was referred to between the last look and the lock is seen by these, since each statement looks anew.
_REMOVE = (
    delete(FLOW_CONTENT)
    .where(_THESE, FLOW_CONTENT.c.unreferenced_since <= _BEFORE, ~_IS_REFERRED_TO)
    .returning(FLOW_CONTENT.c.hash)
)
_MARK = (
    update(FLOW_CONTENT)
    .where(_THESE, FLOW_CONTENT.c.unreferenced_since.is_(None), ~_IS_REFERRED_TO)
    .values(unreferenced_since=_NOW)
)
_UNMARK = (
    update(FLOW_CONTENT)
    .where(_THESE, FLOW_CONTENT.c.unreferenced_since.is_not(None), _IS_REFERRED_TO)
    .values(unreferenced_since=None)
)


@dataclass(frozen=True, slots=True)
class Slice:
    """The outcome for a number of contents, in the order of their hashes."""

    last: str | None
    """The hash of the last content; None: the end was reached."""
    removed: Sequence[str]


async def begin_looking(connection: WriteConnection, *, now: datetime, before: datetime) -> bool:
    """Begin to look through all contents; false if a process has begun after `before`, or begins just now."""
    return bool(await connection.change(_BEGIN, {"now": now, "before": before}))


async def remove_slice(connection: WriteConnection, *, after: str, size: int, now: datetime, before: datetime) -> Slice:
    """Look at the next `size` contents: remove those without references since `before`, mark other unreferenced ones.

    Locked contents are skipped.
    """
    hashes = [row.hash for row in await connection.rows(_SLICE, {"after": after, "size": size})]
    if not hashes:
        return Slice(None, ())
    await connection.change(_UNMARK, {"these": hashes})
    unreferenced = [row.hash for row in await connection.rows(_LOCK_UNREFERENCED, {"these": hashes})]
    removed = []
    if unreferenced:
        removed = [row.hash for row in await connection.change(_REMOVE, {"these": unreferenced, "before": before})]
        await connection.change(_MARK, {"these": unreferenced, "now": now})
    return Slice(hashes[-1], removed)
