"""What mutations answer: what was made, what became of the references, or every reason why nothing was written."""

from operator import attrgetter
from typing import Any

import strawberry

from app.domain.source import CopiedFrom
from app.execution.lookups import Lookup
from app.execution.relations import Field, one
from app.graphql.context import Info
from app.graphql.describe import about
from app.graphql.errors.interfaces import (
    CopyFlowError,
    CreateFlowError,
    DeleteFlowError,
    DiscardFlowDraftError,
    ExportFlowError,
    ExportFlowsError,
    ExportFlowWarning,
    PublishFlowDraftError,
    RestoreFlowDraftError,
    RevertFlowError,
    StartFlowError,
    StopFlowError,
    UndoExportError,
    UpdateFlowDraftError,
)
from app.graphql.types.export import FlowExport
from app.graphql.types.flow import Flow, FlowDraft, FlowVersion
from app.graphql.types.report import ReferenceOutcome


def flow_made(description: str) -> Field:
    """Like the two below, it is read only where it is asked for, of all items of a call together."""
    return one(lambda loaders: loaders.flows, attrgetter("flow_id"), description)


def draft_made(key: str, description: str) -> Field:
    return one(lambda loaders: loaders.drafts, attrgetter(key), description)


def record_of_export() -> Field:
    return one(lambda loaders: loaders.exports, attrgetter("export_id"), "The record, which stays; null when refused.")


def references_of_record() -> Field:
    """What the record shows of them; it is known of what was done now."""

    def resolve(root: Any, info: Info) -> Any:  # noqa: ANN401 - the field's type says what it is
        return [] if root.export_id is None else Lookup(info.context.loaders.export_references, root.export_id)

    return strawberry.field(resolver=resolve, description="What became of every reference, in the order of the steps.")


REPLAYED = "Whether it was done before, with the same idempotency key: this is the outcome, read as it is now."
ERRORS = "Every reason why nothing was written; empty when it was done."


@strawberry.type(description="The result of `copyFlow`.")
class CopyFlowPayload:
    flow_id: strawberry.Private[str | None]
    draft_id: strawberry.Private[str | None]
    flow: Flow | None = flow_made("The new flow; null when refused.")
    draft: FlowDraft | None = draft_made("draft_id", "Its draft, an exact copy; null when refused.")
    copied_from: CopiedFrom | None = about("Which state of the source was copied; null when refused.")
    references: list[ReferenceOutcome] = references_of_record()
    export_id: strawberry.Private[str | None]
    export_record: FlowExport | None = record_of_export()
    replayed: bool = about(REPLAYED)
    errors: list[CopyFlowError] = about(ERRORS)


@strawberry.type(description="The result of `exportFlow`.")
class ExportFlowPayload:
    flow_id: strawberry.Private[str | None]
    draft_id: strawberry.Private[str | None]
    set_aside_id: strawberry.Private[str | None]
    flow: Flow | None = flow_made("The new or overridden flow; null when refused.")
    draft: FlowDraft | None = draft_made(
        "draft_id", "The draft that was made: choose credentials in it, then publish it."
    )
    set_aside: FlowDraft | None = draft_made(
        "set_aside_id", "The draft that was set aside, if the overridden flow had one."
    )
    copied_from: CopiedFrom | None = about("Which state of the source was exported; null when refused.")
    references: list[ReferenceOutcome] = references_of_record()
    export_id: strawberry.Private[str | None]
    export_record: FlowExport | None = record_of_export()
    warnings: list[ExportFlowWarning] = about("What to know although the export was done.")
    replayed: bool = about(REPLAYED)
    errors: list[ExportFlowError] = about(ERRORS)


@strawberry.type(description="The result of `exportFlows`.")
class ExportFlowsPayload:
    results: list[ExportFlowPayload] = about(
        "One for each item, in the order of the input, as `exportFlow` would answer; paths of errors begin with `items` and "
        "the index of the item. Empty where there are too many items to look at them, or none, and where the idempotency key "
        "was used for another input."
    )
    succeeded: int = about("How many items were exported.")
    refused: int = about("How many were not.")
    replayed: bool = about(
        "Whether all that is done was done before, with the same idempotency key. Each result says it of its own."
    )
    errors: list[ExportFlowsError] = about("What is wrong with the call as a whole: then nothing was written.")


@strawberry.type(description="The result of `createFlow`.")
class CreateFlowPayload:
    flow: Flow | None = about("The new flow; null when refused.")
    draft: FlowDraft | None = about("Its draft; null when refused.")
    replayed: bool = about(REPLAYED)
    errors: list[CreateFlowError] = about(ERRORS)


@strawberry.type(description="The result of `updateFlowDraft`.")
class UpdateFlowDraftPayload:
    flow: Flow | None = about("The flow; null when refused.")
    draft: FlowDraft | None = about("The draft as it is saved, with its new revision; null when refused.")
    errors: list[UpdateFlowDraftError] = about(ERRORS)


@strawberry.type(description="The result of `publishFlowDraft`.")
class PublishFlowDraftPayload:
    flow: Flow | None = about("The flow, as its new version; null when refused.")
    version: FlowVersion | None = about("The version that the draft became; null when refused.")
    replayed: bool = about(REPLAYED)
    errors: list[PublishFlowDraftError] = about(ERRORS)


@strawberry.type(description="The result of `revertFlow`.")
class RevertFlowPayload:
    flow: Flow | None = about("The flow; null when refused.")
    draft: FlowDraft | None = about("The new draft; null when refused, or when it was published at once.")
    version: FlowVersion | None = about("The new version, when it was published at once.")
    set_aside: FlowDraft | None = about("The draft that was set aside, if the flow had one.")
    references: list[ReferenceOutcome] = about("What became of every reference, in the order of the steps.")
    replayed: bool = about(REPLAYED)
    errors: list[RevertFlowError] = about(ERRORS)


@strawberry.type(description="The result of `discardFlowDraft`.")
class DiscardFlowDraftPayload:
    flow: Flow | None = about("The flow; null when refused, or when it was deleted with its draft.")
    discarded_draft_id: strawberry.ID | None = about("The id of the draft that was discarded; null when refused.")
    deleted_flow_id: strawberry.ID | None = about("The id of the flow, if it was deleted with its draft.")
    errors: list[DiscardFlowDraftError] = about(ERRORS)


@strawberry.type(description="The result of `restoreFlowDraft`.")
class RestoreFlowDraftPayload:
    flow: Flow | None = about("The flow; null when refused.")
    draft: FlowDraft | None = about("The draft, which is the one that is being edited now; null when refused.")
    set_aside: FlowDraft | None = about("The draft that was set aside in exchange, if the flow had one.")
    errors: list[RestoreFlowDraftError] = about(ERRORS)


@strawberry.type(description="The result of `undoExport`.")
class UndoExportPayload:
    flow: Flow | None = about("The flow as it was before; null when it was new, or when refused.")
    restored_draft: FlowDraft | None = about("The draft that had been set aside, if there was one.")
    deleted_flow_id: strawberry.ID | None = about("The flow that was new, and is gone.")
    export_id: strawberry.Private[str | None]
    export_record: FlowExport | None = record_of_export()
    errors: list[UndoExportError] = about(ERRORS)


@strawberry.type(description="The result of `startFlow`.")
class StartFlowPayload:
    flow: Flow | None = about("The flow, which runs now; null when refused.")
    errors: list[StartFlowError] = about(ERRORS)


@strawberry.type(description="The result of `stopFlow`.")
class StopFlowPayload:
    flow: Flow | None = about("The flow, which doesn't run any more; null when refused.")
    errors: list[StopFlowError] = about(ERRORS)


@strawberry.type(description="The result of `deleteFlow`.")
class DeleteFlowPayload:
    deleted_flow_id: strawberry.ID | None = about("The flow that is gone; null when refused.")
    errors: list[DeleteFlowError] = about(ERRORS)
