"""Reads of releases, for members of their workspaces (R7)."""

from collections.abc import Sequence

from sqlalchemy import and_, func, or_, select
from sqlalchemy.dialects.postgresql import distinct_on

from app.domain.release import ReleaseState
from app.meter import current_meter
from app.storage.connections.connection import ReadConnection, is_one_of
from app.storage.facts.release_facts import DRAFT_HAS_MOVED, VERSION_HAS_MOVED, WITH_PRESENT_STATE
from app.storage.facts.visibility import is_member
from app.storage.ids import Kind, is_id
from app.storage.reads.by_id import reader
from app.storage.reads.rows import ReleaseView, columns
from app.storage.tables import FLOW_DRAFT, RELEASE_ITEM, RELEASE_REQUEST

_IS_OPEN = RELEASE_REQUEST.c.state == ReleaseState.OPEN.value
_IS_SEEN = is_member(RELEASE_REQUEST.c.workspace_id)
RELEASES = select(*columns(RELEASE_REQUEST, ReleaseView))
read_releases = reader(ReleaseView, Kind.RELEASE, RELEASES.where(is_one_of(RELEASE_REQUEST.c.id), _IS_SEEN))
_OPEN_ITEMS = (
    select(
        RELEASE_ITEM.c.request_id,
        func.count().label("number"),
        func.bool_or(or_(DRAFT_HAS_MOVED, VERSION_HAS_MOVED)).label("has_moved"),
    )
    .select_from(WITH_PRESENT_STATE)
    .where(is_one_of(RELEASE_ITEM.c.request_id), _IS_OPEN, _IS_SEEN)
    .group_by(RELEASE_ITEM.c.request_id)
)
"""The number of items of each open request, and whether one of them has moved."""
_NAMES_DRAFT = and_(RELEASE_ITEM.c.draft_id == FLOW_DRAFT.c.id, RELEASE_ITEM.c.revision == FLOW_DRAFT.c.revision)
_OF_DRAFTS = (
    RELEASES.add_columns(FLOW_DRAFT.c.id.label("draft"))
    .select_from(
        FLOW_DRAFT.join(RELEASE_ITEM, _NAMES_DRAFT).join(
            RELEASE_REQUEST, RELEASE_REQUEST.c.id == RELEASE_ITEM.c.request_id
        )
    )
    .where(is_one_of(FLOW_DRAFT.c.id), FLOW_DRAFT.c.set_aside_at.is_(None), _IS_OPEN, _IS_SEEN)
    .ext(distinct_on(FLOW_DRAFT.c.id))
    .order_by(FLOW_DRAFT.c.id, RELEASE_REQUEST.c.id.desc())
)
read_releases_of_drafts = reader(ReleaseView, Kind.DRAFT, _OF_DRAFTS, by="draft")
"""Reads the newest open requests that name drafts as they are, by the ids of the drafts."""


async def read_current_releases(connection: ReadConnection, viewer: str, ids: Sequence[str]) -> dict[str, bool]:
    """Read whether requests can still be applied. The meter counts each of their items."""
    known = [id_ for id_ in ids if is_id(Kind.RELEASE, id_)]
    rows = await connection.rows(_OPEN_ITEMS, {"viewer": viewer, "ids": known}) if known else ()
    current_meter().take_objects(sum(row.number for row in rows))
    current = {row.request_id for row in rows if not row.has_moved}
    return {id_: id_ in current for id_ in ids}
