"""Undoes copies and exports, under the locks of the flows (P6)."""

from collections.abc import Sequence

from sqlalchemy import null

from app.domain.events import EventType
from app.domain.undo import ChangeSinceExport, Undone, UndoPlan, earliest_of_flows
from app.storage.connections.row_changes import NOW, update_rows
from app.storage.event_writes import FlowEvent, removed_flows
from app.storage.facts.states import SHOWN, shown_values
from app.storage.store import Store
from app.storage.tables import FLOW, FLOW_DRAFT, FLOW_EXPORT
from app.storage.writes.lifecycle import REMOVED_DRAFTS, lock_removed_flows

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


async def undo_exports(store: Store, plans: Sequence[UndoPlan]) -> list[Undone]:
    """Remove the drafts of copies and exports, and restore the state before; revisions never start again (H1)."""
    flows = earliest_of_flows(plans)
    removed = [flow_id for flow_id, plan in flows.items() if plan.deletes_flow]
    stay = {flow_id: plan for flow_id, plan in flows.items() if not plan.deletes_flow}
    if removed:
        await lock_removed_flows(store, removed)
    await store.write(
        (REMOVED_DRAFTS, [(plan.draft.id,) for plan in plans if plan.draft.flow_id in stay]),
        (_FORGOTTEN, [(plan.draft.set_aside, plan.created_at) for plan in plans if plan.draft.set_aside is not None]),
        (
            _FLOWS,
            [
                (flow_id, plan.revision, plan.shows.updated_at, *shown_values(plan.shows))
                for flow_id, plan in stay.items()
            ],
        ),
    )
    undone = [FlowEvent(EventType.EXPORT_UNDONE, plan.draft.flow_id, export_id=plan.export_id) for plan in plans]
    restored = ((plan.draft.set_aside, plan.revision) for plan in stay.values())
    await store.write(
        (_DRAFTS, [(draft_id, revision) for draft_id, revision in restored if draft_id is not None]),
        *removed_flows(removed, after=undone),
        (_UNDONE, [(plan.export_id,) for plan in plans]),
    )
    outcomes = [(plan.export_id, plan.draft.flow_id, flows[plan.draft.flow_id]) for plan in plans]
    return [
        Undone(export_id, flow_id, earliest.draft.set_aside, flow_id if earliest.deletes_flow else None)
        for export_id, flow_id, earliest in outcomes
    ]
