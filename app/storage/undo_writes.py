"""What undoing a copy or export writes, under the lock of the flow (P6)."""

from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import DateTime, Integer, Text, and_, bindparam, case, delete, select, update

from app.domain.input import name_key
from app.domain.model import DraftId, FlowId
from app.domain.undo import ChangeSinceExport, UndoPlan
from app.storage.tables import FLOW, FLOW_DRAFT, FLOW_EXPORT
from app.storage.write_context import KEEP_OTHERS_AWAY, THIS_DRAFT, THIS_FLOW, UPDATE_DRAFT, WriteContext

_EXPORTED_AT = bindparam("exported_at", type_=DateTime(timezone=True))
_IS_THIS = FLOW_EXPORT.c.id == bindparam("export", type_=Text)
_RECORD = select(FLOW_EXPORT.c.created_at, FLOW_EXPORT.c.flow_before).where(_IS_THIS)
_TEXTS = ("name", "description", "cron")
_HAS_DRAFT = and_(FLOW.c.published_version_id.is_(None), FLOW_DRAFT.c.id.is_not(None))
_SHOWN = (
    select(
        *(case((_HAS_DRAFT, FLOW_DRAFT.c[text]), else_=FLOW.c[text]).label(text) for text in _TEXTS), FLOW.c.updated_at
    )
    .select_from(FLOW.outerjoin(FLOW_DRAFT, FLOW_DRAFT.c.id == THIS_DRAFT))
    .where(FLOW.c.id == THIS_FLOW)
)
"""What a flow shows with this draft: that is its published version's, where it has one, and is so already."""
_DELETE_FLOW = delete(FLOW).where(FLOW.c.id == THIS_FLOW)
_DELETE_DRAFT = delete(FLOW_DRAFT).where(FLOW_DRAFT.c.id == THIS_DRAFT)
_UPDATED_BEFORE = bindparam("updated_before", type_=DateTime(timezone=True))
_RESTORE_FLOW = (
    update(FLOW)
    .where(FLOW.c.id == THIS_FLOW)
    .values(
        draft_revision=FLOW.c.draft_revision + bindparam("counted", type_=Integer),
        updated_at=case((FLOW.c.updated_at == _EXPORTED_AT, _UPDATED_BEFORE), else_=FLOW.c.updated_at),
    )
    .returning(FLOW.c.draft_revision)
)
"""When it was started or stopped since stays told. What else it showed is in the parameters."""
_TAKE_BACK = (
    update(FLOW_EXPORT)
    .where(
        FLOW_EXPORT.c.draft_id == THIS_DRAFT,
        FLOW_EXPORT.c.first_change == ChangeSinceExport.OVERRIDDEN_AGAIN.value,
        FLOW_EXPORT.c.first_changed_at == _EXPORTED_AT,
    )
    .values(first_change=None, first_changed_at=None)
)
"""What the record of a draft noted when it was set aside by the export that is undone."""
_UNDONE = update(FLOW_EXPORT).where(_IS_THIS).values(undone_at=bindparam("at", type_=DateTime(timezone=True)))


async def undo_export(context: WriteContext, plan: UndoPlan) -> None:
    """Remove what a copy or export made, and restore what was there before; only the revision is counted on (H1)."""
    record = await context.connection.row(_RECORD, {"export": plan.export_id})
    if record is None:
        raise LookupError(f"{plan.export_id} is decided about but not found")
    flow_id = plan.draft.flow_id
    if plan.deletes_flow:
        await context.connection.row(KEEP_OTHERS_AWAY, {"this_flow": flow_id})
        await context.connection.change(_DELETE_FLOW, {"this_flow": flow_id})
    else:
        await context.connection.change(_DELETE_DRAFT, {"this_draft": plan.draft.id})
        await _restore(context, flow_id, plan.draft.set_aside, record.created_at, record.flow_before)
    await context.connection.change(_UNDONE, {"export": plan.export_id, "at": context.at})


async def _restore(
    context: WriteContext, flow_id: FlowId, draft_id: DraftId | None, exported_at: datetime, before: str | None
) -> None:
    """What the flow showed, and the draft that was set aside."""
    shown, updated_before = await _shown_before(context, flow_id, draft_id, before)
    restored = {**shown, "name_key": name_key(shown["name"])}
    times = {"exported_at": exported_at, "updated_before": updated_before}
    counted = 0 if draft_id is None else 1
    changes = {**restored, **times, "counted": counted}
    [[revision]] = await context.connection.change(_RESTORE_FLOW, {"this_flow": flow_id, **changes})
    if draft_id is not None:
        active = {"set_aside_at": None, "set_aside_by": None, "revision": revision}
        await context.connection.change(UPDATE_DRAFT, {"this_draft": draft_id, **active})
        await context.connection.change(_TAKE_BACK, {"this_draft": draft_id, "exported_at": exported_at})


async def _shown_before(
    context: WriteContext, flow_id: FlowId, draft_id: DraftId | None, before: str | None
) -> tuple[dict[str, Any], datetime]:
    """The texts that the flow showed before, and when it had changed last. A record without them leaves the time as it is."""
    if before is not None:
        shown = orjson.loads(before)
        return shown, datetime.fromisoformat(shown.pop("updatedAt"))
    row = await context.connection.row(_SHOWN, {"this_flow": flow_id, "this_draft": draft_id})
    if row is None:
        raise LookupError(f"{flow_id} is locked but not found")
    return {text: getattr(row, text) for text in _TEXTS}, row.updated_at
