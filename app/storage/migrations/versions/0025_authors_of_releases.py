"""The authors of drafts in releases, which stay readable when the drafts are published.

Revision ID: 0025
Revises: 0024
"""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision: str | None = "0024"
oldest_compatible = "0013"


def upgrade() -> None:
    op.add_column("release_item", sa.Column("author_id", sa.Text(collation="C"), nullable=True))
    op.execute(
        "UPDATE release_item SET author_id = flow_draft.author_id FROM flow_draft WHERE flow_draft.id = draft_id"
    )


def downgrade() -> None:
    op.drop_column("release_item", "author_id")
