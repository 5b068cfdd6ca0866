"""Find the flows of a workspace by component, status or type without reading all of them.

Triggers note the components of every new content of a draft or a version. A note stays when the flow no longer names the
component; lists check that.

Revision ID: 0004
Revises: 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision: str | None = "0003"
branch_labels: str | None = None
depends_on: str | None = None

HOLDERS = ("flow_draft", "flow_version")

NOTED = """
    INSERT INTO flow_component (workspace_id, team, name, flow_id)
    SELECT flow.workspace_id, used.team, used.name, flow.id
    FROM {holders} AS holder
    JOIN flow ON flow.id = holder.flow_id
    JOIN flow_content_component AS used ON used.hash = holder.content_hash
    ON CONFLICT DO NOTHING
"""

NOTE = f"""
    CREATE FUNCTION note_components() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        {NOTED.format(holders="(SELECT NEW.flow_id, NEW.content_hash)")};
        RETURN NULL;
    END $$
"""


def upgrade() -> None:
    op.create_table(
        "flow_component",
        sa.Column("workspace_id", sa.Text(collation="C"), nullable=False),
        sa.Column("team", sa.Text(collation="C"), nullable=False),
        sa.Column("name", sa.Text(collation="C"), nullable=False),
        sa.Column("flow_id", sa.Text(collation="C"), nullable=False),
        sa.ForeignKeyConstraint(["flow_id"], ["flow.id"], name=op.f("fk_flow_component_flow_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("workspace_id", "team", "name", "flow_id", name=op.f("pk_flow_component")),
    )
    for table in HOLDERS:
        op.execute(NOTED.format(holders=table))
    op.create_index(op.f("ix_flow_component_flow_id"), "flow_component", ["flow_id"])
    op.create_index("ix_flow_with_status", "flow", [sa.text("(workspace_id || status)")])
    op.create_index("ix_flow_with_type", "flow", [sa.text("(workspace_id || type)")])
    op.execute(NOTE)
    for table in HOLDERS:
        op.execute(
            f"CREATE TRIGGER note_components AFTER INSERT OR UPDATE OF content_hash ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION note_components()"
        )


def downgrade() -> None:
    for table in HOLDERS:
        op.execute(f"DROP TRIGGER note_components ON {table}")
    op.execute("DROP FUNCTION note_components()")
    op.drop_index("ix_flow_with_type", "flow")
    op.drop_index("ix_flow_with_status", "flow")
    op.drop_table("flow_component")
