"""The outcomes of use cases that were done; of those that weren't it is `Refused`."""

from collections.abc import Iterator
from dataclasses import dataclass

from app.domain.bindings import ExportWarning
from app.domain.errors import Refusal, Refused
from app.domain.export import ExportPlan
from app.domain.export_batch import BatchRefusal, CallRefusal
from app.domain.model import DraftId, ExportId, FlowId, VersionId
from app.domain.references import ReferenceOutcome
from app.domain.source import CopiedFrom
from app.storage.reads.keyed_exports import KeyedExport
from app.storage.writes.copies import WrittenExport


@dataclass(frozen=True, slots=True)
class Created:
    flow_id: FlowId
    draft_id: DraftId
    replayed: bool = False


@dataclass(frozen=True, slots=True)
class Exported:
    """A copy or an export that was written."""

    flow_id: FlowId
    draft_id: DraftId
    set_aside: DraftId | None
    copied_from: CopiedFrom | None
    """None of a replay whose record the caller can't see."""
    references: tuple[ReferenceOutcome, ...]
    """None of a replay, which shows those of the record."""
    warnings: tuple[ExportWarning, ...]
    export_id: ExportId
    """The record."""
    replayed: bool = False

    @classmethod
    def of(cls, plan: ExportPlan, written: WrittenExport) -> "Exported":
        return cls(
            flow_id=written.flow_id,
            draft_id=written.draft_id,
            set_aside=plan.sets_aside,
            copied_from=plan.copied_from,
            references=plan.references,
            warnings=plan.warnings,
            export_id=written.export_id,
        )

    @classmethod
    def again(cls, export: KeyedExport) -> "Exported":
        """The outcome of a repeated call, as the record of the export shows it."""
        return cls(
            flow_id=export.flow_id,
            draft_id=export.draft_id,
            set_aside=export.set_aside,
            copied_from=export.copied_from,
            references=(),
            warnings=export.warnings,
            export_id=export.export_id,
            replayed=True,
        )


@dataclass(frozen=True, slots=True)
class ExportedBatch:
    """The result of each item of a call, in order, and the refusals of the call as a whole."""

    results: tuple[Exported | Refused[BatchRefusal], ...]
    errors: tuple[CallRefusal, ...]
    replayed: bool = False
    """Earlier calls with the same key had done every item."""

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
    flow_is_deleted: bool

    @property
    def deleted_flow_id(self) -> FlowId | None:
        return self.flow_id if self.flow_is_deleted else None

    @property
    def kept_flow_id(self) -> FlowId | None:
        return None if self.flow_is_deleted else self.flow_id


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
class Undone:
    """A copy or export that was undone."""

    export_id: ExportId
    flow_id: FlowId
    restored_draft: DraftId | None
    flow_is_deleted: bool

    @property
    def deleted_flow_id(self) -> FlowId | None:
        return self.flow_id if self.flow_is_deleted else None

    @property
    def kept_flow_id(self) -> FlowId | None:
        return None if self.flow_is_deleted else self.flow_id
