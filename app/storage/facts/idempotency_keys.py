"""Stores the outcome of a call with an idempotency key, in the transaction of the call's changes."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import DateTime, Text, bindparam, func, select

from app.domain.input import KeyedCall
from app.domain.model import UserId
from app.meter import LARGE, offload
from app.storage.connections.connection import ReadConnection, WriteConnection
from app.storage.connections.row_changes import insert_rows, write_rows
from app.storage.tables import IDEMPOTENCY_KEY

Made = Any
"""The outcome of a call, as JSON: ids by their names, or groups of exports with the same warnings."""

_WAIT = select(func.pg_advisory_xact_lock(func.hashtextextended(bindparam("name", type_=Text), 0)))
"""Waits for a concurrent call with the same key, at most as long as a statement may take."""

_IS_KEY = tuple(
    IDEMPOTENCY_KEY.c[name] == bindparam(f"this_{name}", type_=Text) for name in ("actor_id", "call", "key")
)
_CALL = select(IDEMPOTENCY_KEY.c.input_hash, IDEMPOTENCY_KEY.c.made, IDEMPOTENCY_KEY.c.first_used_at).where(
    *_IS_KEY, IDEMPOTENCY_KEY.c.first_used_at > bindparam("since", type_=DateTime(timezone=True))
)
_STORED = insert_rows(
    IDEMPOTENCY_KEY, ("actor_id", "call", "key", "input_hash", "made", "first_used_at"), replaces=True
)
"""In the place of one that is older than keys are kept."""


@dataclass(frozen=True, slots=True)
class StoredCall:
    """A call with a key: its input, the key's first use and the outcome so far."""

    actor: UserId
    call: KeyedCall
    key: str
    input_hash: str
    first_used_at: datetime
    outcome: Made | None = None
    """None: no call with the key has done anything yet."""


async def find_call(
    connection: ReadConnection, actor: UserId, call: KeyedCall, key: str, *, since: datetime
) -> StoredCall | None:
    """The stored call with this key, unless it is older, without waiting for a concurrent one."""
    used = {"this_actor_id": actor, "this_call": call.value, "this_key": key}
    row = await connection.row(_CALL, {**used, "since": since})
    if row is None:
        return None
    outcome = await offload(len(row.made), json.loads, row.made)
    return StoredCall(actor, call, key, row.input_hash, row.first_used_at, outcome)


async def take_key(
    connection: ReadConnection, actor: UserId, call: KeyedCall, key: str, *, since: datetime
) -> StoredCall | None:
    """The first call with this key, if it was done; the key is ours until the transaction ends."""
    await connection.rows(_WAIT, {"name": f"{actor} {call} {key}"})
    return await find_call(connection, actor, call, key, since=since)


async def store_call(connection: WriteConnection, stored: StoredCall) -> None:
    made = await offload(LARGE, json.dumps, stored.outcome)
    row = stored.actor, stored.call, stored.key, stored.input_hash, made, stored.first_used_at
    await write_rows(connection, (_STORED, [row]))
