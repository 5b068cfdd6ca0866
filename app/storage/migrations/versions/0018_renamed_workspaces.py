"""A workspace is renamed by a trigger rather than a foreign key, so that nothing waits which only refers to it.

Revision ID: 0018
Revises: 0017
"""

from alembic import op

revision = "0018"
down_revision: str | None = "0017"
branch_labels: str | None = None
depends_on: str | None = None
oldest_compatible = "0013"

# While a column of a unique index changes, PostgreSQL keeps back whatever inserts a row that refers to the row.
RENAME = """
    CREATE FUNCTION rename_workspaces() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        UPDATE workspace_access SET name_key = renamed.name_key FROM renamed
        WHERE workspace_id = renamed.id AND workspace_access.name_key <> renamed.name_key;
        RETURN NULL;
    END $$
"""
TRIGGER = """
    CREATE TRIGGER rename_workspaces AFTER UPDATE ON workspace REFERENCING NEW TABLE AS renamed
    FOR EACH STATEMENT EXECUTE FUNCTION rename_workspaces()
"""
WITH_NAME, WITHOUT = ["id", "contract_id", "name_key"], ["id", "contract_id"]


def upgrade() -> None:
    refer_by(WITHOUT, instead_of=WITH_NAME)
    op.execute(RENAME)
    op.execute(TRIGGER)


def downgrade() -> None:
    op.execute("DROP TRIGGER rename_workspaces ON workspace")
    op.execute("DROP FUNCTION rename_workspaces()")
    refer_by(WITH_NAME, instead_of=WITHOUT, onupdate="CASCADE")


def refer_by(columns: list[str], *, instead_of: list[str], onupdate: str | None = None) -> None:
    """Have `workspace_access` refer to workspaces by these columns."""
    op.drop_constraint(op.f(f"fk_workspace_access_workspace_{'_'.join(instead_of)}"), "workspace_access")
    op.drop_constraint(op.f(f"uq_workspace_{'_'.join(instead_of)}"), "workspace")
    op.create_unique_constraint(op.f(f"uq_workspace_{'_'.join(columns)}"), "workspace", columns)
    own = [f"workspace_{columns[0]}", *columns[1:]]
    name = op.f(f"fk_workspace_access_{'_'.join(own)}")
    op.create_foreign_key(name, "workspace_access", "workspace", own, columns, onupdate=onupdate, ondelete="CASCADE")
