"""The tables of records of copies and exports, and of outcomes of calls with an idempotency key."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Column, Index, Text
from sqlalchemy import text as sql
from sqlmodel import Field

from app.domain.source import CopiedFrom
from app.domain.undo import ChangeSinceExport
from app.storage.tables.columns import DatabaseTable, IdColumn, key, one_of, reference, text, time


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
    actor_id: str | None = Field(default=None, sa_column=Column(Text(collation="C")))
    created_at: datetime = time()
    copied_from: str = text()
    source_workspace_id: str | None = Field(default=None, sa_column=Column(Text(collation="C"), index=True))
    """None for an export older than this column whose source was deleted."""
    source_flow_id: str | None = Field(default=None, sa_column=Column(Text(collation="C")))
    source_version_id: str | None = Field(default=None, sa_column=Column(Text(collation="C")))
    destination_workspace_id: str = Field(sa_column=Column(Text(collation="C"), nullable=False))
    destination_flow_id: str | None = Field(default=None, sa_column=Column(Text(collation="C"), index=True))
    draft_id: str | None = Field(default=None, sa_column=Column(Text(collation="C"), index=True))
    set_aside_draft_id: str | None = Field(default=None, sa_column=Column(Text(collation="C")))
    flow_before: str | None = text(nullable=True)
    """Texts of the overridden flow before the export, and when it had changed last, as JSON; None for a new flow."""
    report_hash: str | None = reference("reference_report.hash", nullable=True, index=True)
    """The report of the references; None: the flow has none."""
    content_hash: str | None = Field(default=None, sa_column=Column(Text(collation="C")))
    """The content that was copied; None for an export older than this column whose content isn't known any more."""
    version_id: str | None = Field(default=None, sa_column=Column(Text(collation="C")))
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
    key: str = Field(sa_column=Column(Text(collation="C"), primary_key=True))
    input_hash: str = text()
    made: str = text()
    """Ids, as JSON: of records with their warnings, or of what was created, published or reverted."""
    first_used_at: datetime = time()
