"""Undoes copies and exports, under the locks of the flows (P6)."""

from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Text, and_, bindparam, case, null, select

from app.domain.flow import TEXTS, ShownFlow
from app.domain.undo import ChangeSinceExport, UndoPlan
from app.storage.connections.connection import Row
from app.storage.connections.row_changes import NOW, update_rows
from app.storage.facts.states import SHOWN, shown_values
from app.storage.store import Store
from app.storage.tables import FLOW, FLOW_DRAFT, FLOW_EXPORT
from app.storage.writes.lifecycle import REMOVED_DRAFTS, REMOVED_FLOWS, lock_removed_flow

_SHOWS_DRAFT = and_(FLOW.c.published_version_id.is_(None), FLOW_DRAFT.c.id.is_not(None))
_BEFORE = (
    select(
        FLOW_EXPORT.c.created_at,
        FLOW_EXPORT.c.flow_before,
        FLOW.c.updated_at,
        *(case((_SHOWS_DRAFT, FLOW_DRAFT.c[text]), else_=FLOW.c[text]).label(text) for text in TEXTS),
    )
    .select_from(
        FLOW_EXPORT.join(FLOW, FLOW.c.id == FLOW_EXPORT.c.destination_flow_id).outerjoin(
            FLOW_DRAFT, FLOW_DRAFT.c.id == FLOW_EXPORT.c.set_aside_draft_id
        )
    )
    .where(FLOW_EXPORT.c.id == bindparam("export", type_=Text))
)
"""The record and the flow; for a record that doesn't say what the flow showed, what it shows with the draft set aside."""
_FLOWS = update_rows(FLOW, ("draft_revision", "updated_at", *SHOWN))
_DRAFTS = update_rows(FLOW_DRAFT, ("revision",), set_aside_at=null(), set_aside_by=null())
_FORGOTTEN = update_rows(
    FLOW_EXPORT,
    (),
    FLOW_EXPORT.c.first_change == ChangeSinceExport.OVERRIDDEN_AGAIN.value,
    key=("draft_id", "first_changed_at"),
    first_change=null(),
    first_changed_at=null(),
)
"""Clears the first change in the record of a draft that the export set aside."""
_UNDONE = update_rows(FLOW_EXPORT, (), undone_at=NOW)


async def undo_export(store: Store, plan: UndoPlan) -> None:
    """Remove the draft of a copy or export, and restore the state before; the revision goes on counting (H1)."""
    draft, flow_id = plan.draft, plan.draft.flow_id
    if plan.deletes_flow:
        await lock_removed_flow(store, flow_id)
        await store.write((REMOVED_FLOWS, [(flow_id,)]), (_UNDONE, [(plan.export_id,)]))
        return
    row = await store.connection.row(_BEFORE, {"export": plan.export_id})
    if row is None:
        raise LookupError(f"{plan.export_id} is decided about but not found")
    before = _before(row)
    restored = [] if draft.set_aside is None else [draft.set_aside]
    await store.write(
        (REMOVED_DRAFTS, [(draft.id,)]),
        (_FORGOTTEN, [(draft_id, row.created_at) for draft_id in restored]),
        (_FLOWS, [(flow_id, plan.revision, before.updated_at, *shown_values(before))]),
    )
    await store.write((_DRAFTS, [(draft_id, plan.revision) for draft_id in restored]), (_UNDONE, [(plan.export_id,)]))


def _before(row: Row) -> ShownFlow:
    """The texts of the flow before the export; a start or stop since then keeps its time."""
    before, updated_at = row, row.updated_at
    if row.flow_before is not None:
        before = orjson.loads(row.flow_before)
        updated_at = datetime.fromisoformat(before["updatedAt"]) if updated_at == row.created_at else updated_at
    texts: dict[str, Any] = {text: before.get(text) for text in TEXTS}
    return ShownFlow(**texts, updated_at=updated_at)
