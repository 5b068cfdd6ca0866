"""How two flows stand to each other, by hashes alone (D2 to D4)."""

import pytest

from app.domain.drift import DriftStatus, drift_of

IN_SYNC, SOURCE_AHEAD, DESTINATION_AHEAD, DIVERGED = DriftStatus
A, B, C = "a", "b", "c"


@pytest.mark.parametrize(
    ("source", "destination", "base", "status"),
    [
        (A, A, A, IN_SYNC),
        (B, B, A, IN_SYNC),  # D3: the same edit at both
        (B, A, A, SOURCE_AHEAD),
        (A, B, A, DESTINATION_AHEAD),
        (B, C, A, DIVERGED),
        (A, A, None, IN_SYNC),
        (B, A, None, None),  # D4: no base, and the two differ
    ],
)
def test_which_of_two_flows_was_changed_since_both_had_the_base(
    source: str, destination: str, base: str | None, status: DriftStatus | None
) -> None:
    """D2: no name, binding or schedule is asked for."""
    assert drift_of(source, destination, base) is status
