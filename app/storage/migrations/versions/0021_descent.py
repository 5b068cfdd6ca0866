"""Drafts and versions name the record that they descend from; records name their content and the version it became.

Revision ID: 0021
Revises: 0020
"""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision: str | None = "0020"
oldest_compatible = "0013"

COLUMNS = {
    "flow_draft": ("descends_from",),
    "flow_version": ("descends_from",),
    "flow_export": ("content_hash", "version_id"),
}
AT_A_TIME = 10_000
"""Rows of one statement, so that none comes near its time limit, however large the table."""

# Where the content was edited before this release, the descent of a version isn't known, nor what its record became.
KNOWN = (
    (
        "flow_version",
        """
        UPDATE flow_version SET descends_from = export_id
        WHERE export_id IS NOT NULL AND id > :after AND id <= :last
        """,
    ),
    (
        "flow_draft",
        """
        UPDATE flow_draft SET descends_from = coalesce(draft.export_id, record.id)
        FROM flow_draft draft LEFT JOIN flow_export record ON record.draft_id = draft.id
        WHERE flow_draft.id = draft.id AND draft.id > :after AND draft.id <= :last
        """,
    ),
    (
        "flow_export",
        """
        UPDATE flow_export SET content_hash = known.content_hash, version_id = known.version_id
        FROM (
            SELECT DISTINCT ON (export_id) export_id, content_hash, version_id
            FROM (
                SELECT export_id, content_hash, id AS version_id, number FROM flow_version
                UNION ALL SELECT export_id, content_hash, NULL, NULL FROM flow_draft
            ) state
            WHERE export_id > :after AND export_id <= :last ORDER BY export_id, number NULLS LAST
        ) known
        WHERE known.export_id = flow_export.id
        """,
    ),
    (
        "flow_export",
        """
        UPDATE flow_export SET content_hash = version.content_hash FROM flow_version version
        WHERE version.id = source_version_id AND flow_export.content_hash IS NULL
            AND flow_export.id > :after AND flow_export.id <= :last
        """,
    ),
)


def upgrade() -> None:
    for table, columns in COLUMNS.items():
        for column in columns:
            op.add_column(table, sa.Column(column, sa.Text(collation="C"), nullable=True))
    for table, statement in KNOWN:
        fill(table, statement)
    op.create_index(
        "ix_flow_export_published",
        "flow_export",
        ["source_flow_id", "destination_flow_id", "created_at", "id"],
        postgresql_where=sa.text("version_id IS NOT NULL"),
    )
    op.create_index(
        op.f("ix_flow_export_destination_workspace_id_created_at_id"),
        "flow_export",
        ["destination_workspace_id", "created_at", "id"],
    )
    op.drop_index(op.f("ix_flow_export_destination_workspace_id"), "flow_export")


def fill(table: str, statement: str) -> None:
    last = sa.text(f"SELECT max(id) FROM (SELECT id FROM {table} WHERE id > :after ORDER BY id LIMIT :number) batch")  # noqa: S608 - our own texts
    connection, after = op.get_bind(), ""
    while upto := connection.execute(last, {"after": after, "number": AT_A_TIME}).scalar():
        connection.execute(sa.text(statement), {"after": after, "last": upto})
        after = upto


def downgrade() -> None:
    op.create_index(op.f("ix_flow_export_destination_workspace_id"), "flow_export", ["destination_workspace_id"])
    op.drop_index(op.f("ix_flow_export_destination_workspace_id_created_at_id"), "flow_export")
    op.drop_index("ix_flow_export_published", "flow_export")
    for table, columns in COLUMNS.items():
        for column in columns:
            op.drop_column(table, column)
