"""What copies, exports and creations write: the rows that a plan says, and nothing that it doesn't."""

from collections.abc import Iterable
from typing import Any, NamedTuple

import orjson
from sqlalchemy import Table

from app.domain.create import CreatePlan
from app.domain.export import ExportPlan
from app.domain.model import DraftId, FlowId, FlowStatus
from app.domain.references import ReferenceOutcome
from app.offload import offload
from app.storage.ids import Kind, new_id
from app.storage.states import shown
from app.storage.tables import FLOW, FLOW_DRAFT, FLOW_EXPORT
from app.storage.write_context import WriteContext

FIRST_REVISION = 1
CHARACTERS = 100
"""About so many has what is told of one reference."""


class WrittenFlow(NamedTuple):
    flow_id: FlowId
    draft_id: DraftId


async def write_export(context: WriteContext, plan: ExportPlan) -> WrittenFlow:
    """Write a copy or export: the draft, its flow if that is new, and the record."""
    rows: dict[Table, dict[str, Any]] = {}
    if plan.overrides is None:
        rows[FLOW] = _flow_row(context, plan)
        flow_id, revision = FlowId(rows[FLOW]["id"]), FIRST_REVISION
    else:
        await context.set_aside(plan.sets_aside)
        revision = await context.next_revision(plan.overrides, plan.state if plan.renames_flow else None)
        flow_id = plan.overrides
    rows[FLOW_DRAFT] = context.draft_row(flow_id, plan.state, revision=revision)
    written = WrittenFlow(flow_id, DraftId(rows[FLOW_DRAFT]["id"]))
    rows[FLOW_EXPORT] = await offload(CHARACTERS * len(plan.references), _record_row, context, plan, written)
    await context.insert_rows(rows)
    return written


async def write_flow(context: WriteContext, plan: CreatePlan) -> WrittenFlow:
    """Write a flow that was created from a graph: its content, unless that is known already, and its draft."""
    await context.insert_content(plan.content)
    flow = _flow_row(context, plan)
    draft = context.draft_row(FlowId(flow["id"]), plan.state, revision=FIRST_REVISION)
    await context.insert_rows({FLOW: flow, FLOW_DRAFT: draft})
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


def _record_row(context: WriteContext, plan: ExportPlan, written: WrittenFlow) -> dict[str, Any]:
    return {
        "id": new_id(Kind.EXPORT),
        "actor_id": context.actor,
        "created_at": context.at,
        "copied_from": plan.copied_from.value,
        "source_flow_id": plan.source_flow,
        "source_version_id": plan.source_version,
        "destination_workspace_id": plan.workspace_id,
        "destination_flow_id": written.flow_id,
        "draft_id": written.draft_id,
        "set_aside_draft_id": plan.sets_aside,
        "references": references_to_text(plan.references),
    }
