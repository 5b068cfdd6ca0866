"""Payloads of mutations: the result, the outcome of every reference, or every reason why nothing was written.

A payload shows the outcome of a use case. Objects that the outcome doesn't hold are looked up field by field, so that a read
that fails after the commit makes its field null, and not the whole payload.
"""

from asyncio import shield
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, Self, TypeVar

import strawberry
from strawberry import Parent

from app.domain import references
from app.domain.bindings import ExportWarning
from app.domain.draft import DiscardRefusal, RestoreRefusal
from app.domain.edit import CreateRefusal, UpdateRefusal
from app.domain.errors import Refusal, Refused
from app.domain.export import CopyRefusal, Exported
from app.domain.export_batch import BatchRefusal
from app.domain.publish import PublishRefusal
from app.domain.release import RequestRefusal
from app.domain.revert import RevertRefusal
from app.domain.review import ReviewRefusal, WithdrawRefusal
from app.domain.running import DeleteRefusal, StartRefusal, StopRefusal
from app.domain.source import CopiedFrom
from app.domain.undo import UndoRefusal
from app.domain.undo_release import UndoReleaseRefusal
from app.execution.lookups import Lookup
from app.execution.relations import relation
from app.graphql.context import Info
from app.graphql.describe import about, field
from app.graphql.errors.interfaces import (
    CopyFlowError,
    CreateFlowError,
    DeleteFlowError,
    DiscardFlowDraftError,
    ExportFlowError,
    ExportFlowWarning,
    PublishFlowDraftError,
    RequestReleaseError,
    RestoreFlowDraftError,
    RevertFlowError,
    ReviewReleaseError,
    StartFlowError,
    StopFlowError,
    UndoExportError,
    UndoReleaseError,
    UpdateFlowDraftError,
    WithdrawReleaseError,
)
from app.graphql.types.export import FlowExport, ReferenceOutcome
from app.graphql.types.flow import Flow, FlowDraft, FlowVersion
from app.graphql.types.release import ReleaseRequest
from app.usecases.results import (
    Created,
    Deleted,
    Discarded,
    Published,
    Released,
    Restored,
    Reverted,
    Saved,
    Toggled,
    Undone,
)

Done = TypeVar("Done")
Reason = TypeVar("Reason", bound=Refusal)


@dataclass(kw_only=True)
class Payload(Generic[Done, Reason]):
    """The outcome of a use case, as the payload of its mutation shows it."""

    done: strawberry.Private[Done | None]
    refusals: strawberry.Private[tuple[Reason, ...]]

    @classmethod
    def of(cls, outcome: Done | Refused[Reason]) -> Self:
        if isinstance(outcome, Refused):
            return cls(done=None, refusals=outcome.errors)
        return cls(done=outcome, refusals=())

    @property
    def is_replayed(self) -> bool:
        return getattr(self.done, "replayed", False)

    @property
    def known_warnings(self) -> tuple[ExportWarning, ...]:
        return getattr(self.done, "warnings", ())


def references_of(payload: Parent[Payload[Exported, Any]], info: Info) -> Any:  # noqa: ANN401 - known, or looked up
    """The outcome of every reference, in the order of the steps."""
    exported = payload.done
    if exported is None or not exported.replayed:
        return [] if exported is None else exported.references
    return Lookup(info.context.loaders.export_references, exported.export_id)


async def references_of_revert(
    payload: Parent[Payload[Reverted, Any]], info: Info
) -> Sequence[references.ReferenceOutcome]:
    """The outcome of every reference, in the order of the steps."""
    reverted = payload.done
    if reverted is None:
        return ()
    # Whoever repeats the call may not see the flow any more.
    is_shown = not reverted.replayed or await shield(info.context.loaders.flows.load(reverted.flow_id)) is not None
    return reverted.references if is_shown else ()


def written(loader: str, row: str, description: str) -> Any:  # noqa: ANN401 - a field
    """A field with a row that a copy or export wrote; a replay reads the row as it is now."""

    def resolve(payload: Parent[Payload[Exported, Any]], info: Info) -> Any:  # noqa: ANN401 - known, or looked up
        exported = payload.done
        if exported is None or not exported.replayed:
            return getattr(exported, row, None)
        return Lookup(getattr(info.context.loaders, loader), getattr(exported, f"{row}_id"))

    return strawberry.field(resolver=resolve, description=description)


REPLAYED = "Whether it was done before, with the same idempotency key: this is the outcome, read as it is now."
ERRORS = "Every reason why nothing was written; empty when it was done."
REQUEST = "The release as it is now; null when refused."
RECORD = "The record, which stays; null when refused."


@strawberry.type(description="The result of `copyFlow`.")
class CopyFlowPayload(Payload[Exported, CopyRefusal]):
    flow: Flow | None = written("flows", "flow", "The new flow; null when refused.")
    draft: FlowDraft | None = written("drafts", "draft", "Its draft, an exact copy; null when refused.")
    copied_from: CopiedFrom | None = about(
        "The state of the source that was copied; null when refused.", of="done.copied_from"
    )
    references: list[ReferenceOutcome] = field(references_of)
    export_record: FlowExport | None = relation("exports", "done.export_id", RECORD)
    replayed: bool = about(REPLAYED, of="is_replayed")
    errors: list[CopyFlowError] = about(ERRORS, of="refusals")


@strawberry.type(description="The result of `exportFlow`.")
class ExportFlowPayload(Payload[Exported, BatchRefusal]):
    flow: Flow | None = written("flows", "flow", "The new or overridden flow; null when refused.")
    draft: FlowDraft | None = written(
        "drafts", "draft", "The draft that was made: choose credentials in it, then publish it."
    )
    set_aside: FlowDraft | None = relation(
        "drafts", "done.set_aside", "The draft that was set aside, if the overridden flow had one."
    )
    copied_from: CopiedFrom | None = about(
        "The state of the source that was exported; null when refused.", of="done.copied_from"
    )
    references: list[ReferenceOutcome] = field(references_of)
    export_record: FlowExport | None = relation("exports", "done.export_id", RECORD)
    warnings: list[ExportFlowWarning] = about("Warnings about an export that was done.", of="known_warnings")
    replayed: bool = about(REPLAYED, of="is_replayed")
    errors: list[ExportFlowError] = about(ERRORS, of="refusals")


@strawberry.type(description="The result of `createFlow`.")
class CreateFlowPayload(Payload[Created, CreateRefusal]):
    flow: Flow | None = relation("flows", "done.flow_id", "The new flow; null when refused.")
    draft: FlowDraft | None = relation("drafts", "done.draft_id", "Its draft; null when refused.")
    replayed: bool = about(REPLAYED, of="is_replayed")
    errors: list[CreateFlowError] = about(ERRORS, of="refusals")


@strawberry.type(description="The result of `updateFlowDraft`.")
class UpdateFlowDraftPayload(Payload[Saved, UpdateRefusal]):
    flow: Flow | None = relation("flows", "done.flow_id", "The flow; null when refused.")
    draft: FlowDraft | None = relation(
        "drafts", "done.draft_id", "The draft as it is saved, with its new revision; null when refused."
    )
    errors: list[UpdateFlowDraftError] = about(ERRORS, of="refusals")


@strawberry.type(description="The result of `publishFlowDraft`.")
class PublishFlowDraftPayload(Payload[Published, PublishRefusal]):
    flow: Flow | None = relation("flows", "done.flow_id", "The flow, as its new version; null when refused.")
    version: FlowVersion | None = relation(
        "versions", "done.version_id", "The version that the draft became; null when refused."
    )
    replayed: bool = about(REPLAYED, of="is_replayed")
    errors: list[PublishFlowDraftError] = about(ERRORS, of="refusals")


@strawberry.type(description="The result of `revertFlow`.")
class RevertFlowPayload(Payload[Reverted, RevertRefusal]):
    flow: Flow | None = relation("flows", "done.flow_id", "The flow; null when refused.")
    draft: FlowDraft | None = relation(
        "drafts", "done.draft_id", "The new draft; null when refused, or when it was published at once."
    )
    version: FlowVersion | None = relation(
        "versions", "done.version_id", "The new version, when it was published at once."
    )
    set_aside: FlowDraft | None = relation(
        "drafts", "done.set_aside", "The draft that was set aside, if the flow had one."
    )
    references: list[ReferenceOutcome] = field(references_of_revert)
    replayed: bool = about(REPLAYED, of="is_replayed")
    errors: list[RevertFlowError] = about(ERRORS, of="refusals")


@strawberry.type(description="The result of `discardFlowDraft`.")
class DiscardFlowDraftPayload(Payload[Discarded, DiscardRefusal]):
    flow: Flow | None = relation(
        "flows", "done.flow_id", "The flow; null when refused, or when it was deleted with its draft."
    )
    discarded_draft_id: strawberry.ID | None = about(
        "The id of the draft that was discarded; null when refused.", of="done.draft_id"
    )
    deleted_flow_id: strawberry.ID | None = about(
        "The id of the flow, if it was deleted with its draft.", of="done.deleted_flow_id"
    )
    errors: list[DiscardFlowDraftError] = about(ERRORS, of="refusals")


@strawberry.type(description="The result of `restoreFlowDraft`.")
class RestoreFlowDraftPayload(Payload[Restored, RestoreRefusal]):
    flow: Flow | None = relation("flows", "done.flow_id", "The flow; null when refused.")
    draft: FlowDraft | None = relation(
        "drafts", "done.draft_id", "The draft, which is the one that is being edited now; null when refused."
    )
    set_aside: FlowDraft | None = relation(
        "drafts", "done.set_aside", "The draft that was set aside in exchange, if the flow had one."
    )
    errors: list[RestoreFlowDraftError] = about(ERRORS, of="refusals")


@strawberry.type(description="The result of `undoExport`.")
class UndoExportPayload(Payload[Undone, UndoRefusal]):
    flow: Flow | None = relation(
        "flows", "done.flow_id", "The flow as it was before; null when it was new, or when refused."
    )
    restored_draft: FlowDraft | None = relation(
        "drafts", "done.restored_draft", "The draft that had been set aside, if there was one."
    )
    deleted_flow_id: strawberry.ID | None = about("The flow that was new, and is gone.", of="done.deleted_flow_id")
    export_record: FlowExport | None = relation("exports", "done.export_id", RECORD)
    errors: list[UndoExportError] = about(ERRORS, of="refusals")


@strawberry.type(description="The result of `startFlow`.")
class StartFlowPayload(Payload[Toggled, StartRefusal]):
    flow: Flow | None = relation("flows", "done.flow_id", "The flow, which runs now; null when refused.")
    errors: list[StartFlowError] = about(ERRORS, of="refusals")


@strawberry.type(description="The result of `stopFlow`.")
class StopFlowPayload(Payload[Toggled, StopRefusal]):
    flow: Flow | None = relation("flows", "done.flow_id", "The flow, which doesn't run any more; null when refused.")
    errors: list[StopFlowError] = about(ERRORS, of="refusals")


@strawberry.type(description="The result of `deleteFlow`.")
class DeleteFlowPayload(Payload[Deleted, DeleteRefusal]):
    deleted_flow_id: strawberry.ID | None = about("The flow that is gone; null when refused.", of="done.flow_id")
    errors: list[DeleteFlowError] = about(ERRORS, of="refusals")


@strawberry.type(description="The result of `requestRelease`.")
class RequestReleasePayload(Payload[Released, RequestRefusal]):
    request: ReleaseRequest | None = relation("releases", "done.release_id", "The request; null when refused.")
    replayed: bool = about(REPLAYED, of="is_replayed")
    errors: list[RequestReleaseError] = about(ERRORS, of="refusals")


@strawberry.type(description="The result of `reviewRelease`.")
class ReviewReleasePayload(Payload[Released, ReviewRefusal]):
    request: ReleaseRequest | None = relation("releases", "done.release_id", REQUEST)
    errors: list[ReviewReleaseError] = about(ERRORS, of="refusals")


@strawberry.type(description="The result of `withdrawRelease`.")
class WithdrawReleasePayload(Payload[Released, WithdrawRefusal]):
    request: ReleaseRequest | None = relation("releases", "done.release_id", REQUEST)
    errors: list[WithdrawReleaseError] = about(ERRORS, of="refusals")


@strawberry.type(description="The result of `undoRelease`.")
class UndoReleasePayload(Payload[Released, UndoReleaseRefusal]):
    request: ReleaseRequest | None = relation("releases", "done.release_id", REQUEST)
    errors: list[UndoReleaseError] = about(ERRORS, of="refusals")
