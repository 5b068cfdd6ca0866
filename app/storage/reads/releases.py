"""Reads of releases, for members of their workspaces (R7)."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, and_, any_, bindparam, func, or_, select
from sqlalchemy.dialects.postgresql import ARRAY, distinct_on
from sqlalchemy.types import Text

from app.domain.release import ReleaseState
from app.meter import current_meter
from app.storage.connections.connection import ReadConnection, Row, views_of
from app.storage.facts.release_facts import DRAFT_HAS_MOVED, VERSION_HAS_MOVED, WITH_PRESENT_STATE
from app.storage.facts.visibility import is_member
from app.storage.ids import Kind, is_id
from app.storage.reads.rows import ReleaseView, columns
from app.storage.tables import FLOW_DRAFT, RELEASE_ITEM, RELEASE_REQUEST

_IDS = bindparam("ids", type_=ARRAY(Text))
_IS_OPEN = RELEASE_REQUEST.c.state == ReleaseState.OPEN.value
_IS_SEEN = is_member(RELEASE_REQUEST.c.workspace_id)
RELEASES = select(*columns(RELEASE_REQUEST, ReleaseView))
_RELEASES_BY_ID = RELEASES.where(RELEASE_REQUEST.c.id == any_(_IDS), _IS_SEEN)
_OPEN_ITEMS = (
    select(
        RELEASE_ITEM.c.request_id,
        func.count().label("number"),
        func.bool_or(or_(DRAFT_HAS_MOVED, VERSION_HAS_MOVED)).label("has_moved"),
    )
    .select_from(WITH_PRESENT_STATE)
    .where(RELEASE_ITEM.c.request_id == any_(_IDS), _IS_OPEN, _IS_SEEN)
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
    .where(FLOW_DRAFT.c.id == any_(_IDS), FLOW_DRAFT.c.set_aside_at.is_(None), _IS_OPEN, _IS_SEEN)
    .ext(distinct_on(FLOW_DRAFT.c.id))
    .order_by(FLOW_DRAFT.c.id, RELEASE_REQUEST.c.id.desc())
)
"""The newest open request that names each draft as it is."""
_make = views_of(ReleaseView).make


async def read_releases(connection: ReadConnection, viewer: str, ids: Sequence[str]) -> dict[str, ReleaseView]:
    """Read requests by their ids."""
    return {release.id: release for release in map(_make, await _rows(connection, viewer, ids, _RELEASES_BY_ID))}


async def read_current_releases(connection: ReadConnection, viewer: str, ids: Sequence[str]) -> dict[str, bool]:
    """Read whether requests can still be applied. The meter counts each of their items."""
    rows = await _rows(connection, viewer, ids, _OPEN_ITEMS)
    current_meter().take_objects(sum(row.number for row in rows))
    current = {row.request_id for row in rows if not row.has_moved}
    return {id_: id_ in current for id_ in ids}


async def read_releases_of_drafts(
    connection: ReadConnection, viewer: str, ids: Sequence[str]
) -> dict[str, ReleaseView]:
    """Read the newest open requests that name drafts as they are, by the ids of the drafts."""
    rows = await _rows(connection, viewer, ids, _OF_DRAFTS, kind=Kind.DRAFT)
    return {row.draft: _make(row) for row in rows}


async def _rows(
    connection: ReadConnection, viewer: str, ids: Sequence[str], statement: Select[Any], *, kind: Kind = Kind.RELEASE
) -> Sequence[Row]:
    known = [id_ for id_ in ids if is_id(kind, id_)]
    return await connection.rows(statement, {"viewer": viewer, "ids": known}) if known else ()
