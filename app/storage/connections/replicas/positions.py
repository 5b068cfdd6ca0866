"""Positions in the write-ahead log: up to where callers have written, and up to where a standby has replayed.

A position is a number of bytes from the beginning of the log (`pg_lsn` as a number). Each transaction of a caller notes
the caller's position as NOT_KNOWN, which no standby ever reaches: the note is committed with the writes, also if the
answer about the commit was lost. When the caller comes back, the server notes the current position of the log (`settle`),
which is beyond the caller's writes.

A crash of the primary empties the table, and a promoted standby has it empty. Therefore one more row has the position
that covers callers without a row of their own. Without that row, no caller's position is known.
"""

from collections.abc import Collection

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Text,
    bindparam,
    cast,
    func,
    literal,
    literal_column,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert as upsert

from app.domain.model import UserId
from app.storage.connections.connection import ReadConnection, WriteConnection, is_one_of
from app.storage.tables import CALLER_POSITION

NOT_KNOWN = 2**63 - 1
"""A position beyond any log."""
EVERYBODY = ""
"""The row for callers without a row of their own."""

_BEGINNING: ColumnElement[str] = literal_column("'0/0'::pg_lsn")


def _in_bytes(lsn: ColumnElement[str]) -> ColumnElement[int]:
    return cast(lsn.op("-")(_BEGINNING), BigInteger)


_HERE = _in_bytes(func.pg_current_wal_insert_lsn())
_OF_EVERYBODY = select(CALLER_POSITION.c.position).where(CALLER_POSITION.c.user_id == literal(EVERYBODY, Text))

CURRENT = select(_HERE.label("position"), _OF_EVERYBODY.scalar_subquery().label("of_everybody"))
"""The primary's position, which is beyond every commit."""
REPLAYED = select(
    func.pg_is_in_recovery().label("is_standby"), _in_bytes(func.pg_last_wal_replay_lsn()).label("replayed")
)

_POSITION = select(CALLER_POSITION.c.user_id, CALLER_POSITION.c.position).where(
    CALLER_POSITION.c.user_id.in_([bindparam("user", type_=Text), literal(EVERYBODY, Text)])
)
_BEGUN = upsert(CALLER_POSITION).values(user_id=literal(EVERYBODY, Text), position=_HERE)
_BEGIN = _BEGUN.on_conflict_do_update(
    index_elements=[CALLER_POSITION.c.user_id],
    set_={"position": _HERE},
    # A dump of another server may have had such a row.
    where=CALLER_POSITION.c.position > _HERE,
)
_OF_THESE = is_one_of(CALLER_POSITION.c.user_id, "users")
# Who has one locked is just committing, and will note it.
_LEFT = (
    select(CALLER_POSITION.c.user_id)
    .where(_OF_THESE, CALLER_POSITION.c.position == literal(NOT_KNOWN, BigInteger))
    .with_for_update(skip_locked=True)
)
_SETTLE = update(CALLER_POSITION).where(CALLER_POSITION.c.user_id.in_(_LEFT)).values(position=_HERE)

_WRITES = upsert(CALLER_POSITION).values(user_id=bindparam("user", type_=Text), position=literal(NOT_KNOWN, BigInteger))
_NOTE = _WRITES.on_conflict_do_update(
    index_elements=[CALLER_POSITION.c.user_id], set_={"position": _WRITES.excluded.position}
)


async def position_of(connection: ReadConnection, user: UserId) -> int:
    """The position that covers a caller's writes by any server; NOT_KNOWN until a server has noted it."""
    found = {row.user_id: int(row.position) for row in await connection.rows(_POSITION, {"user": user})}
    return max(found.values()) if EVERYBODY in found else NOT_KNOWN


async def note_write(connection: WriteConnection, user: UserId) -> None:
    """Note that a caller writes: its position isn't known from the commit on."""
    await connection.change(_NOTE, {"user": user})


async def begin_positions(connection: WriteConnection) -> None:
    """Note the position for callers without a row, unless it is noted already."""
    await connection.change(_BEGIN)


async def settle(connection: WriteConnection, users: Collection[UserId]) -> None:
    """Note where these have written up to, where that was begun and is left since."""
    await connection.change(_SETTLE, {"users": list(users)})
