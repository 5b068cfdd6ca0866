"""Payloads of mutations of many items: one for each item, with the refusals of the call as a whole."""

from dataclasses import dataclass
from typing import Any, ClassVar, Generic, TypeVar

import strawberry

from app.domain.errors import Refused
from app.domain.input import InvalidInput
from app.graphql.describe import about
from app.graphql.errors.interfaces import (
    ExportFlowsError,
    PublishFlowDraftsError,
    StartFlowsError,
    StopFlowsError,
    UndoExportsError,
)
from app.graphql.payloads import (
    ExportFlowPayload,
    PublishFlowDraftPayload,
    StartFlowPayload,
    StopFlowPayload,
    UndoExportPayload,
)
from app.usecases.results import Batch

ERRORS_OF_CALL = "What is wrong with the call as a whole: then nothing was written."
RESULTS = (
    "One for each item, in the order of the input; paths of errors begin with the list of the input and the index of the "
    "item. Empty where there are too many items to look at them, or none."
)

ItemPayload = TypeVar("ItemPayload")


@dataclass(kw_only=True)
class BatchPayload(Generic[ItemPayload]):
    """The outcome of a call of so many items."""

    payload_of_item: ClassVar[Any]
    batch: strawberry.Private[Batch[Any, Any]]
    number: strawberry.Private[int]

    @property
    def payloads(self) -> list[ItemPayload]:
        return [self.payload_of_item.of(result) for result in self.batch.results]

    @property
    def number_succeeded(self) -> int:
        return sum(not isinstance(result, Refused) for result in self.batch.results)

    @property
    def number_refused(self) -> int:
        return self.number - self.number_succeeded

    @property
    def mistakes(self) -> list[InvalidInput]:
        """The refusals of a call that takes no idempotency key."""
        return [error for error in self.batch.errors if isinstance(error, InvalidInput)]


@strawberry.type(description="The result of `exportFlows`.")
class ExportFlowsPayload(BatchPayload[ExportFlowPayload]):
    payload_of_item = ExportFlowPayload
    results: list[ExportFlowPayload] = about(
        "One for each item, in the order of the input, as `exportFlow` would answer; paths of errors begin with `items` and "
        "the index of the item. Empty where there are too many items to look at them, or none, and where the idempotency key "
        "was used for another input.",
        of="payloads",
    )
    succeeded: int = about("How many items were exported.", of="number_succeeded")
    refused: int = about("How many were not.", of="number_refused")
    replayed: bool = about(
        "Whether all that is done was done before, with the same idempotency key. Each result says it of its own.",
        of="batch.replayed",
    )
    errors: list[ExportFlowsError] = about(ERRORS_OF_CALL, of="batch.errors")


@strawberry.type(description="The result of `publishFlowDrafts`.")
class PublishFlowDraftsPayload(BatchPayload[PublishFlowDraftPayload]):
    payload_of_item = PublishFlowDraftPayload
    results: list[PublishFlowDraftPayload] = about(
        f"{RESULTS} Empty as well where the idempotency key was used for another input.", of="payloads"
    )
    succeeded: int = about("How many drafts were published.", of="number_succeeded")
    refused: int = about("How many were not.", of="number_refused")
    replayed: bool = about(
        "Whether all that is done was done before, with the same idempotency key. Each result says it of its own.",
        of="batch.replayed",
    )
    errors: list[PublishFlowDraftsError] = about(ERRORS_OF_CALL, of="batch.errors")


@strawberry.type(description="The result of `undoExports`.")
class UndoExportsPayload(BatchPayload[UndoExportPayload]):
    payload_of_item = UndoExportPayload
    results: list[UndoExportPayload] = about(RESULTS, of="payloads")
    succeeded: int = about("How many copies or exports were undone.", of="number_succeeded")
    refused: int = about("How many were not.", of="number_refused")
    errors: list[UndoExportsError] = about(ERRORS_OF_CALL, of="mistakes")


@strawberry.type(description="The result of `startFlows`.")
class StartFlowsPayload(BatchPayload[StartFlowPayload]):
    payload_of_item = StartFlowPayload
    results: list[StartFlowPayload] = about(RESULTS, of="payloads")
    succeeded: int = about("How many flows run now.", of="number_succeeded")
    refused: int = about("How many were refused.", of="number_refused")
    errors: list[StartFlowsError] = about(ERRORS_OF_CALL, of="mistakes")


@strawberry.type(description="The result of `stopFlows`.")
class StopFlowsPayload(BatchPayload[StopFlowPayload]):
    payload_of_item = StopFlowPayload
    results: list[StopFlowPayload] = about(RESULTS, of="payloads")
    succeeded: int = about("How many flows don't run any more.", of="number_succeeded")
    refused: int = about("How many were refused.", of="number_refused")
    errors: list[StopFlowsError] = about(ERRORS_OF_CALL, of="mistakes")
