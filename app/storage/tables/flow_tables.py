"""The tables of flows and of what they are bound to.

Content is stored once, immutable, under the SHA-256 of its canonical JSON; drafts and versions refer to it and hold
their own bindings.
"""

from datetime import datetime

from sqlalchemy import CheckConstraint, Column, Computed, ForeignKeyConstraint, Index, Text, UniqueConstraint
from sqlalchemy import text as sql
from sqlmodel import Field

from app.domain.model import FlowStatus, FlowType, VersionOrigin
from app.storage.tables.columns import (
    DatabaseTable,
    IdColumn,
    NamedColumns,
    Provisioned,
    exact_text,
    key,
    one_of,
    reference,
    text,
    time,
)


class WorkspaceColumns(NamedColumns, Provisioned):
    workspace_id: str = reference("workspace.id")


class ComponentColumns(WorkspaceColumns):
    component_id: str = reference("component.id", index=True)


class TopicTable(WorkspaceColumns, table=True):
    __table_args__ = (Index(None, "workspace_id", "name_key", "id"),)
    schema_text: str = text()
    """The JSON schema, as JSON."""


class CredentialTable(ComponentColumns, table=True):
    __table_args__ = (
        Index(None, "workspace_id", "name_key", "id"),
        Index(None, "workspace_id", "component_id", "name_key", "id"),
    )


class SecretTable(ComponentColumns, table=True):
    __table_args__ = (
        Index(None, "workspace_id", "name_key", "id"),
        Index(None, "workspace_id", "component_id", "name_key", "id"),
    )


class AgentTable(WorkspaceColumns, table=True):
    __table_args__ = (Index(None, "workspace_id", "name_key", "id"),)


class FlowContentTable(DatabaseTable, table=True):
    """Content: never changed, and shared by every draft and version that is an exact copy."""

    hash: str = key()
    graph: str = text()
    """The canonical JSON."""
    outline: str = text()
    """Steps and links, as JSON, so that rules need not read the graph."""
    unreferenced_since: datetime | None = time(nullable=True)
    """When it was found that no draft and no version refers to it."""


class FlowContentComponentTable(DatabaseTable, table=True):
    """The components that a content names, for finding the flows that use a component."""

    hash: str = reference("flow_content.hash", on_delete="CASCADE", primary_key=True)
    team: str = key()
    name: str = key()


class FlowTable(NamedColumns, table=True):
    """A flow. Name, description and cron are those of its published version, or of its draft while it has none."""

    __table_args__ = (
        ForeignKeyConstraint(
            ["id", "published_version_id"],
            ["flow_version.flow_id", "flow_version.id"],
            name="fk_flow_published_version",
            deferrable=True,
            initially="DEFERRED",
            use_alter=True,
        ),
        Index(None, "workspace_id", "name_key", "id"),
        Index(None, "workspace_id", "created_at", "id"),
        Index(None, "workspace_id", "updated_at", "id"),
        Index(None, "created_by", "workspace_id", "name_key", "id"),
        Index("ix_flow_with_status", sql("(workspace_id || status)")),
        Index("ix_flow_with_type", sql("(workspace_id || type)")),
        Index("ix_flow_without_version", sql("(workspace_id || (published_version_id IS NULL)::text)")),
        one_of("type", FlowType),
        one_of("status", FlowStatus),
        CheckConstraint("draft_revision >= 0", name="draft_revision"),
    )
    workspace_id: str = reference("workspace.id")
    description: str | None = text(nullable=True)
    cron: str | None = text(nullable=True)
    type: str = text()
    status: str = text()
    created_by: str | None = reference("user_account.id", nullable=True, on_delete="SET NULL")
    created_at: datetime = time()
    updated_at: datetime = time()
    published_version_id: str | None = exact_text(nullable=True)
    draft_revision: int = 0
    """The revision of the flow's latest draft: it grows with every draft and save, and never starts again (H1)."""


class FlowComponentTable(DatabaseTable, table=True):
    """The components that a flow named at any time, in a draft or a version: candidates for the flows that use one now.

    Triggers (migration 0004) write a row whenever a draft or a version gets a content.
    """

    workspace_id: str = key()
    team: str = key()
    name: str = key()
    flow_id: str = reference("flow.id", on_delete="CASCADE", primary_key=True, index=True)


class FlowReferenceTable(DatabaseTable, table=True):
    """The credentials, secrets, agents and topics of a flow's active draft, published version, or both (U1).

    Triggers (migration 0015) write it, with the flow's sort key: one index answers which flows use a reference.
    """

    __table_args__ = (Index("ix_flow_reference_by_name", "place", "name_key", "flow_id"),)
    flow_id: str = reference("flow.id", on_delete="CASCADE", primary_key=True)
    reference_id: str = key()
    workspace_id: str = exact_text()
    """The workspace of the flow."""
    name_key: str = exact_text()
    draft_id: str | None = exact_text(nullable=True)
    version_id: str | None = exact_text(nullable=True)
    place: str = Field(sa_column=Column(Text(collation="C"), Computed("workspace_id || reference_id", persisted=True)))


class StateColumns(DatabaseTable):
    """The columns common to drafts and versions."""

    flow_id: str = reference("flow.id", on_delete="CASCADE")
    name: str = text()
    description: str | None = text(nullable=True)
    cron: str | None = text(nullable=True)
    content_hash: str = reference("flow_content.hash", index=True)
    bindings: str = text()
    origin: str = text()
    revert_of: str | None = reference("flow_version.id", nullable=True, on_delete="SET NULL")
    export_id: str | None = reference("flow_export.id", nullable=True)
    """The record of the copy or export that the content came from, unless it was changed since."""
    descends_from: str | None = exact_text(nullable=True)
    """The record of the copy or export that the content came from, changed since or not (D1)."""


class FlowDraftTable(StateColumns, IdColumn, table=True):
    """A draft: the active one of its flow, or one that was set aside (X6)."""

    __table_args__ = (
        Index("uq_flow_draft_active", "flow_id", unique=True, postgresql_where=sql("set_aside_at IS NULL")),
        Index("ix_flow_draft_set_aside", "flow_id", "set_aside_at", "id"),
        Index(None, "set_aside_by", postgresql_where=sql("set_aside_by IS NOT NULL")),
        Index(None, "revert_of", postgresql_where=sql("revert_of IS NOT NULL")),
        Index(None, "export_id", postgresql_where=sql("export_id IS NOT NULL")),
        Index("ix_flow_draft_expiry", "set_aside_at", "id", postgresql_where=sql("set_aside_at IS NOT NULL")),
        one_of("origin", VersionOrigin),
    )
    revision: int
    author_id: str | None = reference("user_account.id", nullable=True, on_delete="SET NULL", index=True)
    created_at: datetime = time()
    updated_at: datetime = time()
    set_aside_at: datetime | None = time(nullable=True)
    set_aside_by: str | None = reference("user_account.id", nullable=True, on_delete="SET NULL")


class FlowVersionTable(StateColumns, IdColumn, table=True):
    """A published version; it never changes (H2), but for the account of its author, which may go."""

    __table_args__ = (
        UniqueConstraint("flow_id", "id"),
        UniqueConstraint("flow_id", "number"),
        Index(None, "revert_of", postgresql_where=sql("revert_of IS NOT NULL")),
        Index(None, "export_id", postgresql_where=sql("export_id IS NOT NULL")),
        CheckConstraint("number > 0", name="number"),
        one_of("origin", VersionOrigin),
    )
    number: int
    published_by: str | None = reference("user_account.id", nullable=True, on_delete="SET NULL", index=True)
    published_at: datetime = time()


class PeriodicTaskTable(DatabaseTable, table=True):
    """Periodic tasks, each done by one server process of all."""

    name: str = key()
    began_at: datetime = time()
