"""When the destination of an export was deleted, so that its record goes after a time.

Revision ID: 0014
Revises: 0013
"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision: str | None = "0013"
branch_labels: str | None = None
depends_on: str | None = None
oldest_compatible = "0013"

# A trigger, so that it holds for whatever deletes a flow: a release before this one, or somebody with psql.
NOTE_DELETED = """
    CREATE FUNCTION note_deleted_destinations() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        UPDATE flow_export SET destination_deleted_at = now() FROM deleted_flows
        WHERE destination_flow_id = deleted_flows.id AND destination_deleted_at IS NULL;
        RETURN NULL;
    END $$
"""
TRIGGER = """
    CREATE TRIGGER note_deleted_destinations AFTER DELETE ON flow REFERENCING OLD TABLE AS deleted_flows
    FOR EACH STATEMENT EXECUTE FUNCTION note_deleted_destinations()
"""
# When those went isn't known: their records are kept as long as if it were today.
NOTE_WHAT_IS_GONE = """
    UPDATE flow_export SET destination_deleted_at = now()
    WHERE NOT EXISTS (SELECT FROM flow WHERE flow.id = destination_flow_id)
"""


def upgrade() -> None:
    op.add_column("flow_export", sa.Column("destination_deleted_at", sa.DateTime(timezone=True), nullable=True))
    op.execute(NOTE_WHAT_IS_GONE)
    op.create_index(op.f("ix_flow_export_destination_flow_id"), "flow_export", ["destination_flow_id"])
    op.create_index(
        "ix_flow_export_expiry",
        "flow_export",
        [sa.text("LEAST(undone_at, destination_deleted_at)"), "id"],
        postgresql_where=sa.text("undone_at IS NOT NULL OR destination_deleted_at IS NOT NULL"),
    )
    op.execute(NOTE_DELETED)
    op.execute(TRIGGER)


def downgrade() -> None:
    op.execute("DROP TRIGGER note_deleted_destinations ON flow")
    op.execute("DROP FUNCTION note_deleted_destinations()")
    op.drop_index("ix_flow_export_destination_flow_id", "flow_export")
    op.drop_column("flow_export", "destination_deleted_at")
