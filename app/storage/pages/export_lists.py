"""Lists of copies and exports, and how they are filtered by their destination."""

from sqlalchemy import ColumnElement, Text, bindparam, exists, literal, select

from app.storage.connections.connection import views_of
from app.storage.facts.visibility import VIEWER, is_member, sees_flow
from app.storage.ids import Kind, is_id
from app.storage.pages.paging import ListBelow, Order
from app.storage.reads.rows import ExportView, columns
from app.storage.tables import FLOW_EXPORT, WORKSPACE_ACCESS

_EXPORTS = select(*columns(FLOW_EXPORT, ExportView))


def _is_latest() -> ColumnElement[bool]:
    """Whether no later export of the flow to the same destination flow is in effect."""
    this, other = FLOW_EXPORT.c, FLOW_EXPORT.alias("other").c
    same = (other[name] == this[name] for name in ("source_flow_id", "destination_workspace_id", "destination_flow_id"))
    latest = select(other.id).where(*same, other.undone_at.is_(None)).order_by(other.created_at.desc(), other.id.desc())
    return this.id == latest.limit(1).correlate(FLOW_EXPORT).scalar_subquery()


COPIES = ListBelow(
    _EXPORTS.where(FLOW_EXPORT.c.undone_at.is_(None), _is_latest()),
    FLOW_EXPORT.c.source_flow_id,
    Order((FLOW_EXPORT.c.id,), descending=True),
    views_of(ExportView),
    only=sees_flow,
)
"""The latest copy or export of a flow to each destination flow that wasn't undone, the newest first, by id."""

EXPORTS_INTO = ListBelow(
    _EXPORTS,
    FLOW_EXPORT.c.destination_workspace_id,
    Order((FLOW_EXPORT.c.created_at, FLOW_EXPORT.c.id), descending=True),
    views_of(ExportView),
    only=is_member,
)
"""The copies and exports into a workspace, undone ones too, the newest first (N3)."""


def into_workspace() -> tuple[ColumnElement[bool], ...]:
    """Limit exports to those into one workspace, if the viewer sees it."""
    workspace: ColumnElement[str] = bindparam("destination_workspace", type_=Text)
    access = WORKSPACE_ACCESS.c
    is_seen = exists(select(literal(1)).where(access.user_id == VIEWER, access.workspace_id == workspace))
    return FLOW_EXPORT.c.destination_workspace_id == workspace, is_seen


def naming_destination(workspace_id: str | None) -> dict[str, str]:
    """Value for the parameter of `into_workspace`; a text that can't be an id finds nothing."""
    if workspace_id is None:
        return {}
    return {"destination_workspace": workspace_id if is_id(Kind.WORKSPACE, workspace_id) else ""}
