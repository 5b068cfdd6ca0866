"""From the outcome of a use case to the payload of its mutation."""

import strawberry

from app.domain.create import CreateRefusal
from app.domain.discard import DiscardRefusal
from app.domain.errors import Refused
from app.domain.export import CopyRefusal, ExportRefusal
from app.domain.export_batch import BatchRefusal
from app.domain.publish import PublishRefusal
from app.domain.restore import RestoreRefusal
from app.domain.revert import RevertRefusal
from app.domain.running import DeleteRefusal, StartRefusal, StopRefusal
from app.domain.undo import UndoRefusal
from app.domain.update import UpdateRefusal
from app.execution.lookups import Lookup
from app.graphql.context import Info
from app.graphql.errors.table import error_of, warning_of
from app.graphql.payloads import (
    CopyFlowPayload,
    CreateFlowPayload,
    DeleteFlowPayload,
    DiscardFlowDraftPayload,
    ExportFlowPayload,
    ExportFlowsPayload,
    PublishFlowDraftPayload,
    RestoreFlowDraftPayload,
    RevertFlowPayload,
    StartFlowPayload,
    StopFlowPayload,
    UndoExportPayload,
    UpdateFlowDraftPayload,
)
from app.graphql.types.flow import Flow, FlowDraft, FlowVersion
from app.graphql.types.report import ReferenceOutcome
from app.usecases.results import (
    Created,
    Deleted,
    Discarded,
    Exported,
    ExportedBatch,
    Published,
    Restored,
    Reverted,
    Saved,
    Toggled,
    Undone,
)


def copy_flow_payload(info: Info, outcome: Exported | Refused[CopyRefusal]) -> CopyFlowPayload:
    if isinstance(outcome, Refused):
        return CopyFlowPayload(
            replayed=False,
            flow_id=None,
            draft_id=None,
            copied_from=None,
            export_id=None,
            errors=[error_of(error) for error in outcome.errors],
        )
    _know_references(info, outcome)
    return CopyFlowPayload(
        replayed=outcome.replayed,
        flow_id=outcome.flow_id,
        draft_id=outcome.draft_id,
        copied_from=outcome.copied_from,
        export_id=outcome.export_id,
        errors=[],
    )


def export_flows_payload(info: Info, outcome: ExportedBatch, number: int) -> ExportFlowsPayload:
    """The results of a call of so many items."""
    succeeded = sum(isinstance(result, Exported) for result in outcome.results)
    return ExportFlowsPayload(
        results=[export_flow_payload(info, result) for result in outcome.results],
        succeeded=succeeded,
        refused=number - succeeded,
        replayed=outcome.replayed,
        errors=[error_of(error) for error in outcome.errors],
    )


def export_flow_payload(
    info: Info,
    outcome: Exported | Refused[ExportRefusal] | Refused[BatchRefusal],
) -> ExportFlowPayload:
    """What was made is null where somebody has published, discarded or removed it since."""
    if isinstance(outcome, Refused):
        return ExportFlowPayload(
            replayed=False,
            flow_id=None,
            draft_id=None,
            set_aside_id=None,
            copied_from=None,
            export_id=None,
            warnings=[],
            errors=[error_of(error) for error in outcome.errors],
        )
    _know_references(info, outcome)
    return ExportFlowPayload(
        replayed=outcome.replayed,
        flow_id=outcome.flow_id,
        draft_id=outcome.draft_id,
        set_aside_id=outcome.set_aside,
        copied_from=outcome.copied_from,
        export_id=outcome.export_id,
        warnings=[warning_of(warning) for warning in outcome.warnings],
        errors=[],
    )


def _know_references(info: Info, outcome: Exported) -> None:
    """What was done now is known; of a replay the record is read, where it is asked for."""
    if not outcome.replayed:
        info.context.loaders.export_references.know(lambda: {outcome.export_id: [*outcome.references]})


async def create_flow_payload(info: Info, outcome: Created | Refused[CreateRefusal]) -> CreateFlowPayload:
    if isinstance(outcome, Refused):
        return CreateFlowPayload(
            replayed=False, flow=None, draft=None, errors=[error_of(error) for error in outcome.errors]
        )
    flow = await flow_by_id(info, outcome.flow_id)
    return CreateFlowPayload(
        replayed=outcome.replayed, flow=flow, draft=await draft_by_id(info, outcome.draft_id), errors=[]
    )


async def update_flow_draft_payload(info: Info, outcome: Saved | Refused[UpdateRefusal]) -> UpdateFlowDraftPayload:
    if isinstance(outcome, Refused):
        return UpdateFlowDraftPayload(flow=None, draft=None, errors=[error_of(error) for error in outcome.errors])
    flow = await flow_by_id(info, outcome.flow_id)
    return UpdateFlowDraftPayload(flow=flow, draft=await draft_by_id(info, outcome.draft_id), errors=[])


async def publish_flow_draft_payload(
    info: Info, outcome: Published | Refused[PublishRefusal]
) -> PublishFlowDraftPayload:
    if isinstance(outcome, Refused):
        return PublishFlowDraftPayload(
            replayed=False, flow=None, version=None, errors=[error_of(error) for error in outcome.errors]
        )
    flow = await flow_by_id(info, outcome.flow_id)
    return PublishFlowDraftPayload(
        replayed=outcome.replayed, flow=flow, version=await version_by_id(info, outcome.version_id), errors=[]
    )


async def revert_flow_payload(info: Info, outcome: Reverted | Refused[RevertRefusal]) -> RevertFlowPayload:
    if isinstance(outcome, Refused):
        return RevertFlowPayload(
            replayed=False,
            flow=None,
            draft=None,
            version=None,
            set_aside=None,
            references=[],
            errors=[error_of(error) for error in outcome.errors],
        )
    flow = await flow_by_id(info, outcome.flow_id)
    draft, set_aside = await drafts_by_id(info, outcome.draft_id, outcome.set_aside)
    return RevertFlowPayload(
        replayed=outcome.replayed,
        flow=flow,
        draft=draft,
        version=None if outcome.version_id is None else await version_by_id(info, outcome.version_id),
        set_aside=set_aside,
        references=ReferenceOutcome.all_of(() if flow is None else outcome.references),
        errors=[],
    )


async def discard_flow_draft_payload(
    info: Info, outcome: Discarded | Refused[DiscardRefusal]
) -> DiscardFlowDraftPayload:
    if isinstance(outcome, Refused):
        return DiscardFlowDraftPayload(
            flow=None,
            discarded_draft_id=None,
            deleted_flow_id=None,
            errors=[error_of(error) for error in outcome.errors],
        )
    return DiscardFlowDraftPayload(
        flow=None if outcome.flow_is_deleted else await flow_by_id(info, outcome.flow_id),
        discarded_draft_id=strawberry.ID(outcome.draft_id),
        deleted_flow_id=strawberry.ID(outcome.flow_id) if outcome.flow_is_deleted else None,
        errors=[],
    )


async def restore_flow_draft_payload(
    info: Info, outcome: Restored | Refused[RestoreRefusal]
) -> RestoreFlowDraftPayload:
    if isinstance(outcome, Refused):
        return RestoreFlowDraftPayload(
            flow=None, draft=None, set_aside=None, errors=[error_of(error) for error in outcome.errors]
        )
    flow = await flow_by_id(info, outcome.flow_id)
    draft, set_aside = await drafts_by_id(info, outcome.draft_id, outcome.set_aside)
    return RestoreFlowDraftPayload(flow=flow, draft=draft, set_aside=set_aside, errors=[])


async def undo_export_payload(info: Info, outcome: Undone | Refused[UndoRefusal]) -> UndoExportPayload:
    if isinstance(outcome, Refused):
        return UndoExportPayload(
            flow=None,
            restored_draft=None,
            deleted_flow_id=None,
            export_id=None,
            errors=[error_of(error) for error in outcome.errors],
        )
    restored = outcome.restored_draft
    return UndoExportPayload(
        flow=None if outcome.flow_is_deleted else await flow_by_id(info, outcome.flow_id),
        restored_draft=None if restored is None else await draft_by_id(info, restored),
        deleted_flow_id=strawberry.ID(outcome.flow_id) if outcome.flow_is_deleted else None,
        export_id=outcome.export_id,
        errors=[],
    )


async def start_flow_payload(info: Info, outcome: Toggled | Refused[StartRefusal]) -> StartFlowPayload:
    if isinstance(outcome, Refused):
        return StartFlowPayload(flow=None, errors=[error_of(error) for error in outcome.errors])
    return StartFlowPayload(flow=await flow_by_id(info, outcome.flow_id), errors=[])


async def stop_flow_payload(info: Info, outcome: Toggled | Refused[StopRefusal]) -> StopFlowPayload:
    if isinstance(outcome, Refused):
        return StopFlowPayload(flow=None, errors=[error_of(error) for error in outcome.errors])
    return StopFlowPayload(flow=await flow_by_id(info, outcome.flow_id), errors=[])


def delete_flow_payload(outcome: Deleted | Refused[DeleteRefusal]) -> DeleteFlowPayload:
    if isinstance(outcome, Refused):
        return DeleteFlowPayload(deleted_flow_id=None, errors=[error_of(error) for error in outcome.errors])
    return DeleteFlowPayload(deleted_flow_id=strawberry.ID(outcome.flow_id), errors=[])


async def version_by_id(info: Info, version_id: str) -> FlowVersion | None:
    """The version that a mutation has made; None if its flow has gone since."""
    return await Lookup(info.context.loaders.versions, version_id)


async def draft_by_id(info: Info, draft_id: str) -> FlowDraft | None:
    """The draft that a mutation has made or set aside; None if somebody has published or discarded it since."""
    return await Lookup(info.context.loaders.drafts, draft_id)


async def drafts_by_id(info: Info, *draft_ids: str | None) -> list[FlowDraft | None]:
    """Several of them, read together; None where there is no id."""
    found = await info.context.loaders.drafts.read(draft_id for draft_id in draft_ids if draft_id is not None)
    return [FlowDraft.of(view) if view is not None else None for view in map(found.get, map(str, draft_ids))]


async def flow_by_id(info: Info, flow_id: str) -> Flow | None:
    """The flow that a mutation has changed; None if it has gone since."""
    return await Lookup(info.context.loaders.flows, flow_id)
