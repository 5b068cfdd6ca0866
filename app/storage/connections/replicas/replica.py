"""A standby that queries read from, as long as it is not far behind the primary, and how far callers have written.

A position is a number of bytes from the beginning of the log (`pg_lsn` as a number). Each transaction of a caller notes
the caller's position as NOT_KNOWN, which no standby ever reaches: the note is committed with the writes, also if the
answer about the commit was lost. When the caller comes back, the server notes the current position of the log (`settle`),
which is beyond the caller's writes.

A crash of the primary empties the table, and a promoted standby has it empty. Therefore one more row has the position
that covers callers without a row of their own. Without that row, no caller's position is known.
"""

import asyncio
import math
import time
from collections import deque
from collections.abc import Awaitable, Callable, Collection
from contextlib import AbstractAsyncContextManager
from datetime import datetime

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
from app.storage.connections.driver import DriverConnection
from app.storage.connections.failures import ConnectionLost, DatabaseFailure, DatabaseUnavailable, message_of
from app.storage.connections.pool import ConnectionPool
from app.storage.tables import CALLER_POSITION
from app.telemetry.log import log

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
# Who has one locked is just committing, and will note it.
_LEFT = (
    select(CALLER_POSITION.c.user_id)
    .where(is_one_of(CALLER_POSITION.c.user_id, "users"), CALLER_POSITION.c.position == literal(NOT_KNOWN, BigInteger))
    .with_for_update(skip_locked=True)
)
_SETTLE = update(CALLER_POSITION).where(CALLER_POSITION.c.user_id.in_(_LEFT)).values(position=_HERE)

_WRITES = upsert(CALLER_POSITION).values(user_id=bindparam("user", type_=Text), position=literal(NOT_KNOWN, BigInteger))
_NOTE = _WRITES.on_conflict_do_update(
    index_elements=[CALLER_POSITION.c.user_id], set_={"position": _WRITES.excluded.position}
)


async def position_of(connection: ReadConnection, user: UserId) -> int:
    """The position that covers a caller's writes by any server; NOT_KNOWN until a server has noted it."""
    positions = {row.user_id: int(row.position) for row in await connection.rows(_POSITION, {"user": user})}
    return max(positions.values()) if EVERYBODY in positions else NOT_KNOWN


async def note_write(connection: WriteConnection, user: UserId) -> None:
    """Note that a caller writes: its position isn't known from the commit on."""
    await connection.change(_NOTE, {"user": user})


async def settle(connection: WriteConnection, users: Collection[UserId]) -> None:
    """Note the position of users who have finished writing; and, where that is missing, one for everybody else."""
    await connection.change(_BEGIN)
    await connection.change(_SETTLE, {"users": list(users)})


LOOK_SECONDS = 1.0
"""Seconds between two looks at the standby's position."""
ANSWER_SECONDS = 2.0
MOST_POSITIONS = 1_000
MOST_UNSETTLED = 10_000
"""Further callers read from the primary until they come again."""
Lend = Callable[[], AbstractAsyncContextManager[ReadConnection]]
STARTED = "select pg_postmaster_start_time()"


class Replica:
    """A standby: connections to it, and how far it has replayed. Reads go to it only after a check that it is good."""

    def __init__(
        self,
        connect: Callable[[], Awaitable[DriverConnection]],
        size: int,
        wait_seconds: float,
        *,
        most_lag_seconds: float,
    ) -> None:
        self._connect_there = connect
        self.pool = ConnectionPool(self._connect, size=size, wait_seconds=wait_seconds)
        self.pool_of_probes = ConnectionPool(self._connect, size=1, wait_seconds=wait_seconds)
        self._server: datetime | None = None
        """The start time of the server behind all connections, which identifies it."""
        self.is_in_use = False
        self.replayed = 0
        """The standby's position at the last look."""
        self._wanted: int | None = None
        """The primary's position at the first look after the standby was left out."""
        self._left_at = self._asked_at = -math.inf
        self._most_lag_seconds = most_lag_seconds
        self._not_replayed: deque[tuple[int, float]] = deque(maxlen=MOST_POSITIONS)
        """The primary's positions that the standby hasn't replayed, with their times; the oldest first."""
        self._unsettled: set[UserId] = set()
        """Callers without a known position."""

    def has(self, position: int | None) -> bool:
        """Whether a caller with writes up to this position may read from the standby."""
        return self.is_in_use and (position is None or position <= self.replayed)

    def note_unsettled(self, caller: UserId) -> None:
        if len(self._unsettled) < MOST_UNSETTLED:
            self._unsettled.add(caller)

    def leave_out(self, reason: str) -> None:
        """Close the connections; queries read from the primary until the standby has replayed every write so far."""
        self._wanted, self._left_at, self._server = None, time.monotonic(), None
        if self.is_in_use:
            log().warning("replica left out", reason=reason)
            self.is_in_use = False
        self.pool.abandon()
        self.pool_of_probes.abandon()

    async def look(self, probing: Lend, is_usable: Callable[[ReadConnection], Awaitable[bool]]) -> set[UserId] | None:
        """Compare the primary, which `probing` lends connections to, with the standby, and use it or leave it out.

        Returns the callers whose positions are to be noted; None where there is nothing to note.
        """
        asked_at = time.monotonic()
        try:
            async with asyncio.timeout(ANSWER_SECONDS), probing() as connection:
                current, of_everybody = await connection.row(CURRENT) or (0, None)
        except ConnectionLost as error:
            # It may be another one when it comes back.
            self.leave_out(f"the primary is lost: {error}")
            return None
        except (DatabaseFailure, OSError):
            if self.is_in_use and asked_at - self._asked_at > self._most_lag_seconds:
                self.leave_out("it isn't known how far it is behind")
            return None
        try:
            async with asyncio.timeout(ANSWER_SECONDS), self.pool_of_probes.reading() as connection:
                is_standby, replayed = await connection.row(REPLAYED) or (False, None)
                if not (self.is_in_use or await is_usable(connection)):
                    return None
        except (DatabaseFailure, OSError) as error:
            self.leave_out(message_of(error))
            return None
        self.note(current, asked_at, int(replayed or 0) if is_standby else None)
        unsettled, self._unsettled = self._unsettled, set()
        is_begun = of_everybody is not None and of_everybody <= current
        return None if is_begun and not unsettled else unsettled

    def note(self, current: int, asked_at: float, replayed: int | None) -> None:
        """Use the standby or leave it out, by its position and the primary's."""
        if replayed is None:
            self.leave_out("it is no standby")
            return
        self._asked_at, self.replayed = asked_at, replayed
        if self._wanted is None and asked_at > self._left_at:
            self._wanted = current
        self._not_replayed.append((current, asked_at))
        while self._not_replayed and self._not_replayed[0][0] <= replayed:
            self._not_replayed.popleft()
        lag = time.monotonic() - self._not_replayed[0][1] if self._not_replayed else 0.0
        if lag > self._most_lag_seconds:
            self.leave_out(f"it is {lag:.1f} seconds behind")
        elif not self.is_in_use and self._wanted is not None and self._wanted <= replayed:
            log().info("replica in use", seconds_behind=round(lag, 1))
            self.is_in_use = True

    async def watch(self, look: Callable[[], Awaitable[None]]) -> None:
        """Look at both servers until cancelled."""
        try:
            while True:
                await look()
                await asyncio.sleep(LOOK_SECONDS)
        finally:
            self.is_in_use = False

    async def _connect(self) -> DriverConnection:
        """Connect to the same server as before; refuse another one, whose position isn't known."""
        connection = await self._connect_there()
        try:
            await connection.begin(read_only=True)
            server = await connection.fetchval(STARTED)
            await connection.commit()
        except BaseException:
            connection.terminate()
            raise
        if self._server not in {None, server}:
            connection.terminate()
            self.leave_out("connections lead to several servers, or it was started anew")
            raise DatabaseUnavailable("that is another server")
        self._server = server
        return connection
