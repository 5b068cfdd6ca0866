"""What calls with an idempotency key made: in the transaction of what a call changes, so that both are there or neither."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, DateTime, Integer, Text, bindparam, delete, func, literal_column, select
from sqlalchemy.dialects.postgresql import insert as upsert

from app.domain.idempotency import KeyedCall
from app.domain.model import UserId
from app.storage.database_connections import ReadConnection, WriteConnection
from app.storage.engine import Database
from app.storage.tables import IDEMPOTENCY_KEY

_WAIT = select(func.pg_advisory_xact_lock(func.hashtextextended(bindparam("name", type_=Text), 0)))
"""For a call with the same key that is at work; no longer than a statement may take."""

_IS_KEY = tuple(
    IDEMPOTENCY_KEY.c[name] == bindparam(f"this_{name}", type_=Text) for name in ("actor_id", "call", "key")
)
_CALL = select(IDEMPOTENCY_KEY.c.input_hash, IDEMPOTENCY_KEY.c.made, IDEMPOTENCY_KEY.c.first_used_at).where(
    *_IS_KEY, IDEMPOTENCY_KEY.c.first_used_at > bindparam("since", type_=DateTime(timezone=True))
)
_USE = select(IDEMPOTENCY_KEY.c.input_hash, IDEMPOTENCY_KEY.c.first_used_at).where(
    *_IS_KEY, IDEMPOTENCY_KEY.c.first_used_at > bindparam("since", type_=DateTime(timezone=True))
)
_INSERT = upsert(IDEMPOTENCY_KEY)
_UPSERT = _INSERT.on_conflict_do_update(
    constraint="pk_idempotency_key",
    set_={name: _INSERT.excluded[name] for name in ("input_hash", "made", "first_used_at")},
)
"""In the place of one that is older than keys are kept."""

_ROW: ColumnElement[Any] = literal_column("ctid")
_OLD = (
    select(_ROW)
    .select_from(IDEMPOTENCY_KEY)
    .where(IDEMPOTENCY_KEY.c.first_used_at <= bindparam("before", type_=DateTime(timezone=True)))
    .order_by(IDEMPOTENCY_KEY.c.first_used_at)
    .limit(bindparam("batch", type_=Integer))
    .with_for_update(skip_locked=True)
)
_REMOVE = delete(IDEMPOTENCY_KEY).where(_ROW.in_(_OLD)).returning(IDEMPOTENCY_KEY.c.call)


@dataclass(frozen=True, slots=True)
class UsedKey:
    """The key of a caller for one kind of call, and when keys are old."""

    actor: UserId
    call: KeyedCall
    key: str
    since: datetime


@dataclass(frozen=True, slots=True)
class StoredCall:
    input_hash: str
    made: str
    first_used_at: datetime


async def find_call(connection: ReadConnection, used: UsedKey) -> StoredCall | None:
    """The first call with this key, if it was done; the key is ours until the transaction ends."""
    await connection.rows(_WAIT, {"name": f"{used.actor} {used.call} {used.key}"})
    parameters = {"this_actor_id": used.actor, "this_call": used.call.value, "this_key": used.key}
    row = await connection.row(_CALL, {**parameters, "since": used.since})
    return None if row is None else StoredCall(row.input_hash, row.made, row.first_used_at)


async def find_use(connection: ReadConnection, used: UsedKey) -> tuple[str, datetime] | None:
    """The hash of the input that the key was used for, and when; a call that is at work isn't waited for."""
    parameters = {"this_actor_id": used.actor, "this_call": used.call.value, "this_key": used.key}
    row = await connection.row(_USE, {**parameters, "since": used.since})
    return None if row is None else (row.input_hash, row.first_used_at)


async def store_call(connection: WriteConnection, used: UsedKey, stored: StoredCall) -> None:
    await connection.change(
        _UPSERT,
        {
            "actor_id": used.actor,
            "call": used.call.value,
            "key": used.key,
            "input_hash": stored.input_hash,
            "made": stored.made,
            "first_used_at": stored.first_used_at,
        },
    )


async def remove_old_keys(database: Database, *, before: datetime, batch: int) -> int:
    """Remove up to `batch` keys that were first used before a time; how many went."""
    async with database.writing() as connection:
        return len(await connection.change(_REMOVE, {"before": before, "batch": batch}))
