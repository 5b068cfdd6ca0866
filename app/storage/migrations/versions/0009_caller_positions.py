"""Up to where in the log of the database each caller has written, for whoever reads from a replica.

Revision ID: 0009
Revises: 0008
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision: str | None = "0008"
branch_labels: str | None = None
depends_on: str | None = None
oldest_compatible = "0006"


def upgrade() -> None:
    op.create_table(
        "caller_position",
        sa.Column("user_id", sa.Text(collation="C"), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_caller_position")),
        # It is of no use to a standby, nor after a crash, and so costs no flush of the log.
        prefixes=["UNLOGGED"],
    )


def downgrade() -> None:
    op.drop_table("caller_position")
