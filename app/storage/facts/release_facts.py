"""Facts for decisions about requested releases (R4 to R8)."""

from sqlalchemy import ColumnElement, Text, and_, bindparam, case, false, select, true

from app.domain.model import UserId
from app.domain.release import ReleaseItem, ReleaseState
from app.domain.review import ReleaseFacts
from app.meter import current_meter
from app.storage.connections.connection import ReadConnection, WriteConnection, views_of
from app.storage.facts.locks import LIMIT, limit_of
from app.storage.facts.visibility import ACCESS_COLUMNS, BY_VIEWER, MEMBER, access_of, with_access
from app.storage.ids import Kind, is_id
from app.storage.tables import FLOW, FLOW_DRAFT, RELEASE_ITEM, RELEASE_REQUEST, WORKSPACE_ACCESS

_IS_OPEN = RELEASE_REQUEST.c.state == ReleaseState.OPEN.value
_PUBLISHED = FLOW.c.published_version_id
DRAFT_HAS_MOVED = and_(_IS_OPEN, FLOW_DRAFT.c.revision.is_distinct_from(RELEASE_ITEM.c.revision))
VERSION_HAS_MOVED: ColumnElement[bool] = case(
    (RELEASE_REQUEST.c.state == ReleaseState.APPLIED.value, _PUBLISHED.is_distinct_from(RELEASE_ITEM.c.version_id)),
    (and_(_IS_OPEN, FLOW.c.id.is_not(None)), _PUBLISHED.is_distinct_from(RELEASE_ITEM.c.over_version_id)),
    else_=false(),
)
WITH_PRESENT_STATE = (
    RELEASE_ITEM.join(RELEASE_REQUEST, RELEASE_REQUEST.c.id == RELEASE_ITEM.c.request_id)
    .outerjoin(FLOW, FLOW.c.id == RELEASE_ITEM.c.flow_id)
    .outerjoin(FLOW_DRAFT, and_(FLOW_DRAFT.c.id == RELEASE_ITEM.c.draft_id, FLOW_DRAFT.c.set_aside_at.is_(None)))
)
"""Items with their request, their flow and, while it is active, their draft."""
_COMPUTED = {"is_open": _IS_OPEN, "draft_has_moved": DRAFT_HAS_MOVED, "version_has_moved": VERSION_HAS_MOVED}
ITEMS = select(
    *(_COMPUTED[name].label(name) if name in _COMPUTED else RELEASE_ITEM.c[name] for name in ReleaseItem._fields)
).select_from(WITH_PRESENT_STATE)

_RELEASE = bindparam("release", type_=Text)
_MEMBERS = and_(WORKSPACE_ACCESS.c.workspace_id == RELEASE_REQUEST.c.workspace_id, BY_VIEWER, MEMBER)
_LOCKED_RELEASE = (
    select(*ACCESS_COLUMNS, *(RELEASE_REQUEST.c[name] for name in ("id", "title", "state", "start", "requested_by")))
    # The join contains the limit, so that the limit takes effect before a row is locked.
    .select_from(with_access(RELEASE_REQUEST.join(WORKSPACE_ACCESS, _MEMBERS)).join(LIMIT.subquery("timeout"), true()))
    .where(RELEASE_REQUEST.c.id == _RELEASE)
    .with_for_update(of=RELEASE_REQUEST, key_share=True)
)
_ITEMS_OF_RELEASE = ITEMS.where(RELEASE_ITEM.c.request_id == _RELEASE).order_by(RELEASE_ITEM.c.position)
_make_item = views_of(ReleaseItem).make


async def lock_release(connection: WriteConnection, viewer: UserId, release_id: str) -> ReleaseFacts | None:
    """Lock a request and read it with its items; None where the viewer is no member of its workspace."""
    if not is_id(Kind.RELEASE, release_id):
        return None
    row = await connection.row(_LOCKED_RELEASE, {"viewer": viewer, "release": release_id, **limit_of(connection)})
    if row is None:
        return None
    state = ReleaseState(row.state)
    items = await read_release_items(connection, release_id)
    current_meter().take_objects(len(items))
    return ReleaseFacts(row.id, row.title, state, row.start, row.requested_by, access_of(row), viewer, items)


async def read_release_items(connection: ReadConnection, release_id: str) -> tuple[ReleaseItem, ...]:
    """Read the present items of a request."""
    rows = await connection.rows(_ITEMS_OF_RELEASE, {"release": release_id})
    return tuple(map(_make_item, rows))
