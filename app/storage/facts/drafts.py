"""Drafts that were set aside, by their ids and by their flow."""

from sqlalchemy import Text, bindparam, exists, literal, select

from app.domain.flow import Graph, SavedState
from app.storage.connections.connection import ReadConnection
from app.storage.facts.states import state_columns, state_of
from app.storage.facts.visibility import FLOWS
from app.storage.ids import Kind, is_id
from app.storage.tables import FLOW, FLOW_CONTENT, FLOW_DRAFT

DRAFT_ID = bindparam("draft", type_=Text)

FLOW_OF_DRAFT = (
    select(FLOW_DRAFT.c.flow_id)
    .select_from(FLOWS.join(FLOW_DRAFT, FLOW_DRAFT.c.flow_id == FLOW.c.id))
    .where(FLOW_DRAFT.c.id == DRAFT_ID)
)

DRAFT = (
    select(*state_columns("draft", FLOW_DRAFT, FLOW_CONTENT))
    .join_from(FLOW_DRAFT, FLOW_CONTENT, FLOW_CONTENT.c.hash == FLOW_DRAFT.c.content_hash)
    .where(FLOW_DRAFT.c.id == DRAFT_ID)
)

SET_ASIDE = select(
    exists(
        select(literal(1)).where(
            FLOW_DRAFT.c.flow_id == bindparam("flow", type_=Text), FLOW_DRAFT.c.set_aside_at.is_not(None)
        )
    )
)


async def find_flow_of_draft(connection: ReadConnection, viewer: str, draft_id: str) -> str | None:
    """The flow that a draft belongs to; None if the viewer can't see it."""
    if not is_id(Kind.DRAFT, draft_id):
        return None
    flow_id: str | None = await connection.value(FLOW_OF_DRAFT, {"viewer": viewer, "draft": draft_id})
    return flow_id


async def read_draft(connection: ReadConnection, draft_id: str) -> SavedState | None:
    """A draft without its graph; None if it has gone. The lock of its flow keeps it."""
    row = await connection.row(DRAFT, {"draft": draft_id})
    return None if row is None else state_of(row, "draft", Graph())


async def has_drafts_set_aside(connection: ReadConnection, flow_id: str) -> bool:
    return bool(await connection.value(SET_ASIDE, {"flow": flow_id}))
