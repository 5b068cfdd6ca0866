"""Drift: how a flow stands to the one that its content came from, by the hashes of their contents (D2 to D4)."""

from enum import StrEnum


class DriftStatus(StrEnum):
    IN_SYNC = "IN_SYNC"
    SOURCE_AHEAD = "SOURCE_AHEAD"
    DESTINATION_AHEAD = "DESTINATION_AHEAD"
    DIVERGED = "DIVERGED"


def drift_of(source: str, destination: str, base: str | None) -> DriftStatus | None:
    """Tell which of two flows was changed since both had the base; None where that isn't known (D3, D4).

    `source` and `destination` are the contents that the flows show: of the published version or, without one, the draft.
    """
    if source == destination:
        return DriftStatus.IN_SYNC
    if base is None:
        return None
    if destination == base:
        return DriftStatus.SOURCE_AHEAD
    return DriftStatus.DESTINATION_AHEAD if source == base else DriftStatus.DIVERGED
