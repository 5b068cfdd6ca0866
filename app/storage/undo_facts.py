"""Records of copies and exports, as undoing them rests on them (P6)."""

from sqlalchemy import Text, and_, bindparam, exists, literal, select

from app.domain.model import DraftId, ExportId, FlowId
from app.domain.undo import ChangeSinceExport, ExportedDraft, UndoFacts
from app.storage.database_connections import ReadConnection, Row
from app.storage.ids import Kind, is_id
from app.storage.tables import FLOW, FLOW_DRAFT, FLOW_EXPORT, WORKSPACE_ACCESS
from app.storage.visibility import ACCESS_COLUMNS, BY_VIEWER, MEMBER, access_of, with_access

_IS_THIS = FLOW_EXPORT.c.id == bindparam("export", type_=Text)

_SEEN = FLOW_EXPORT.join(
    WORKSPACE_ACCESS,
    and_(WORKSPACE_ACCESS.c.workspace_id == FLOW_EXPORT.c.destination_workspace_id, BY_VIEWER, MEMBER),
)
"""Those that went where the viewer is a member."""

FLOW_OF_EXPORT = select(FLOW_EXPORT.c.destination_flow_id).select_from(_SEEN).where(_IS_THIS)

_ASIDE, _OTHER = FLOW_DRAFT.alias("aside"), FLOW_DRAFT.alias("other")
_IS_KEPT = exists(select(literal(1)).where(_ASIDE.c.id == FLOW_EXPORT.c.set_aside_draft_id))
_HAS_OTHER_DRAFT = exists(select(literal(1)).where(_OTHER.c.flow_id == FLOW.c.id, _OTHER.c.id != FLOW_DRAFT.c.id))

UNDO_FACTS = (
    select(
        *ACCESS_COLUMNS,
        FLOW_EXPORT.c.id.label("export_id"),
        FLOW_EXPORT.c.first_change,
        FLOW_EXPORT.c.undone_at,
        FLOW_EXPORT.c.set_aside_draft_id,
        FLOW.c.id.label("flow_id"),
        FLOW.c.name.label("flow_name"),
        FLOW.c.published_version_id,
        FLOW_DRAFT.c.id.label("draft_id"),
        _IS_KEPT.label("is_kept"),
        _HAS_OTHER_DRAFT.label("has_other_draft"),
    )
    .select_from(
        with_access(_SEEN)
        .outerjoin(FLOW, FLOW.c.id == FLOW_EXPORT.c.destination_flow_id)
        .outerjoin(FLOW_DRAFT, FLOW_DRAFT.c.id == FLOW_EXPORT.c.draft_id)
    )
    .where(_IS_THIS)
)


async def find_flow_of_export(connection: ReadConnection, viewer: str, export_id: str) -> str | None:
    """The flow that a copy or export made or overrode; None if the viewer can't see where it went."""
    if not is_id(Kind.EXPORT, export_id):
        return None
    flow_id: str | None = await connection.value(FLOW_OF_EXPORT, {"viewer": viewer, "export": export_id})
    return flow_id


async def read_undo_facts(connection: ReadConnection, viewer: str, export_id: str) -> UndoFacts | None:
    """What undoing rests on; None if the viewer can't see where it went."""
    if not is_id(Kind.EXPORT, export_id):
        return None
    row = await connection.row(UNDO_FACTS, {"viewer": viewer, "export": export_id})
    if row is None:
        return None
    since = ChangeSinceExport.ALREADY_UNDONE if row.undone_at is not None else row.first_change
    return UndoFacts(
        export_id=ExportId(row.export_id),
        access=access_of(row),
        flow_name=row.flow_name,
        since=None if since is None else ChangeSinceExport(since),
        made=None if row.draft_id is None else _draft_of(row),
    )


def _draft_of(row: Row) -> ExportedDraft:
    set_aside = row.set_aside_draft_id
    return ExportedDraft(
        id=DraftId(row.draft_id),
        flow_id=FlowId(row.flow_id),
        set_aside=None if set_aside is None else DraftId(set_aside),
        is_kept=set_aside is None or row.is_kept,
        is_all_of_flow=row.published_version_id is None and not row.has_other_draft,
    )
