"""Note the components of many new drafts or versions at once, not one by one.

A statement that inserts several hundred of them took half of its time in the trigger of each row. Updates of an existing
state's content keep the trigger of each row: a trigger of a whole statement can't be limited to some columns.

Revision ID: 0010
Revises: 0009
"""

from alembic import op

revision = "0010"
down_revision: str | None = "0009"
branch_labels: str | None = None
depends_on: str | None = None
oldest_compatible = "0006"

HOLDERS = ("flow_draft", "flow_version")

NOTE_NEW = """
    CREATE FUNCTION note_components_of_new() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        INSERT INTO flow_component (workspace_id, team, name, flow_id)
        SELECT flow.workspace_id, used.team, used.name, flow.id
        FROM new_rows AS holder
        JOIN flow ON flow.id = holder.flow_id
        JOIN flow_content_component AS used ON used.hash = holder.content_hash
        ORDER BY flow.workspace_id, used.team, used.name, flow.id
        ON CONFLICT DO NOTHING;
        RETURN NULL;
    END $$
"""


def upgrade() -> None:
    op.execute(NOTE_NEW)
    for table in HOLDERS:
        op.execute(f"DROP TRIGGER note_components ON {table}")
        op.execute(
            f"CREATE TRIGGER note_components AFTER UPDATE OF content_hash ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION note_components()"
        )
        op.execute(
            f"CREATE TRIGGER note_components_of_new AFTER INSERT ON {table} REFERENCING NEW TABLE AS new_rows "
            "FOR EACH STATEMENT EXECUTE FUNCTION note_components_of_new()"
        )


def downgrade() -> None:
    for table in HOLDERS:
        op.execute(f"DROP TRIGGER note_components_of_new ON {table}")
        op.execute(f"DROP TRIGGER note_components ON {table}")
        op.execute(
            f"CREATE TRIGGER note_components AFTER INSERT OR UPDATE OF content_hash ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION note_components()"
        )
    op.execute("DROP FUNCTION note_components_of_new()")
