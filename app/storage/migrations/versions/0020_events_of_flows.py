"""Indexes of the events of one flow, which are read by their types.

Revision ID: 0020
Revises: 0019
"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision: str | None = "0019"
branch_labels: str | None = None
depends_on: str | None = None
oldest_compatible = "0013"

FEEDS = ("workspace_id", "other_workspace_id")


def upgrade() -> None:
    for feed in FEEDS:
        only = sa.text(f"{feed} IS NOT NULL") if "other" in feed else None
        columns = [feed, "flow_id", "type", "position"]
        op.create_index(op.f(f"ix_event_{'_'.join(columns)}"), "event", columns, postgresql_where=only)


def downgrade() -> None:
    for feed in FEEDS:
        op.drop_index(op.f(f"ix_event_{feed}_flow_id_type_position"), "event")
