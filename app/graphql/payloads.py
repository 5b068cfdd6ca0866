"""Payloads of mutations: the result, the outcome of every reference, or every reason why nothing was written.

A payload shows the outcome of a use case. Objects that the outcome doesn't hold are looked up field by field, so that a read
that fails after the commit makes its field null, and not the whole payload.
"""

from collections.abc import Sequence
from typing import Any

import strawberry

from app.domain import (
    batch,
    draft,
    edit,
    export,
    export_batch,
    publish,
    references,
    release,
    review,
    running,
    undo,
)
from app.domain import flow as flow_rules
from app.domain.input import InvalidInput
from app.execution.lookups import Lookup
from app.execution.rows import relation
from app.graphql.context import Info
from app.graphql.describe import about, field
from app.graphql.outcomes import BatchPayload, ExportFlowWarning, Payload, payload
from app.graphql.types.flow import Flow, FlowDraft, FlowVersion
from app.graphql.types.records import FlowExport, ReferenceOutcome, ReleaseRequest


async def references_of_revert(
    payload: strawberry.Parent[Payload[publish.Reverted, Any]], info: Info
) -> Sequence[references.ReferenceOutcome]:
    """The outcome of every reference, in the order of the steps."""
    reverted = payload.outcome
    if reverted is None:
        return ()
    # Whoever repeats the call may not see the flow any more.
    is_shown = not reverted.replayed or await info.context.loaders.flows.load(reverted.flow_id) is not None
    return reverted.references if is_shown else ()


def written(loader: str, column: str, key: str, description: str, *, refused: object = None) -> Any:  # noqa: ANN401 - a field
    """A field with what a copy or export wrote, from a column of its outcome; a replay reads what is there now, by its key."""

    def resolve(payload: strawberry.Parent[Payload[export.Exported, Any]], info: Info) -> Any:  # noqa: ANN401 - known, or looked up
        exported = payload.outcome
        if exported is None or not exported.replayed:
            return refused if exported is None else getattr(exported, column)
        return Lookup(getattr(info.context.loaders, loader), getattr(exported, key))

    return strawberry.field(resolver=resolve, description=description)


REPLAYED = "Whether it was done before, with the same idempotency key: this is the outcome, read as it is now."
REQUEST = "The release as it is now; null when refused."
REFERENCES = "The outcome of every reference, in the order of the steps."
RECORD = "The record, which stays; null when refused."
RESULTS = (
    "One for each item, in the order of the input; paths of errors begin with the list of the input and the index of the "
    "item. Empty where there are too many items to look at them, or none."
)


@payload
class CopyFlowPayload(Payload[export.Exported, export.CopyRefusal]):
    flow: Flow | None = written("flows", "flow", "flow_id", "The new flow; null when refused.")
    draft: FlowDraft | None = written("drafts", "draft", "draft_id", "Its draft, an exact copy; null when refused.")
    copied_from: flow_rules.CopiedFrom | None = about(
        "The state of the source that was copied; null when refused.", of="outcome.copied_from"
    )
    references: list[ReferenceOutcome] = written("export_references", "references", "export_id", REFERENCES, refused=())
    export_record: FlowExport | None = relation("exports", "outcome.export_id", RECORD)
    replayed: bool = about(REPLAYED, of="is_replayed")


# Also the payload of an item of `exportFlows`: hence the refusals of a batch.
@payload
class ExportFlowPayload(Payload[export.Exported, export_batch.BatchRefusal]):
    flow: Flow | None = written("flows", "flow", "flow_id", "The new or overridden flow; null when refused.")
    draft: FlowDraft | None = written(
        "drafts", "draft", "draft_id", "The draft that was made: choose credentials in it, then publish it."
    )
    set_aside: FlowDraft | None = relation(
        "drafts", "outcome.set_aside", "The draft that was set aside, if the overridden flow had one."
    )
    copied_from: flow_rules.CopiedFrom | None = about(
        "The state of the source that was exported; null when refused.", of="outcome.copied_from"
    )
    references: list[ReferenceOutcome] = written("export_references", "references", "export_id", REFERENCES, refused=())
    export_record: FlowExport | None = relation("exports", "outcome.export_id", RECORD)
    warnings: list[ExportFlowWarning] = about("Warnings about an export that was done.", of="known_warnings")
    replayed: bool = about(REPLAYED, of="is_replayed")


@payload
class CreateFlowPayload(Payload[edit.Saved, edit.CreateRefusal]):
    flow: Flow | None = relation("flows", "outcome.flow_id", "The new flow; null when refused.")
    draft: FlowDraft | None = relation("drafts", "outcome.draft_id", "Its draft; null when refused.")
    replayed: bool = about(REPLAYED, of="is_replayed")


@payload
class UpdateFlowDraftPayload(Payload[edit.Saved, edit.UpdateRefusal]):
    flow: Flow | None = relation("flows", "outcome.flow_id", "The flow; null when refused.")
    draft: FlowDraft | None = relation(
        "drafts", "outcome.draft_id", "The draft as it is saved, with its new revision; null when refused."
    )


@payload
class PublishFlowDraftPayload(Payload[publish.Published, publish.PublishRefusal]):
    flow: Flow | None = relation("flows", "outcome.flow_id", "The flow, as its new version; null when refused.")
    version: FlowVersion | None = relation(
        "versions", "outcome.version_id", "The version that the draft became; null when refused."
    )
    replayed: bool = about(REPLAYED, of="is_replayed")


@payload
class RevertFlowPayload(Payload[publish.Reverted, publish.RevertRefusal]):
    flow: Flow | None = relation("flows", "outcome.flow_id", "The flow; null when refused.")
    draft: FlowDraft | None = relation(
        "drafts", "outcome.draft_id", "The new draft; null when refused, or when it was published at once."
    )
    version: FlowVersion | None = relation(
        "versions", "outcome.version_id", "The new version, when it was published at once."
    )
    set_aside: FlowDraft | None = relation(
        "drafts", "outcome.set_aside", "The draft that was set aside, if the flow had one."
    )
    references: list[ReferenceOutcome] = field(references_of_revert)
    replayed: bool = about(REPLAYED, of="is_replayed")


@payload
class DiscardFlowDraftPayload(Payload[draft.DiscardPlan, draft.DiscardRefusal]):
    flow: Flow | None = relation(
        "flows", "outcome.flow_id", "The flow; null when refused, or when it was deleted with its draft."
    )
    discarded_draft_id: strawberry.ID | None = about(
        "The id of the draft that was discarded; null when refused.", of="outcome.draft_id"
    )
    deleted_flow_id: strawberry.ID | None = about(
        "The id of the flow, if it was deleted with its draft.", of="outcome.deleted_flow_id"
    )


@payload
class RestoreFlowDraftPayload(Payload[draft.RestorePlan, draft.RestoreRefusal]):
    flow: Flow | None = relation("flows", "outcome.flow.id", "The flow; null when refused.")
    draft: FlowDraft | None = relation(
        "drafts", "outcome.draft.id", "The draft, which is the one that is being edited now; null when refused."
    )
    set_aside: FlowDraft | None = relation(
        "drafts", "outcome.flow.draft.id", "The draft that was set aside in exchange, if the flow had one."
    )


@payload
class ExportFlowsPayload(BatchPayload[ExportFlowPayload, batch.CallRefusal]):
    results: list[ExportFlowPayload] = about(
        "One for each item, in the order of the input, as `exportFlow` would answer; paths of errors begin with `items` and "
        "the index of the item. Empty where there are too many items to look at them, or none, and where the idempotency key "
        "was used for another input.",
        of="payloads",
    )
    replayed: bool = about(
        "Whether all that is done was done before, with the same idempotency key. Each result says it of its own.",
        of="batch.replayed",
    )


@payload
class PublishFlowDraftsPayload(BatchPayload[PublishFlowDraftPayload, batch.CallRefusal]):
    results: list[PublishFlowDraftPayload] = about(
        f"{RESULTS} Empty as well where the idempotency key was used for another input.", of="payloads"
    )
    replayed: bool = about(
        "Whether all that is done was done before, with the same idempotency key. Each result says it of its own.",
        of="batch.replayed",
    )


@payload
class UndoExportPayload(Payload[undo.Undone, undo.UndoRefusal]):
    flow: Flow | None = relation(
        "flows", "outcome.flow_id", "The flow as it was before; null when it was new, or when refused."
    )
    restored_draft: FlowDraft | None = relation(
        "drafts", "outcome.restored_draft", "The draft that had been set aside, if there was one."
    )
    deleted_flow_id: strawberry.ID | None = about("The flow that was new, and is gone.", of="outcome.deleted_flow_id")
    export_record: FlowExport | None = relation("exports", "outcome.export_id", RECORD)


@payload
class UndoExportsPayload(BatchPayload[UndoExportPayload, InvalidInput]):
    results: list[UndoExportPayload] = about(RESULTS, of="payloads")


@payload
class StartFlowPayload(Payload[running.StatusPlan, running.StartRefusal]):
    flow: Flow | None = relation("flows", "outcome.flow_id", "The flow, which runs now; null when refused.")


@payload
class StopFlowPayload(Payload[running.StatusPlan, running.StopRefusal]):
    flow: Flow | None = relation("flows", "outcome.flow_id", "The flow, which doesn't run any more; null when refused.")


@payload
class StartFlowsPayload(BatchPayload[StartFlowPayload, InvalidInput]):
    results: list[StartFlowPayload] = about(RESULTS, of="payloads")


@payload
class StopFlowsPayload(BatchPayload[StopFlowPayload, InvalidInput]):
    results: list[StopFlowPayload] = about(RESULTS, of="payloads")


@payload
class DeleteFlowPayload(Payload[running.DeletePlan, running.DeleteRefusal]):
    deleted_flow_id: strawberry.ID | None = about("The flow that is gone; null when refused.", of="outcome.flow_id")


@payload
class RequestReleasePayload(Payload[release.ReleaseOutcome, release.RequestRefusal]):
    request: ReleaseRequest | None = relation("releases", "outcome.release_id", "The request; null when refused.")
    replayed: bool = about(REPLAYED, of="is_replayed")


@payload
class ReviewReleasePayload(Payload[release.ReleaseOutcome, review.ReviewRefusal]):
    request: ReleaseRequest | None = relation("releases", "outcome.release_id", REQUEST)


@payload
class WithdrawReleasePayload(Payload[release.ReleaseOutcome, review.WithdrawRefusal]):
    request: ReleaseRequest | None = relation("releases", "outcome.release_id", REQUEST)


@payload
class UndoReleasePayload(Payload[release.ReleaseOutcome, review.UndoReleaseRefusal]):
    request: ReleaseRequest | None = relation("releases", "outcome.release_id", REQUEST)
