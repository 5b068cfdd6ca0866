"""What copies, exports and creations write: the rows that plans say, and nothing that they don't."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import cache
from typing import Any, NamedTuple

import orjson
from sqlalchemy import Boolean, DateTime, Insert, Integer, Text, any_, bindparam, case, func, select, update
from sqlalchemy.dialects.postgresql import ARRAY

from app.domain.create import CreatePlan
from app.domain.export import ExportPlan
from app.domain.flow import ShownFlow
from app.domain.model import DraftId, ExportId, FlowId, FlowStatus
from app.domain.references import ReferenceOutcome
from app.domain.undo import ChangeSinceExport
from app.offload import offload
from app.storage.ids import Kind, new_id
from app.storage.states import shown
from app.storage.tables import FLOW, FLOW_DRAFT, FLOW_EXPORT
from app.storage.write_context import Columns, Rows, WriteContext, columns_of, insert_into, noted, parameters_of

FIRST_REVISION = 1
CHARACTERS = 100
"""About so many has what is told of one reference."""

_NOW = bindparam("now", type_=DateTime(timezone=True))
_SHOWN_TEXTS = ("name", "description", "cron", "name_key")
_OVERRIDDEN = {"id": Text, "revision": Integer, "renamed": Boolean, **dict.fromkeys(_SHOWN_TEXTS, Text)}


class WrittenFlow(NamedTuple):
    flow_id: FlowId
    draft_id: DraftId


class WrittenExport(NamedTuple):
    flow_id: FlowId
    draft_id: DraftId
    export_id: ExportId


async def write_exports(context: WriteContext, plans: Sequence[ExportPlan]) -> list[WrittenExport]:
    """Write copies and exports, in one statement for all: drafts, their flows if those are new, and the records."""
    size = CHARACTERS * sum(1 + len(plan.references) for plan in plans)
    rows, written = await offload(size, _rows_of_exports, context, plans)
    overriding = [plan for plan in plans if plan.overrides is not None]
    if not overriding:
        await context.insert_rows(rows)
    else:
        parameters = {**parameters_of(rows), **_parameters_of_overrides(context, overriding)}
        await context.connection.change(_insert_and_override(*columns_of(rows)), parameters)
    return written


async def write_flow(context: WriteContext, plan: CreatePlan) -> WrittenFlow:
    """Write a flow that was created from a graph: its content, unless that is known already, and its draft."""
    await context.insert_content(plan.content)
    flow = _flow_row(context, plan)
    draft = context.draft_row(FlowId(flow["id"]), plan.state, revision=FIRST_REVISION)
    await context.insert_rows({FLOW: [flow], FLOW_DRAFT: [draft]})
    return WrittenFlow(FlowId(flow["id"]), DraftId(draft["id"]))


def references_to_text(references: Iterable[ReferenceOutcome]) -> str:
    """The report of a copy or export as it is stored."""
    report = [
        {
            "step": one.step_id,
            "name": one.step_name,
            "kind": one.kind,
            "action": one.action,
            "from": one.from_id,
            "to": one.to_id,
        }
        for one in references
    ]
    return orjson.dumps(report).decode()


def _flow_row(context: WriteContext, plan: ExportPlan | CreatePlan) -> dict[str, Any]:
    """A new flow: it starts inactive, belongs to the caller, and shows what its draft says (X3)."""
    return {
        **shown(plan.state),
        "id": new_id(Kind.FLOW),
        "workspace_id": plan.workspace_id,
        "type": plan.type.value,
        "status": FlowStatus.INACTIVE.value,
        "created_by": context.actor,
        "created_at": context.at,
        "updated_at": context.at,
        "draft_revision": FIRST_REVISION,
    }


def _before(flow: ShownFlow | None) -> str | None:
    """What undoing an export restores of the overridden flow; None: it is new."""
    if flow is None:
        return None
    texts = {"name": flow.name, "description": flow.description, "cron": flow.cron}
    return orjson.dumps({**texts, "updatedAt": flow.updated_at.isoformat()}).decode()


def _record_row(context: WriteContext, plan: ExportPlan, written: WrittenExport) -> dict[str, Any]:
    return {
        "id": written.export_id,
        "actor_id": context.actor,
        "created_at": context.at,
        "copied_from": plan.copied_from.value,
        "source_workspace_id": plan.source_workspace,
        "source_flow_id": plan.source_flow,
        "source_version_id": plan.source_version,
        "destination_workspace_id": plan.workspace_id,
        "destination_flow_id": written.flow_id,
        "draft_id": written.draft_id,
        "set_aside_draft_id": plan.sets_aside,
        "flow_before": _before(plan.overridden_shows),
        "references": references_to_text(plan.references),
    }


def _rows_of_exports(context: WriteContext, plans: Sequence[ExportPlan]) -> tuple[Rows, list[WrittenExport]]:
    """The rows to insert, those of drafts last."""
    flows, drafts, records, written = [], [], [], []
    for plan in plans:
        flow_id = plan.overrides
        if flow_id is None:
            flows.append(_flow_row(context, plan))
            flow_id = FlowId(flows[-1]["id"])
        export_id = ExportId(new_id(Kind.EXPORT))
        drafts.append(context.draft_row(flow_id, replace(plan.state, export_id=export_id), revision=plan.revision))
        written.append(WrittenExport(flow_id, DraftId(drafts[-1]["id"]), export_id))
        records.append(_record_row(context, plan, written[-1]))
    rows = {FLOW: flows, FLOW_EXPORT: records, FLOW_DRAFT: drafts}
    return {table: its for table, its in rows.items() if its}, written


@cache
def _insert_and_override(*tables: Columns) -> Insert:
    """Inserts rows, those of drafts once the drafts in their place are set aside: a flow has one that is active."""
    aside = (
        update(FLOW_DRAFT)
        .where(FLOW_DRAFT.c.id == any_(bindparam("aside", type_=ARRAY(Text))))
        .values(set_aside_at=_NOW, set_aside_by=bindparam("by", type_=Text))
        .returning(FLOW_DRAFT.c.id)
        .cte("aside")
    )
    overridden = select(
        *(
            func.unnest(bindparam(f"overridden_{name}", type_=ARRAY(kind))).label(name)
            for name, kind in _OVERRIDDEN.items()
        )
    ).subquery("overridden")
    # What a flow shows that was never published is what its draft says (X5).
    texts = {name: case((overridden.c.renamed, overridden.c[name]), else_=FLOW.c[name]) for name in _SHOWN_TEXTS}
    revised = (
        update(FLOW)
        .where(FLOW.c.id == overridden.c.id)
        .values(draft_revision=overridden.c.revision, updated_at=_NOW, **texts)
        .cte("revised")
    )
    is_aside = FLOW_EXPORT.c.draft_id == any_(bindparam("aside", type_=ARRAY(Text)))
    note = noted(ChangeSinceExport.OVERRIDDEN_AGAIN, is_aside)
    return insert_into(*tables, after=aside).add_cte(revised, note)


def _parameters_of_overrides(context: WriteContext, plans: Sequence[ExportPlan]) -> dict[str, Any]:
    rows = [
        {"id": plan.overrides, "revision": plan.revision, "renamed": plan.renames_flow, **shown(plan.state)}
        for plan in plans
    ]
    return {
        "aside": [plan.sets_aside for plan in plans if plan.sets_aside is not None],
        "by": context.actor,
        "now": context.at,
        "at": context.at,
        **{f"overridden_{name}": [row[name] for row in rows] for name in _OVERRIDDEN},
    }
