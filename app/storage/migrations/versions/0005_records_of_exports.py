"""Records of exports outlive what they name, and tell what was done with the result first; content tells its record.

Revision ID: 0005
Revises: 0004
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision: str | None = "0004"
branch_labels: str | None = None
depends_on: str | None = None

NAMED = {
    "actor_id": "user_account",
    "source_flow_id": "flow",
    "source_version_id": "flow_version",
    "destination_flow_id": "flow",
    "draft_id": "flow_draft",
    "set_aside_draft_id": "flow_draft",
}
"""Columns of a record that may name deleted rows, and the tables of these."""
NOT_LOOKED_UP = ("actor_id", "source_version_id", "destination_flow_id", "set_aside_draft_id")
STATES = ("flow_draft", "flow_version")
CHANGES = "('EDITED', 'PUBLISHED', 'OVERRIDDEN_AGAIN', 'DISCARDED', 'ALREADY_UNDONE', 'EXPIRED')"

FILL_SOURCES = """
    UPDATE flow_export SET source_workspace_id = flow.workspace_id FROM flow WHERE flow.id = flow_export.source_flow_id
"""
# Only a published flow shows for certain what it did; of others the draft that was set aside tells what they showed.
FILL_BEFORE = """
    UPDATE flow_export SET flow_before = before.shown FROM (
        SELECT record.id, json_build_object(
            'name', CASE WHEN flow.published_version_id IS NULL THEN coalesce(aside.name, flow.name) ELSE flow.name END,
            'description', CASE WHEN flow.published_version_id IS NULL AND aside.id IS NOT NULL
                THEN aside.description ELSE flow.description END,
            'cron', CASE WHEN flow.published_version_id IS NULL AND aside.id IS NOT NULL
                THEN aside.cron ELSE flow.cron END,
            'updatedAt', coalesce(aside.updated_at, flow.updated_at)
        )::text AS shown
        FROM flow_export record JOIN flow ON flow.id = record.destination_flow_id
        LEFT JOIN flow_draft aside ON aside.id = record.set_aside_draft_id
        WHERE flow.created_at <> record.created_at
    ) before WHERE before.id = flow_export.id
"""
# A draft that was only bound to other things has changed too: it was saved later than it was made.
NOTE_WHAT_IS_SEEN = """
    UPDATE flow_export SET first_changed_at = coalesce(draft.set_aside_at, draft.updated_at),
        first_change = CASE WHEN draft.updated_at = draft.created_at THEN 'OVERRIDDEN_AGAIN' ELSE 'EDITED' END
    FROM flow_draft draft
    WHERE draft.id = flow_export.draft_id
      AND (draft.set_aside_at IS NOT NULL OR draft.updated_at <> draft.created_at)
"""
# The draft was forgotten when it was published or discarded. When that was isn't known: not before it was made.
NOTE_WHAT_IS_GONE = """
    UPDATE flow_export SET first_changed_at = created_at,
        first_change = CASE WHEN EXISTS (
            SELECT FROM flow_version version
            WHERE version.flow_id = flow_export.destination_flow_id AND version.origin IN ('COPY', 'EXPORT')
              AND version.published_at >= flow_export.created_at
        ) THEN 'PUBLISHED' ELSE 'DISCARDED' END
    WHERE draft_id IS NULL
"""
NAME_OF_DRAFTS = """
    UPDATE flow_draft SET export_id = flow_export.id FROM flow_export
    WHERE flow_export.draft_id = flow_draft.id AND flow_draft.origin IN ('COPY', 'EXPORT')
"""
# Only where one record alone comes into question.
NAME_OF_VERSIONS = """
    UPDATE flow_version SET export_id = (
        SELECT min(flow_export.id) FROM flow_export
        WHERE flow_export.destination_flow_id = flow_version.flow_id AND flow_export.draft_id IS NULL
          AND flow_export.created_at <= flow_version.published_at
        HAVING count(*) = 1
    )
    WHERE origin IN ('COPY', 'EXPORT')
"""
FORGET_WHAT_IS_GONE = (
    "UPDATE flow_export SET {column} = NULL WHERE NOT EXISTS (SELECT FROM {table} WHERE id = {column})"
)


def upgrade() -> None:
    for column in NAMED:
        op.drop_constraint(op.f(f"fk_flow_export_{column}"), "flow_export")
    for column in NOT_LOOKED_UP:
        op.drop_index(op.f(f"ix_flow_export_{column}"), "flow_export")
    op.drop_index("ix_flow_export_copies", "flow_export")
    by_destination = ["source_flow_id", "destination_workspace_id", "destination_flow_id"]
    op.create_index("ix_flow_export_copies", "flow_export", [*by_destination, "created_at", "id"])
    op.create_index("ix_flow_export_of_source", "flow_export", ["source_flow_id", "id"])
    op.add_column("flow_export", sa.Column("source_workspace_id", sa.Text(collation="C"), nullable=True))
    op.add_column("flow_export", sa.Column("flow_before", sa.Text(), nullable=True))
    op.add_column("flow_export", sa.Column("first_change", sa.Text(), nullable=True))
    op.add_column("flow_export", sa.Column("first_changed_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("flow_export", sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True))
    for table in STATES:
        op.add_column(table, sa.Column("export_id", sa.Text(collation="C"), nullable=True))
    for statement in (
        FILL_SOURCES,
        FILL_BEFORE,
        NOTE_WHAT_IS_SEEN,
        NOTE_WHAT_IS_GONE,
        NAME_OF_DRAFTS,
        NAME_OF_VERSIONS,
    ):
        op.execute(statement)
    add_constraints()


def add_constraints() -> None:
    op.create_index(op.f("ix_flow_export_source_workspace_id"), "flow_export", ["source_workspace_id"])
    op.create_foreign_key(
        op.f("fk_flow_export_source_workspace_id"), "flow_export", "workspace", ["source_workspace_id"], ["id"]
    )
    op.create_check_constraint(op.f("ck_flow_export_first_change"), "flow_export", f"first_change IN {CHANGES}")
    op.create_check_constraint(
        op.f("ck_flow_export_first_change_is_dated"),
        "flow_export",
        "(first_change IS NULL) = (first_changed_at IS NULL)",
    )
    for table in STATES:
        op.create_foreign_key(op.f(f"fk_{table}_export_id"), table, "flow_export", ["export_id"], ["id"])
        some = sa.text("export_id IS NOT NULL")
        op.create_index(op.f(f"ix_{table}_export_id"), table, ["export_id"], postgresql_where=some)


def downgrade() -> None:
    for table in STATES:
        op.drop_column(table, "export_id")
    op.drop_constraint(op.f("ck_flow_export_first_change_is_dated"), "flow_export")
    for column in ("source_workspace_id", "flow_before", "first_change", "first_changed_at", "undone_at"):
        op.drop_column("flow_export", column)
    op.drop_index("ix_flow_export_of_source", "flow_export")
    op.drop_index("ix_flow_export_copies", "flow_export")
    op.create_index(
        "ix_flow_export_copies", "flow_export", ["source_flow_id", "destination_workspace_id", "destination_flow_id"]
    )
    for column, table in NAMED.items():
        op.execute(FORGET_WHAT_IS_GONE.format(column=column, table=table))
    for column in NOT_LOOKED_UP:
        op.create_index(op.f(f"ix_flow_export_{column}"), "flow_export", [column])
    for column, table in NAMED.items():
        op.create_foreign_key(
            op.f(f"fk_flow_export_{column}"), "flow_export", table, [column], ["id"], ondelete="SET NULL"
        )
