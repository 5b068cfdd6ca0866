"""The tables of events: events with and without a position, and the positions up to which events were removed.

Events outlive the rows that they name, so their ids have no foreign keys.
"""

from datetime import datetime

from sqlalchemy import BigInteger, Column, DateTime, Identity, Index, UniqueConstraint, false
from sqlalchemy import text as sql
from sqlmodel import Field

from app.storage.tables.columns import DatabaseTable, id_without_key, key, text

FEEDS = ("workspace_id", "other_workspace_id", "tenant_id", "other_tenant_id")
"""The columns whose ids name the feeds of an event: each workspace and each tenant has one."""


def of_feed(feed: str, *columns: str) -> Index:
    """An index of a feed; most events have no other workspace."""
    return Index(None, feed, *columns, postgresql_where=sql(f"{feed} IS NOT NULL") if "other" in feed else None)


class EventColumns(DatabaseTable):
    """The columns of an event, with or without a position."""

    id: str = id_without_key(nullable=False)
    at: datetime = Field(sa_type=DateTime(timezone=True), nullable=False)
    type: str = text()
    """One of `EventType`; later releases add types."""
    actor_id: str | None = id_without_key()
    """None: the platform, or periodic cleanup."""
    tenant_id: str = id_without_key(nullable=False)
    workspace_id: str | None = id_without_key()
    """The workspace of the flow; at the destination for copies and exports."""
    other_workspace_id: str | None = id_without_key()
    """The workspace of the source, if that is another one."""
    other_tenant_id: str | None = id_without_key()
    """The tenant of the source, if that is another one."""
    flow_id: str | None = id_without_key()
    flow_name: str | None = text(nullable=True)
    """The name of the flow at that time."""
    version_id: str | None = id_without_key()
    export_id: str | None = id_without_key()
    request_id: str | None = id_without_key()
    """The request for a release."""
    without_review: bool = Field(default=False, sa_column_kwargs={"server_default": false()})


class EventTable(EventColumns, table=True):
    """An event of the feed; it never changes (E2)."""

    __table_args__ = (
        UniqueConstraint("position"),
        *(of_feed(feed, "position") for feed in FEEDS),
        *(of_feed(feed, "type", "position") for feed in FEEDS),
        of_feed("workspace_id", "flow_id", "type", "position"),
    )
    id: str = key()
    position: int = Field(sa_type=BigInteger)


class PendingEventTable(EventColumns, table=True):
    """An event without a position; the sequencer moves it to `event` within a second of its commit (E3).

    The table is apart, since a partial index of `event` would keep an entry for each numbered event until autovacuum is
    due: the search for new events would take 10 ms for each million of them.
    """

    place: int = Field(sa_column=Column(BigInteger, Identity(), primary_key=True))
    """The order of changes of one flow, which are made under its lock. Ids follow the clocks of several servers."""


class FeedTable(DatabaseTable, table=True):
    """The position of the latest event: one row, which the sequencer locks (E3)."""

    name: str = key()
    position: int = Field(sa_type=BigInteger)


class EventRemovalTable(DatabaseTable, table=True):
    """The highest position of the removed events of a feed, a workspace's or a tenant's: older cursors are expired (E4)."""

    feed: str = key()
    position: int = Field(sa_type=BigInteger)
