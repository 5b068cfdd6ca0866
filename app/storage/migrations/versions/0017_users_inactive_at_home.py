"""Users that are deactivated in their own tenant alone, and the memberships that they have there meanwhile.

Revision ID: 0017
Revises: 0016
"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision: str | None = "0016"
branch_labels: str | None = None
depends_on: str | None = None
oldest_compatible = "0013"

PLACES = ("workspace", "contract")
TIMES = ("created_at", "updated_at")
# The release before knows no tenant in which alone a user is deactivated, so it is deactivated everywhere.
RESTORE = (
    "UPDATE user_account SET active = false WHERE NOT active_at_home",
    """
    INSERT INTO workspace_access (user_id, workspace_id, contract_id, name_key, role_id)
    SELECT user_id, workspace_id, contract_id, name_key, role_id
    FROM inactive_workspace_member JOIN workspace ON workspace.id = workspace_id
    """,
    """
    INSERT INTO contract_access (user_id, contract_id, name_key, role_id)
    SELECT user_id, contract_id, name_key, role_id
    FROM inactive_contract_member JOIN contract ON contract.id = contract_id
    """,
    """
    INSERT INTO workspace_access (user_id, workspace_id, contract_id, name_key)
    SELECT user_id, workspace.id, contract_id, name_key
    FROM inactive_contract_member JOIN workspace USING (contract_id) ON CONFLICT DO NOTHING
    """,
    """
    INSERT INTO contract_access (user_id, contract_id, name_key)
    SELECT DISTINCT user_id, contract.id, contract.name_key
    FROM inactive_workspace_member JOIN workspace ON workspace.id = workspace_id
    JOIN contract ON contract.id = contract_id ON CONFLICT DO NOTHING
    """,
)


def upgrade() -> None:
    op.add_column("user_account", sa.Column("active_at_home", sa.Boolean(), server_default=sa.true(), nullable=False))
    for place in PLACES:
        table = f"inactive_{place}_member"
        columns = {
            "user_id": ("user_account", "CASCADE"),
            f"{place}_id": (place, "CASCADE"),
            "role_id": ("role", None),
        }
        op.create_table(
            table,
            *(sa.Column(name, sa.Text(collation="C"), nullable=False) for name in columns),
            *(
                sa.Column(name, sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False)
                for name in TIMES
            ),
            *(
                sa.ForeignKeyConstraint([name], [f"{of}.id"], name=op.f(f"fk_{table}_{name}"), ondelete=on_delete)
                for name, (of, on_delete) in columns.items()
            ),
            sa.PrimaryKeyConstraint("user_id", f"{place}_id", name=op.f(f"pk_{table}")),
        )
        op.create_index(op.f(f"ix_{table}_{place}_id"), table, [f"{place}_id"])


def downgrade() -> None:
    for statement in RESTORE:
        op.execute(statement)
    for place in PLACES:
        op.drop_table(f"inactive_{place}_member")
    op.drop_column("user_account", "active_at_home")
