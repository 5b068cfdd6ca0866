"""What copies, exports and creations write: the rows that a plan says, and nothing that it doesn't."""

from collections.abc import Iterable
from typing import NamedTuple

import orjson
from sqlalchemy import insert

from app.domain.create import CreatePlan
from app.domain.export import ExportPlan
from app.domain.model import DraftId, FlowId, FlowStatus
from app.domain.references import ReferenceOutcome
from app.storage.ids import Kind, new_id
from app.storage.states import shown
from app.storage.tables import FLOW, FLOW_EXPORT
from app.storage.write_context import WriteContext

INSERT_FLOW, INSERT_RECORD = insert(FLOW), insert(FLOW_EXPORT)


class WrittenFlow(NamedTuple):
    flow_id: FlowId
    draft_id: DraftId


async def write_export(context: WriteContext, plan: ExportPlan) -> WrittenFlow:
    """Write a copy or export: the draft, its flow if that is new, and the record."""
    if plan.overrides is None:
        flow_id, revision = await _insert_flow(context, plan)
    else:
        await context.set_aside(plan.sets_aside)
        revision = await context.next_revision(plan.overrides, plan.state if plan.renames_flow else None)
        flow_id = plan.overrides
    written = WrittenFlow(flow_id, await context.insert_draft(flow_id, plan.state, revision=revision))
    await _insert_record(context, plan, written)
    return written


async def write_flow(context: WriteContext, plan: CreatePlan) -> WrittenFlow:
    """Write a flow that was created from a graph: its content, unless that is known already, and its draft."""
    await context.insert_content(plan.content)
    flow_id, revision = await _insert_flow(context, plan)
    return WrittenFlow(flow_id, await context.insert_draft(flow_id, plan.state, revision=revision))


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


async def _insert_flow(context: WriteContext, plan: ExportPlan | CreatePlan) -> tuple[FlowId, int]:
    """A new flow: it starts inactive, belongs to the caller, and shows what its draft says (X3). Its first revision."""
    flow = {
        **shown(plan.state),
        "id": new_id(Kind.FLOW),
        "workspace_id": plan.workspace_id,
        "type": plan.type.value,
        "status": FlowStatus.INACTIVE.value,
        "created_by": context.actor,
        "created_at": context.at,
        "updated_at": context.at,
        "draft_revision": 1,
    }
    await context.connection.change(INSERT_FLOW, flow)
    return FlowId(flow["id"]), 1


async def _insert_record(context: WriteContext, plan: ExportPlan, written: WrittenFlow) -> None:
    record = {
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
    await context.connection.change(INSERT_RECORD, record)
