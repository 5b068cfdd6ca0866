"""Find the flows of a workspace that have a published version, or none, where these are few.

Revision ID: 0011
Revises: 0010
"""

from alembic import op

revision = "0011"
down_revision: str | None = "0010"
branch_labels: str | None = None
depends_on: str | None = None
oldest_compatible = "0006"


def upgrade() -> None:
    op.execute(
        "CREATE INDEX ix_flow_without_version ON flow ((workspace_id || CAST(published_version_id IS NULL AS text)))"
    )


def downgrade() -> None:
    op.execute("DROP INDEX ix_flow_without_version")
