"""The tables of what is noted: copies and exports, outcomes of calls with an idempotency key, releases, and events.

Most of these rows outlive the rows that they name, so their ids have no foreign keys.
"""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, Column, DateTime, Identity, Index, Text, UniqueConstraint, false
from sqlalchemy import text as sql
from sqlmodel import Field

from app.domain.flow import CopiedFrom
from app.domain.release import ReleaseState
from app.domain.undo import ChangeSinceExport
from app.storage.tables.columns import DatabaseTable, IdColumn, exact_text, key, one_of, reference, text, time


class ReferenceReportTable(DatabaseTable, table=True):
    """The outcome of each reference of a copy or export; never changed, and shared by records with equal outcomes."""

    hash: str = key()
    """The SHA-256 of the text."""
    references: str = text()
    """The outcomes, as JSON."""


class FlowExportTable(IdColumn, table=True):
    """The record of a copy or export: actor, time, source, destination and the outcome of each reference (P6).

    Only the notes of a record change: the first change of its draft, when the export was undone, and when its destination
    was deleted. A record outlives the rows that it names, so its ids have no foreign keys.
    """

    __table_args__ = (
        Index(
            "ix_flow_export_copies",
            "source_flow_id",
            "destination_workspace_id",
            "destination_flow_id",
            "created_at",
            "id",
        ),
        Index(
            "ix_flow_export_published",
            "source_flow_id",
            "destination_flow_id",
            "created_at",
            "id",
            postgresql_where=sql("version_id IS NOT NULL"),
        ),
        Index(None, "destination_workspace_id", "created_at", "id"),
        Index("ix_flow_export_of_source", "source_flow_id", "id"),
        Index(
            "ix_flow_export_expiry",
            sql("LEAST(undone_at, destination_deleted_at)"),
            "id",
            postgresql_where=sql("undone_at IS NOT NULL OR destination_deleted_at IS NOT NULL"),
        ),
        one_of("copied_from", CopiedFrom),
        one_of("first_change", ChangeSinceExport),
        CheckConstraint("(first_change IS NULL) = (first_changed_at IS NULL)", name="first_change_is_dated"),
    )
    actor_id: str | None = exact_text(nullable=True)
    created_at: datetime = time()
    copied_from: str = text()
    source_workspace_id: str | None = exact_text(nullable=True, index=True)
    """None for an export older than this column whose source was deleted."""
    source_flow_id: str | None = exact_text(nullable=True)
    source_version_id: str | None = exact_text(nullable=True)
    destination_workspace_id: str = exact_text()
    destination_flow_id: str | None = exact_text(nullable=True, index=True)
    draft_id: str | None = exact_text(nullable=True, index=True)
    set_aside_draft_id: str | None = exact_text(nullable=True)
    flow_before: str | None = text(nullable=True)
    """Texts of the overridden flow before the export, and when it had changed last, as JSON; None for a new flow."""
    report_hash: str | None = reference("reference_report.hash", nullable=True, index=True)
    """The report of the references; None: the flow has none."""
    content_hash: str | None = exact_text(nullable=True)
    """The content that was copied; None for an export older than this column whose content isn't known any more."""
    version_id: str | None = exact_text(nullable=True)
    """The version that the draft was published as, edited before or not."""
    first_change: str | None = text(nullable=True)
    """The first change of the draft since the export; None: no change."""
    first_changed_at: datetime | None = time(nullable=True)
    undone_at: datetime | None = time(nullable=True)
    destination_deleted_at: datetime | None = time(nullable=True)
    """Written by a trigger of the database (migration 0014), whatever deletes the flow."""


class IdempotencyKeyTable(DatabaseTable, table=True):
    """The outcome of a call with an idempotency key, committed together with the call's changes (P5)."""

    __table_args__ = (Index(None, "first_used_at"),)
    actor_id: str = reference("user_account.id", on_delete="CASCADE", primary_key=True)
    call: str = Field(sa_column=Column(Text, primary_key=True))
    key: str = key()
    input_hash: str = text()
    made: str = text()
    """Ids, as JSON: of records with their warnings, or of what was created, published or reverted."""
    first_used_at: datetime = time()


class ReleaseRequestTable(IdColumn, table=True):
    """A request for a release; it outlives accounts and flows, so their ids have no foreign keys (R7)."""

    __table_args__ = (
        Index(None, "workspace_id", "id"),
        Index(None, "workspace_id", "state", "id"),
        one_of("state", ReleaseState),
    )
    workspace_id: str = reference("workspace.id", on_delete="CASCADE")
    title: str = text()
    comment: str | None = text(nullable=True)
    start: bool
    state: str = text()
    requested_by: str = exact_text()
    requested_at: datetime = time()
    reviewed_by: str | None = exact_text(nullable=True)
    review_comment: str | None = text(nullable=True)
    withdrawn_by: str | None = exact_text(nullable=True)
    closed_at: datetime | None = time(nullable=True)
    undone_at: datetime | None = time(nullable=True)


class ReleaseItemTable(DatabaseTable, table=True):
    """A draft of a request; its ids have no foreign keys, since the request outlives the rows."""

    __table_args__ = (Index(None, "draft_id"),)
    request_id: str = reference("release_request.id", on_delete="CASCADE", primary_key=True)
    position: int = Field(primary_key=True)
    flow_id: str = exact_text()
    flow_name: str = text()
    draft_id: str = exact_text()
    author_id: str | None = exact_text(nullable=True)
    revision: int
    over_version_id: str | None = exact_text(nullable=True)
    version_id: str | None = exact_text(nullable=True)
    started: bool = Field(default=False, sa_column_kwargs={"server_default": false()})


FEEDS = ("workspace_id", "other_workspace_id", "tenant_id", "other_tenant_id")
"""The columns whose ids name the feeds of an event: each workspace and each tenant has one."""


def of_feed(feed: str, *columns: str) -> Index:
    """An index of a feed; most events have no other workspace."""
    return Index(None, feed, *columns, postgresql_where=sql(f"{feed} IS NOT NULL") if "other" in feed else None)


class EventColumns(DatabaseTable):
    """The columns of an event, with or without a position."""

    id: str = exact_text()
    at: datetime = Field(sa_type=DateTime(timezone=True), nullable=False)
    type: str = text()
    """One of `EventType`; later releases add types."""
    actor_id: str | None = exact_text(nullable=True)
    """None: the platform, or periodic cleanup."""
    tenant_id: str = exact_text()
    workspace_id: str | None = exact_text(nullable=True)
    """The workspace of the flow; at the destination for copies and exports."""
    other_workspace_id: str | None = exact_text(nullable=True)
    """The workspace of the source, if that is another one."""
    other_tenant_id: str | None = exact_text(nullable=True)
    """The tenant of the source, if that is another one."""
    flow_id: str | None = exact_text(nullable=True)
    flow_name: str | None = text(nullable=True)
    """The name of the flow at that time."""
    version_id: str | None = exact_text(nullable=True)
    export_id: str | None = exact_text(nullable=True)
    request_id: str | None = exact_text(nullable=True)
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
