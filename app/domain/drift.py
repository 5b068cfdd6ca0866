"""Drift: whether a flow or its source was changed since an export, by the hashes of their contents (D2 to D5)."""

from dataclasses import dataclass
from enum import StrEnum

from app.domain.errors import ONTO_FLOW, FlowRefusal, printable
from app.domain.flow import CopiedState, Flow
from app.domain.model import VersionId


class DriftStatus(StrEnum):
    IN_SYNC = "IN_SYNC"
    SOURCE_AHEAD = "SOURCE_AHEAD"
    DESTINATION_AHEAD = "DESTINATION_AHEAD"
    DIVERGED = "DIVERGED"


def drift_of(source: str, destination: str, base: str | None) -> DriftStatus | None:
    """Decide which of two flows was changed since both had the content `base`; None where it isn't known (D3, D4).

    `source` and `destination` are hashes of the published version or, without one, of the draft.
    """
    if source == destination:
        return DriftStatus.IN_SYNC
    if base is None:
        return None
    if destination == base:
        return DriftStatus.SOURCE_AHEAD
    return DriftStatus.DESTINATION_AHEAD if source == base else DriftStatus.DIVERGED


class DestinationChanges(StrEnum):
    """Whether an export warns or is refused if the overridden flow was changed at the destination since (D5)."""

    WARN = "WARN"
    REFUSE = "REFUSE"


@dataclass(frozen=True, slots=True)
class DestinationWasChanged(FlowRefusal):
    """A warning or, with `destinationChanges: REFUSE`, an error: publishing the export undoes the version (D5)."""

    version_id: VersionId
    version_number: int

    @property
    def message(self) -> str:
        flow = f"The flow {printable(self.flow_name)}" if self.flow_name else "The overridden flow"
        return (
            f"{flow} was changed since it got its content from this flow: publishing the "
            f"export undoes its version {self.version_number}. Export that version to its source first, or compare the two flows."
        )


def destination_changed(
    source: Flow | None, overridden: Flow | None, copied: object
) -> tuple[DestinationWasChanged, ...]:
    """Warn of a published version that descends from the source, and differs from the base and from the export."""
    if source is None or overridden is None or not isinstance(copied, CopiedState):
        return ()
    published, base = overridden.published, overridden.base
    if published is None or base is None or base.flow_id != source.id:
        return ()
    if published.state.content_hash in {base.content_hash, copied.state.content_hash}:
        return ()
    version = VersionId(published.id), base.version_number
    return (DestinationWasChanged(overridden.id, overridden.name, *version, path=ONTO_FLOW),)
