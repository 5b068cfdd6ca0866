"""An index of the events of one flow, which are read by their types.

Revision ID: 0020
Revises: 0019
"""

from alembic import op

revision = "0020"
down_revision: str | None = "0019"
branch_labels: str | None = None
depends_on: str | None = None
oldest_compatible = "0013"

COLUMNS = ["workspace_id", "flow_id", "type", "position"]
NAME = f"ix_event_{'_'.join(COLUMNS)}"


def upgrade() -> None:
    op.create_index(op.f(NAME), "event", COLUMNS)


def downgrade() -> None:
    op.drop_index(op.f(NAME), "event")
