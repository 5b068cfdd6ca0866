"""Writes new flows and drafts of copies, exports and creations, many at once, and undoes copies and exports (P6)."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from hashlib import sha256

import orjson
from sqlalchemy import null

from app.domain.edit import CreatePlan, Saved
from app.domain.export import Exported, ExportPlan
from app.domain.flow import TEXTS, FlowState, ShownFlow, texts_of
from app.domain.model import DraftId, EventType, ExportId, FlowId, Kind, VersionOrigin
from app.domain.references import ReferenceOutcome
from app.domain.undo import ChangeSinceExport, Undone, UndoPlan, earliest_of_flows
from app.offload import interruptible, offload
from app.storage.connections.connection import views_of
from app.storage.connections.row_changes import BY, NOW, Parts, insert_new_rows, insert_rows, update_rows
from app.storage.event_writes import FlowEvent, flow_events, removed_flows
from app.storage.facts.states import SHOWN, bindings_text, field_values, shown_values, state_values
from app.storage.ids import new_id
from app.storage.reads.rows import DraftView, FlowView
from app.storage.store import Store
from app.storage.tables import FLOW, FLOW_DRAFT, FLOW_EXPORT, REFERENCE_REPORT
from app.storage.writes.lifecycle import (
    NEW_DRAFTS,
    NEW_FLOWS,
    REMOVED_DRAFTS,
    REVISED_WITH_TEXTS,
    lock_flows_and_read_drafts,
    set_aside_rows,
    write_content,
)

CHARACTERS = 100
"""The report of one reference has about so many."""
CHARACTERS_AT_ONCE = 4_000_000
"""About so many are written in one statement: the driver needs several times the memory of what it sends."""
FIRST_REVISION = 1

_REPORTS = insert_new_rows(REFERENCE_REPORT, ("hash", "references"))
_RECORDS = insert_rows(
    FLOW_EXPORT,
    (
        "id",
        "draft_id",
        "destination_flow_id",
        "destination_workspace_id",
        "copied_from",
        "source_workspace_id",
        "source_flow_id",
        "source_version_id",
        "set_aside_draft_id",
        "flow_before",
        "report_hash",
        "content_hash",
    ),
    actor_id=BY,
    created_at=NOW,
)


# The columns of a draft, then those of its flow, as `in_one_statement` returns them.
_draft_of, _flow_of = views_of(DraftView).make, views_of(FlowView, start=len(DraftView._fields)).make


async def write_exports(store: Store, plans: Sequence[ExportPlan]) -> list[Exported]:
    """Write copies and exports: drafts, their flows if those are new, and the records; in one statement, as a rule."""
    exports: list[Exported] = []
    for part in in_parts(plans):
        size = CHARACTERS * sum(1 + len(plan.references) for plan in part)
        exported, rows = await offload(size, _rows_of, part)
        by_draft = {row[0]: (_flow_of(row), _draft_of(row)) for row in await store.write(*rows)}
        written = [(each, *by_draft[each.draft_id]) for each in exported]
        exports += [replace(each, flow=flow, draft=draft) for each, flow, draft in written]
    return exports


async def write_flow(store: Store, plan: CreatePlan) -> Saved:
    """Write a flow that was created from a graph: its content, unless that is known already, and its draft."""
    await write_content(store, plan.content)
    flow_id, draft_id = FlowId(new_id(Kind.FLOW)), DraftId(new_id(Kind.DRAFT))
    await store.write(
        flow_events([FlowEvent(EventType.FLOW_CREATED, flow_id, plan.state.name, plan.workspace_id)]),
        (NEW_FLOWS, [(flow_id, plan.workspace_id, plan.type, FIRST_REVISION, *shown_values(plan.state))]),
        (NEW_DRAFTS, [(draft_id, flow_id, FIRST_REVISION, *state_values(plan.state))]),
    )
    return Saved(flow_id, draft_id)


def in_parts(plans: Sequence[ExportPlan]) -> Iterator[Sequence[ExportPlan]]:
    """Split the plans so that each part is written in one statement: very many references or long data samples make several."""
    part, characters, lengths = list[ExportPlan](), 0, dict[int, int]()
    for plan in plans:
        bindings = plan.state.graph.bindings
        if id(bindings) not in lengths:
            # Data samples may be long.
            lengths[id(bindings)] = sum(len(str(value)) for step in bindings for value in step.values.values())
        part.append(plan)
        characters += CHARACTERS * len(plan.references) + lengths[id(bindings)]
        if characters >= CHARACTERS_AT_ONCE:
            yield part
            part, characters = [], 0
    if part:
        yield part


def references_to_text(references: Iterable[ReferenceOutcome]) -> str:
    """The report of a copy or export as it is stored."""
    report = [
        {"step": step_id, "name": step_name, "kind": kind, "action": action, "from": from_id, "to": to_id}
        for step_id, kind, action, from_id, to_id, step_name in references
    ]
    return orjson.dumps(report).decode()


def flow_to_text(flow: ShownFlow | None) -> str | None:
    """The stored text of what undoing an export restores of the overridden flow; None for a new flow."""
    if flow is None:
        return None
    texts = dict(zip(TEXTS, texts_of(flow), strict=True))
    return orjson.dumps({**texts, "updatedAt": flow.updated_at.isoformat()}).decode()


def _rows_of(plans: Sequence[ExportPlan]) -> tuple[list[Exported], Parts]:
    """The outcomes of copies and exports, and the rows of each table; what plans share is made once."""
    bound = {id(plan.state.graph.bindings): plan.state.graph.bindings for plan in plans}
    different = {id(plan.references): plan.references for plan in plans if plan.references}
    bindings = {each: bindings_text(steps) for each, steps in interruptible(bound.items())}
    texts = {each: references_to_text(references) for each, references in interruptible(different.items())}
    hashes = {each: sha256(text.encode()).hexdigest() for each, text in texts.items()}
    exports = [_exported(plan) for plan in plans]
    written = [*zip(plans, exports, strict=True)]
    records = [_record(plan, exported, hashes.get(id(plan.references))) for plan, exported in interruptible(written)]
    # A new flow belongs to the caller, doesn't run, and shows what its draft says (X3).
    flows = [
        (exported.flow_id, plan.workspace_id, plan.copied.flow.type, FIRST_REVISION, *shown_values(plan.state))
        for plan, exported in interruptible(written)
        if plan.overridden is None
    ]
    overridden = [
        (flow.id, flow.next_revision, *shown_values(_shows(plan)))
        for plan in interruptible(plans)
        if (flow := plan.overridden) is not None
    ]
    drafts = [
        _draft(plan, exported, bindings[id(plan.state.graph.bindings)]) for plan, exported in interruptible(written)
    ]
    events = [_event(plan, exported) for plan, exported in interruptible(written)]
    aside = set_aside_rows([exported.set_aside for exported in exports])
    reports = [*{hashes[each]: text for each, text in texts.items()}.items()]
    return exports, (
        (_REPORTS, reports),
        (_RECORDS, records),
        flow_events(events),
        (NEW_FLOWS, flows),
        (REVISED_WITH_TEXTS, overridden),
        *aside,
        # Last: a flow has one active draft, so its predecessor must have been set aside, and the answer begins with these.
        (NEW_DRAFTS, drafts),
    )


def _exported(plan: ExportPlan) -> Exported:
    """The outcome of the plan, with new ids."""
    flow = plan.overridden
    return Exported(
        export_id=ExportId(new_id(Kind.EXPORT)),
        flow_id=FlowId(new_id(Kind.FLOW)) if flow is None else flow.id,
        draft_id=DraftId(new_id(Kind.DRAFT)),
        set_aside=None if flow is None else flow.draft_id,
        copied_from=plan.copied.copied_from,
        warnings=plan.warnings,
        references=plan.references,
    )


def _record(plan: ExportPlan, exported: Exported, report_hash: str | None) -> tuple[str | None, ...]:
    return (
        exported.export_id,
        exported.draft_id,
        exported.flow_id,
        plan.workspace_id,
        plan.copied.copied_from,
        plan.copied.flow.access.workspace.id,
        plan.copied.flow.id,
        plan.copied.version_id,
        exported.set_aside,
        None if plan.overridden is None else flow_to_text(plan.overridden.shows),
        report_hash,
        plan.state.content_hash,
    )


def _shows(plan: ExportPlan) -> ShownFlow | FlowState:
    """The texts that the destination flow shows: an overridden flow shows its draft until it is published (X5)."""
    flow = plan.overridden
    return plan.state if flow is None or flow.shows_draft else flow.shows or plan.state


def _event(plan: ExportPlan, exported: Exported) -> FlowEvent:
    is_copy = plan.state.origin is VersionOrigin.COPY
    return FlowEvent(
        EventType.FLOW_COPIED if is_copy else EventType.FLOW_EXPORTED,
        exported.flow_id,
        _shows(plan).name,
        plan.workspace_id,
        plan.copied.flow.access.workspace.id,
        export_id=exported.export_id,
    )


def _draft(plan: ExportPlan, exported: Exported, bindings: str) -> tuple[str | int | None, ...]:
    record = exported.export_id
    revision = FIRST_REVISION if plan.overridden is None else plan.overridden.next_revision
    return exported.draft_id, exported.flow_id, revision, *field_values(plan.state), record, record, bindings


_RESTORED_FLOWS = update_rows(FLOW, ("draft_revision", "updated_at", *SHOWN))
_RESTORED_DRAFTS = update_rows(FLOW_DRAFT, ("revision",), set_aside_at=null(), set_aside_by=null())
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


async def write_undos(store: Store, plans: Sequence[UndoPlan]) -> list[Undone]:
    """Remove the drafts of copies and exports, and restore the state before; revisions never start again (H1)."""
    flows = earliest_of_flows(plans)
    removed = [flow_id for flow_id, plan in flows.items() if plan.deletes_flow]
    stay = {flow_id: plan for flow_id, plan in flows.items() if not plan.deletes_flow}
    if removed:
        await lock_flows_and_read_drafts(store, removed)
    await store.write(
        (REMOVED_DRAFTS, [(plan.draft.id,) for plan in plans if plan.draft.flow_id in stay]),
        (_FORGOTTEN, [(plan.draft.set_aside, plan.created_at) for plan in plans if plan.draft.set_aside is not None]),
        (
            _RESTORED_FLOWS,
            [
                (flow_id, plan.revision, plan.shows.updated_at, *shown_values(plan.shows))
                for flow_id, plan in stay.items()
            ],
        ),
    )
    undone = [FlowEvent(EventType.EXPORT_UNDONE, plan.draft.flow_id, export_id=plan.export_id) for plan in plans]
    restored = ((plan.draft.set_aside, plan.revision) for plan in stay.values())
    await store.write(
        (_RESTORED_DRAFTS, [(draft_id, revision) for draft_id, revision in restored if draft_id is not None]),
        *removed_flows(removed, after=undone),
        (_UNDONE, [(plan.export_id,) for plan in plans]),
    )
    outcomes = [(plan.export_id, plan.draft.flow_id, flows[plan.draft.flow_id]) for plan in plans]
    return [
        Undone(export_id, flow_id, earliest.draft.set_aside, flow_id if earliest.deletes_flow else None)
        for export_id, flow_id, earliest in outcomes
    ]
