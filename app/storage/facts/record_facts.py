"""Facts for decisions about requested releases (R4 to R8), and about copies and exports that are undone (P6)."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import ColumnElement, Text, and_, bindparam, case, exists, false, func, literal, or_, select, true

from app.domain.flow import TEXTS, ShownFlow
from app.domain.model import DraftId, ExportId, FlowId, FlowStatus, Kind, UserId, is_id
from app.domain.release import ReleaseFacts, ReleaseItem, ReleaseState
from app.domain.undo import ChangeSinceExport, DraftState, ExportedDraft, FlowSince, UndoFacts
from app.meter import current_meter
from app.storage.connections.connection import ReadConnection, Row, WriteConnection, is_one_of, views_of
from app.storage.facts.locks import SET_LOCK_TIMEOUT, lock_timeout_of
from app.storage.facts.visibility import ACCESS_COLUMNS, BY_VIEWER, MEMBER, access_of, rows_by_id, with_access
from app.storage.tables import (
    FLOW,
    FLOW_DRAFT,
    FLOW_EXPORT,
    FLOW_VERSION,
    RELEASE_ITEM,
    RELEASE_REQUEST,
    WORKSPACE_ACCESS,
)

IS_OPEN = RELEASE_REQUEST.c.state == ReleaseState.OPEN.value
_PUBLISHED = FLOW.c.published_version_id
DRAFT_HAS_MOVED = and_(IS_OPEN, FLOW_DRAFT.c.revision.is_distinct_from(RELEASE_ITEM.c.revision))
VERSION_HAS_MOVED: ColumnElement[bool] = case(
    (RELEASE_REQUEST.c.state == ReleaseState.APPLIED.value, _PUBLISHED.is_distinct_from(RELEASE_ITEM.c.version_id)),
    (and_(IS_OPEN, FLOW.c.id.is_not(None)), _PUBLISHED.is_distinct_from(RELEASE_ITEM.c.over_version_id)),
    else_=false(),
)
WITH_PRESENT_STATE = (
    RELEASE_ITEM.join(RELEASE_REQUEST, RELEASE_REQUEST.c.id == RELEASE_ITEM.c.request_id)
    .outerjoin(FLOW, FLOW.c.id == RELEASE_ITEM.c.flow_id)
    .outerjoin(FLOW_DRAFT, and_(FLOW_DRAFT.c.id == RELEASE_ITEM.c.draft_id, FLOW_DRAFT.c.set_aside_at.is_(None)))
)
"""Items with their request, their flow and, while it is active, their draft."""
_COMPUTED = {"is_open": IS_OPEN, "draft_has_moved": DRAFT_HAS_MOVED, "version_has_moved": VERSION_HAS_MOVED}
ITEMS = select(
    *(_COMPUTED[name].label(name) if name in _COMPUTED else RELEASE_ITEM.c[name] for name in ReleaseItem._fields)
).select_from(WITH_PRESENT_STATE)

_RELEASE = bindparam("release", type_=Text)
_MEMBERS = and_(WORKSPACE_ACCESS.c.workspace_id == RELEASE_REQUEST.c.workspace_id, BY_VIEWER, MEMBER)
_LOCKED_RELEASE = (
    select(*ACCESS_COLUMNS, *(RELEASE_REQUEST.c[name] for name in ("id", "title", "state", "start", "requested_by")))
    # The join contains the limit, so that the limit takes effect before a row is locked.
    .select_from(
        with_access(RELEASE_REQUEST.join(WORKSPACE_ACCESS, _MEMBERS)).join(SET_LOCK_TIMEOUT.subquery("timeout"), true())
    )
    .where(RELEASE_REQUEST.c.id == _RELEASE)
    .with_for_update(of=RELEASE_REQUEST, key_share=True)
)
_ITEMS_OF_RELEASE = ITEMS.where(RELEASE_ITEM.c.request_id == _RELEASE).order_by(RELEASE_ITEM.c.position)
_make_item = views_of(ReleaseItem).make


async def lock_release(connection: WriteConnection, viewer: UserId, release_id: str) -> ReleaseFacts | None:
    """Lock a request and read it with its items; None where the viewer is no member of its workspace."""
    if not is_id(Kind.RELEASE, release_id):
        return None
    row = await connection.row(
        _LOCKED_RELEASE, {"viewer": viewer, "release": release_id, **lock_timeout_of(connection)}
    )
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


_IS_NAMED = is_one_of(FLOW_EXPORT.c.id)

_SEEN = FLOW_EXPORT.join(
    WORKSPACE_ACCESS,
    and_(WORKSPACE_ACCESS.c.workspace_id == FLOW_EXPORT.c.destination_workspace_id, BY_VIEWER, MEMBER),
)
"""Exports to workspaces of which the viewer is a member."""

FLOWS_OF_EXPORTS = select(FLOW_EXPORT.c.destination_flow_id.label("id")).distinct().select_from(_SEEN).where(_IS_NAMED)

_ASIDE, _OTHER, _LATER = FLOW_DRAFT.alias("aside"), FLOW_DRAFT.alias("other"), FLOW_EXPORT.alias("later")
_MADE_LATER = FLOW_DRAFT.alias("made_later")
_OTHER_DRAFTS = select(func.count()).where(_OTHER.c.flow_id == FLOW.c.id, _OTHER.c.id != FLOW_DRAFT.c.id)
_HAS_DRAFT = exists(select(literal(1)).where(_OTHER.c.flow_id == FLOW.c.id, _OTHER.c.set_aside_at.is_(None)))
_OF_FLOW = FLOW_VERSION.c.flow_id == FLOW.c.id
_IS_EARLIER = or_(
    FLOW_VERSION.c.published_at <= FLOW_EXPORT.c.created_at,
    and_(FLOW_EXPORT.c.flow_before.is_not(None), FLOW_VERSION.c.id != FLOW.c.published_version_id),
)
"""A version from before the export. The versions of a world file may be younger than its records."""
_HAD_VERSION = exists(select(literal(1)).where(_OF_FLOW, _IS_EARLIER))
_WAS_PUBLISHED = exists(select(literal(1)).where(_OF_FLOW, FLOW_VERSION.c.published_at > FLOW_EXPORT.c.created_at))
_HAS_LATER_EXPORT = exists(
    select(literal(1))
    .select_from(_LATER.join(_MADE_LATER, _MADE_LATER.c.id == _LATER.c.draft_id))
    .where(
        _MADE_LATER.c.flow_id == FLOW.c.id,
        _MADE_LATER.c.set_aside_at.is_(None),
        _LATER.c.set_aside_draft_id == FLOW_DRAFT.c.id,
        _LATER.c.created_at == FLOW_EXPORT.c.first_changed_at,
        _LATER.c.first_change.is_(None),
        FLOW_EXPORT.c.first_change == ChangeSinceExport.OVERRIDDEN_AGAIN.value,
    )
)
"""A later export that can be undone, whose draft is the active one: undoing it clears the first change in the record."""

UNDO_FACTS = (
    select(
        *ACCESS_COLUMNS,
        FLOW_EXPORT.c.id.label("export_id"),
        FLOW_EXPORT.c.created_at,
        FLOW_EXPORT.c.first_change,
        FLOW_EXPORT.c.first_changed_at,
        FLOW_EXPORT.c.undone_at,
        FLOW_EXPORT.c.set_aside_draft_id,
        FLOW.c.id.label("flow_id"),
        *(FLOW.c[text].label(f"flow_{text}") for text in TEXTS),
        FLOW.c.updated_at,
        FLOW.c.draft_revision,
        FLOW.c.published_version_id,
        FLOW.c.status,
        FLOW_DRAFT.c.id.label("draft_id"),
        FLOW_DRAFT.c.set_aside_at.label("draft_since"),
        _ASIDE.c.id.label("aside_id"),
        *(_ASIDE.c[text].label(f"aside_{text}") for text in TEXTS),
        _ASIDE.c.set_aside_at.label("aside_since"),
        _OTHER_DRAFTS.scalar_subquery().label("other_drafts"),
        _HAS_DRAFT.label("has_draft"),
        FLOW_EXPORT.c.flow_before,
        _HAD_VERSION.label("had_version"),
        _WAS_PUBLISHED.label("was_published"),
        _HAS_LATER_EXPORT.label("has_later_export"),
    )
    .select_from(
        with_access(_SEEN)
        .outerjoin(FLOW, FLOW.c.id == FLOW_EXPORT.c.destination_flow_id)
        .outerjoin(FLOW_DRAFT, FLOW_DRAFT.c.id == FLOW_EXPORT.c.draft_id)
        .outerjoin(_ASIDE, _ASIDE.c.id == FLOW_EXPORT.c.set_aside_draft_id)
    )
    .where(_IS_NAMED)
)


async def find_flows_of_exports(connection: ReadConnection, viewer: str, export_ids: Iterable[str]) -> list[str]:
    """The destination flows of copies and exports that the viewer can see."""
    rows = await rows_by_id(connection, FLOWS_OF_EXPORTS, viewer, Kind.EXPORT, export_ids)
    return [row.id for row in rows if row.id is not None]


async def read_undo_facts(connection: ReadConnection, viewer: str, export_ids: Iterable[str]) -> dict[str, UndoFacts]:
    """Read the facts of undoing exports, by their ids, where the viewer can see the destination."""
    rows = await rows_by_id(connection, UNDO_FACTS, viewer, Kind.EXPORT, export_ids)
    return {row.export_id: _facts_of(row) for row in rows}


def _facts_of(row: Row) -> UndoFacts:
    since = ChangeSinceExport.ALREADY_UNDONE if row.undone_at is not None else row.first_change
    return UndoFacts(
        export_id=ExportId(row.export_id),
        access=access_of(row),
        created_at=row.created_at,
        shows=None if row.flow_id is None else _shown_flow(row, "flow_", row.updated_at),
        before=_before(row),
        since=None if since is None else ChangeSinceExport(since),
        overridden_at=row.first_changed_at if since == ChangeSinceExport.OVERRIDDEN_AGAIN else None,
        draft=None if row.draft_id is None else _draft_of(row),
        flow=FlowSince(
            draft=_state_of(row.draft_id, row.draft_since),
            set_aside=_state_of(row.aside_id, row.aside_since),
            has_draft=row.has_draft,
            is_new=row.flow_before is None and row.set_aside_draft_id is None and not row.had_version,
            had_version=row.had_version,
            was_published=row.was_published,
            is_running=row.status == FlowStatus.ACTIVE,
            has_later_export=row.has_later_export,
        ),
        draft_revision=row.draft_revision or 0,
        is_published=row.published_version_id is not None,
    )


def _before(row: Row) -> ShownFlow | None:
    """Return what the flow showed before the export; old records leave that to the draft that was set aside."""
    if row.flow_before is not None:
        before: dict[str, Any] = orjson.loads(row.flow_before)
        return _shown_flow(before, "", datetime.fromisoformat(before["updatedAt"]))
    shows_draft = row.published_version_id is None and row.aside_id is not None
    return _shown_flow(row, "aside_", row.created_at) if shows_draft else None


def _shown_flow(values: Row | dict[str, Any], prefix: str, updated_at: datetime) -> ShownFlow:
    texts: dict[str, Any] = {text: values.get(f"{prefix}{text}") for text in TEXTS}
    return ShownFlow(**texts, updated_at=updated_at)


def _state_of(draft_id: str | None, set_aside_at: datetime | None) -> DraftState:
    if draft_id is None:
        return DraftState.GONE
    return DraftState.ACTIVE if set_aside_at is None else DraftState.ASIDE


def _draft_of(row: Row) -> ExportedDraft:
    set_aside = row.set_aside_draft_id
    return ExportedDraft(
        id=DraftId(row.draft_id),
        flow_id=FlowId(row.flow_id),
        set_aside=None if set_aside is None else DraftId(set_aside),
        is_kept=set_aside is None or row.aside_id is not None,
        other_states=row.other_drafts + (row.published_version_id is not None),
    )
