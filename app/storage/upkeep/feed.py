"""The feed of events: one process at a time gives committed events their positions, and removes old events."""

from datetime import datetime

from app.storage.connections.connection import CompiledStatement, ReadConnection, WriteConnection
from app.storage.tables import EVENT

NUMBERED_AT_ONCE = 5000
REMOVED_AT_ONCE = 500
_COLUMNS = ", ".join(column.name for column in EVENT.c if column.name != "position")

_HAS_PENDING = CompiledStatement("SELECT EXISTS (SELECT FROM pending_event)", (), {})
# A process that hangs within the transaction keeps others from numbering for 5 seconds at most.
_LOCK_FEED = CompiledStatement(
    """
    SELECT set_config('idle_in_transaction_session_timeout', '5s', true)
    FROM (SELECT FROM feed FOR UPDATE SKIP LOCKED) AS locked
    """,
    (),
    {},
)
_NUMBER = CompiledStatement(
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
    (),
    {},
)
# The order of positions is that of times, but for the seconds that a transaction lasts.
REMOVE = CompiledStatement(
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
    ("before",),
    {},
)


async def has_pending_events(connection: ReadConnection) -> bool:
    return bool(await connection.value(_HAS_PENDING))


async def number_events(connection: WriteConnection) -> int:
    """Give up to 5,000 committed events the next positions, and answer their number; 0 while another process does so (E3)."""
    return int(await connection.value(_NUMBER)) if await connection.rows(_LOCK_FEED) else 0


async def remove_events(connection: WriteConnection, *, before: datetime) -> int:
    """Remove up to 500 events older than a time, note the last of each feed, and answer their number (E4)."""
    return int(await connection.value(REMOVE, {"before": before}))
