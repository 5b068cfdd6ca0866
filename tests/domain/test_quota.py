"""How many flows a contract may hold (X10)."""

import pytest

from app.domain.access import QuotaExceeded, WorkspaceAccess, counts_against_quota, quota_exceeded
from app.domain.export import Eligibility
from app.domain.model import WorkspaceType
from tests.domain.builders import FULL, LIMITED, contract, flow, flow_there, guest, integrator, state, workspace
from tests.domain.planning import copy, export, exports_of, planned, refusals, visible

TWO = contract("Northern Retail", quota=2)
LIVE = workspace("Live", TWO)

NOWHERE = Eligibility(as_new_flow=False, over_a_flow=False)
ONLY_OVER_A_FLOW = Eligibility(as_new_flow=False, over_a_flow=True)
EITHER_WAY = Eligibility(as_new_flow=True, over_a_flow=True)


@pytest.mark.parametrize(
    ("quota", "of_type", "used", "refused"),
    [
        (2, FULL, 0, False),
        (2, FULL, 1, False),
        (2, FULL, 2, True),
        (2, FULL, 3, True),
        (0, FULL, 0, True),
        (2, LIMITED, 2, False),
        (0, LIMITED, 9, False),
        (None, FULL, 10_000, False),
        (None, LIMITED, 10_000, False),
    ],
)
def test_a_new_flow_counts_in_production_workspaces_of_a_contract_with_a_quota(
    quota: int | None, of_type: WorkspaceType, used: int, refused: bool
) -> None:
    owner = contract("Northern Retail", quota=quota)
    at = workspace("Live", owner, of_type)
    errors = (QuotaExceeded(quota, used, owner),) if refused and quota is not None else ()
    assert quota_exceeded(integrator(at), used) == errors
    assert quota_exceeded(guest(at), used) == ()
    assert counts_against_quota(at) is (of_type is FULL and quota is not None)


def test_exports_and_copies_into_a_full_contract_are_refused() -> None:
    full = (QuotaExceeded(2, 2, TWO),)
    assert refusals(export(flow(state()), to=LIVE, flows_used=2)) == full
    assert refusals(copy(flow(state(), at=LIVE), flows_used=2)) == full
    assert planned(export(flow(state()), to=LIVE, flows_used=1)).workspace_id == LIVE.id


def test_overrides_are_exempt() -> None:
    there = flow_there(state(), at=LIVE)
    assert planned(export(flow(state()), over=there, flows_used=9)).overridden == there


@pytest.mark.parametrize(
    ("to", "used", "eligible"),
    [
        (integrator(LIVE), 1, EITHER_WAY),
        (integrator(LIVE), 2, ONLY_OVER_A_FLOW),
        (integrator(LIVE), 3, ONLY_OVER_A_FLOW),
        (guest(LIVE), 2, NOWHERE),
        (guest(LIVE), 1, NOWHERE),
    ],
)
def test_a_full_contract_stands_only_in_the_way_of_a_new_flow(
    to: WorkspaceAccess, used: int, eligible: Eligibility
) -> None:
    assert exports_of(flow(state())).eligibility(visible(to), used) == eligible
