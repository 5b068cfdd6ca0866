"""Positions in the write-ahead log: up to where callers have written, and up to where a standby has replayed.

A position is a number of bytes from the beginning of the log (`pg_lsn` as a number).
"""

import re

from sqlalchemy import BigInteger, ColumnElement, Text, bindparam, cast, func, literal_column, select

from app.domain.model import UserId
from app.storage.database_connections import ReadConnection
from app.storage.tables import CALLER_POSITION

_BEGINNING: ColumnElement[str] = literal_column("'0/0'::pg_lsn")


def _in_bytes(lsn: ColumnElement[str]) -> ColumnElement[int]:
    return cast(lsn.op("-")(_BEGINNING), BigInteger)


CURRENT = select(_in_bytes(func.pg_current_wal_insert_lsn()))
"""Of the primary: beyond whatever was committed."""
REPLAYED = select(
    func.pg_is_in_recovery().label("is_standby"), _in_bytes(func.pg_last_wal_replay_lsn()).label("replayed")
)

_POSITION = select(CALLER_POSITION.c.position).where(CALLER_POSITION.c.user_id == bindparam("user", type_=Text))
_ID = re.compile("[A-Za-z0-9_-]+")
_NOTE = """
    BEGIN READ WRITE;
    INSERT INTO caller_position (user_id, position) VALUES ($1, pg_current_wal_insert_lsn() - '0/0')
    ON CONFLICT (user_id) DO UPDATE SET position = greatest(
        excluded.position,
        CASE WHEN caller_position.position <= pg_current_wal_insert_lsn() - '0/0' THEN caller_position.position END);
    COMMIT;
"""
"""In one message, which can have no parameters. A position that the log hasn't reached yet was restored from a dump of
another server, which would keep the caller from the replica until it is reached."""


async def position_of(connection: ReadConnection, user: UserId) -> int | None:
    """Up to where a caller has written, as any server has noted; None: it hasn't, or nobody has noted it."""
    found = await connection.value(_POSITION, {"user": user})
    return None if found is None else int(found)


def note_position(user: UserId) -> str:
    """What is sent after a commit, in one message: the position is beyond it, and is there for all servers to see."""
    if not _ID.fullmatch(user):
        raise ValueError("that is no id of a user")
    return _NOTE.replace("$1", f"'{user}'")
