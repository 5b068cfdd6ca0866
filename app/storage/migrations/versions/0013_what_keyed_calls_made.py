"""An idempotency key keeps which records a call made, not its answer.

Revision ID: 0013
Revises: 0012
"""

from alembic import op

revision = "0013"
down_revision: str | None = "0012"
branch_labels: str | None = None
depends_on: str | None = None
# What the release before keeps with a key is rewritten.
oldest_compatible = "0013"

EXPORTS = "('copyFlow', 'exportFlow', 'exportFlows')"
WARNING = """
    CASE WHEN warning ? 'topics' THEN
        jsonb_build_object('topics', jsonb_path_query_array(warning, '$.topics[*].id'))
    WHEN warning ? 'agent_id' THEN
        jsonb_build_object('agent', warning->'agent_id', 'steps', warning->'steps')
    ELSE
        jsonb_build_object('from', warning#>'{from_topic,id}', 'to', warning#>'{to_topic,id}',
                           'missing', warning->'missing_properties')
    END
"""
# The answers of a call by the indexes of its items; that of a single export is the first.
KEEP_RECORDS = f"""
    UPDATE idempotency_key SET made = (
        SELECT coalesce(jsonb_agg(jsonb_build_object(
            'exports', jsonb_build_object(item, answer->'export_id'),
            'warnings', (
                SELECT coalesce(jsonb_agg({WARNING} ORDER BY place), '[]')
                FROM jsonb_array_elements(answer->'warnings') WITH ORDINALITY AS each_warning (warning, place)
            )
        )), '[]')::text
        FROM jsonb_each(
            CASE WHEN call = 'exportFlows' THEN made::jsonb ELSE jsonb_build_object('0', made::jsonb) END
        ) AS each_answer (item, answer)
    ) WHERE call IN {EXPORTS}
"""  # noqa: S608 - our own texts
KEEP_IDS = f"UPDATE idempotency_key SET made = (made::jsonb - 'replayed')::text WHERE call NOT IN {EXPORTS}"  # noqa: S608 - our own texts


def upgrade() -> None:
    op.alter_column("idempotency_key", "outcome", new_column_name="made")
    op.execute(KEEP_RECORDS)
    op.execute(KEEP_IDS)


def downgrade() -> None:
    """The answers of exports aren't there any more: their calls can't be answered again by the release before."""
    op.execute(f"DELETE FROM idempotency_key WHERE call IN {EXPORTS}")  # noqa: S608 - our own texts
    op.alter_column("idempotency_key", "made", new_column_name="outcome")
