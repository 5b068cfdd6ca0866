"""The outcomes of use cases that were done; of those that weren't it is `Refused`."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from app.domain.batch import CallRefusal, DecidedItems
from app.domain.errors import Refusal, Refused
from app.domain.export_batch import DecidedBatch
from app.domain.model import DraftId, ExportId, FlowId, VersionId
from app.domain.references import ReferenceOutcome
from app.domain.undo import UndoPlan

Done = TypeVar("Done")
Reason = TypeVar("Reason", bound=Refusal)


@dataclass(frozen=True, slots=True)
class Created:
    flow_id: FlowId
    draft_id: DraftId
    replayed: bool = False


@dataclass(frozen=True, slots=True)
class Batch(Generic[Done, Reason]):
    """The result of each item of a call, in order, and the refusals of the call as a whole."""

    results: tuple[Done | Refused[Reason], ...]
    errors: tuple[CallRefusal, ...]
    replayed: bool = False
    """Earlier calls with the same key had done every item."""

    @classmethod
    def of(cls, decided: DecidedItems[Any, Any] | DecidedBatch, done: Iterable[Done]) -> "Batch[Done, Reason]":
        """The results of items that were decided; `done` has the outcomes of those that weren't refused, in order."""
        outcomes = iter(done)
        results: Iterable[Any] = (
            decision if isinstance(decision, Refused) else next(outcomes) for decision in decided.decisions
        )
        return cls(tuple(results), decided.errors)

    @property
    def refusals(self) -> Iterator[Refusal]:
        """All refusals, for the log."""
        yield from self.errors
        for result in self.results:
            if isinstance(result, Refused):
                yield from result.errors


@dataclass(frozen=True, slots=True)
class Saved:
    flow_id: FlowId
    draft_id: DraftId


@dataclass(frozen=True, slots=True)
class Published:
    flow_id: FlowId
    version_id: VersionId
    replayed: bool = False


@dataclass(frozen=True, slots=True)
class Reverted:
    """An old version is the new draft, or the next version."""

    flow_id: FlowId
    draft_id: DraftId | None
    version_id: VersionId | None
    set_aside: DraftId | None
    references: tuple[ReferenceOutcome, ...]
    replayed: bool = False


@dataclass(frozen=True, slots=True)
class Discarded:
    flow_id: FlowId
    draft_id: DraftId
    deleted_flow_id: FlowId | None
    """The id of the flow if it is gone with the draft."""


@dataclass(frozen=True, slots=True)
class Restored:
    flow_id: FlowId
    draft_id: DraftId
    set_aside: DraftId | None


@dataclass(frozen=True, slots=True)
class Toggled:
    """A flow that was started or stopped."""

    flow_id: FlowId


@dataclass(frozen=True, slots=True)
class Deleted:
    flow_id: FlowId


@dataclass(frozen=True, slots=True)
class Released:
    """A release that was requested, reviewed, withdrawn or undone."""

    release_id: str
    replayed: bool = False


@dataclass(frozen=True, slots=True)
class Undone:
    """A copy or export that was undone."""

    export_id: ExportId
    flow_id: FlowId
    restored_draft: DraftId | None
    deleted_flow_id: FlowId | None
    """The id of the flow if it is gone with the draft."""

    @classmethod
    def of(cls, plan: UndoPlan, earliest: UndoPlan) -> "Undone":
        """The result of a plan; `earliest` is the plan of the same flow that decides its state afterwards."""
        flow_id = plan.draft.flow_id
        return cls(plan.export_id, flow_id, earliest.draft.set_aside, flow_id if earliest.deletes_flow else None)
