"""Removing contents that nothing refers to: slice by slice, and never one that somebody is about to refer to.

Whoever stores a content that is there already locks it until its transaction ends (`insert_new_rows`), so that it is
passed over here. Whoever copies a flow has found its content where something refers to it, and may insert another
reference a little later: contents are removed only when nothing has referred to them for longer than any transaction
takes.
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
    """What was done with some contents, in the order of their hashes."""

    last: str | None
    """The hash of the last of them; None: there are no more."""
    removed: Sequence[str]


async def begin_looking(connection: WriteConnection, *, now: datetime, before: datetime) -> bool:
    """Whether it is time to look through all contents: nobody has begun to after `before`, and nobody else does now."""
    return bool(await connection.change(_BEGIN, {"now": now, "before": before}))


async def remove_slice(connection: WriteConnection, *, after: str, size: int, now: datetime, before: datetime) -> Slice:
    """Look at the next `size` contents: remove those that nothing has referred to since `before`, mark the others.

    What somebody is about to refer to is passed over.
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
