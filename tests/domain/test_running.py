"""Starting, stopping and deleting flows (H9): who may, which flows, and what stays as it is."""

import pytest

from app.domain.access import FLOW_EDIT, FLOW_TOGGLE_STATUS, WorkspaceAccess
from app.domain.flow import Flow
from app.domain.model import FlowId, FlowStatus, WorkspaceType
from app.domain.running import DeletePlan, StatusPlan, plan_delete, plan_start, plan_stop
from tests.domain.builders import DEVELOPMENT, contract, draft, flow, guest, publishes, sends, state, workspace
from tests.domain.lifecycle import agreed, codes, id_of, publish

ACTIVE, INACTIVE, SUSPENDED = FlowStatus.ACTIVE, FlowStatus.INACTIVE, FlowStatus.SUSPENDED
PUBLISHED, DRAFT = state(), draft(publishes("1"))
READY = draft(sends("1"))
CLOSED = workspace("Closed", contract("Lapsed Goods", suspended=True), WorkspaceType.FULL)
ONLY_EDITS = WorkspaceAccess(DEVELOPMENT, frozenset({FLOW_EDIT}))
ONLY_STARTS = WorkspaceAccess(DEVELOPMENT, frozenset({FLOW_TOGGLE_STATUS}))
THE_FLOW = FlowId("flow_source")


@pytest.mark.parametrize(("status", "becomes"), [(INACTIVE, ACTIVE), (ACTIVE, None)])
@pytest.mark.parametrize("its_draft", [None, DRAFT])
def test_a_flow_with_a_published_version_is_started_and_one_that_runs_stays_as_it_is(
    status: FlowStatus, becomes: FlowStatus | None, its_draft: None
) -> None:
    its_flow = flow(PUBLISHED, its_draft, at=ONLY_STARTS, status=status)
    assert agreed(plan_start(its_flow, id_of(its_flow))) == StatusPlan(THE_FLOW, becomes)


@pytest.mark.parametrize(
    ("its_flow", "expected"),
    [
        (None, ["FLOW_NOT_FOUND"]),
        (flow(PUBLISHED, at=guest(DEVELOPMENT)), ["INSUFFICIENT_PERMISSION"]),
        (flow(PUBLISHED, at=ONLY_EDITS), ["INSUFFICIENT_PERMISSION"]),
        (flow(PUBLISHED, at=guest(DEVELOPMENT), status=ACTIVE), ["INSUFFICIENT_PERMISSION"]),
        (flow(PUBLISHED, at=CLOSED), ["CONTRACT_SUSPENDED"]),
        (flow(PUBLISHED, at=CLOSED, status=ACTIVE), ["CONTRACT_SUSPENDED"]),
        (flow(PUBLISHED, status=SUSPENDED), ["FLOW_IS_SUSPENDED"]),
        (flow(None, DRAFT), ["FLOW_NOT_PUBLISHED"]),
        (flow(None, None), ["FLOW_NOT_PUBLISHED"]),
        (
            flow(None, DRAFT, at=guest(CLOSED), status=SUSPENDED),
            ["INSUFFICIENT_PERMISSION", "CONTRACT_SUSPENDED", "FLOW_IS_SUSPENDED", "FLOW_NOT_PUBLISHED"],
        ),
    ],
)
def test_everything_that_stands_in_the_way_of_a_start_is_said_at_once_in_order(
    its_flow: Flow | None, expected: list[str]
) -> None:
    assert codes(plan_start(its_flow, id_of(its_flow))) == expected


@pytest.mark.parametrize(
    ("its_flow", "becomes"),
    [
        (flow(PUBLISHED, status=ACTIVE, at=ONLY_STARTS), INACTIVE),
        (flow(PUBLISHED, status=INACTIVE), None),
        (flow(PUBLISHED, status=SUSPENDED), None),  # only the platform lifts that
        (flow(None, DRAFT), None),
        (flow(PUBLISHED, status=ACTIVE, at=CLOSED), INACTIVE),  # everything of a suspended contract can be stopped
    ],
)
def test_a_flow_that_runs_is_stopped_and_any_other_stays_as_it_is(its_flow: Flow, becomes: FlowStatus | None) -> None:
    assert agreed(plan_stop(its_flow, id_of(its_flow))) == StatusPlan(THE_FLOW, becomes)


@pytest.mark.parametrize(
    ("its_flow", "expected"),
    [
        (None, ["FLOW_NOT_FOUND"]),
        (flow(PUBLISHED, at=guest(CLOSED), status=ACTIVE), ["INSUFFICIENT_PERMISSION"]),
        (flow(PUBLISHED, at=ONLY_EDITS, status=INACTIVE), ["INSUFFICIENT_PERMISSION"]),
    ],
)
def test_a_stop_is_refused_only_to_those_who_may_not(its_flow: Flow | None, expected: list[str]) -> None:
    assert codes(plan_stop(its_flow, id_of(its_flow))) == expected


@pytest.mark.parametrize("status", [INACTIVE, SUSPENDED])
@pytest.mark.parametrize("its_flow", [(PUBLISHED, None), (PUBLISHED, DRAFT), (None, DRAFT), (None, None)])
def test_a_flow_that_does_not_run_is_deleted(its_flow: tuple[None, None], status: FlowStatus) -> None:
    assert agreed(plan_delete(flow(*its_flow, at=ONLY_EDITS, status=status), THE_FLOW)) == DeletePlan(THE_FLOW)


@pytest.mark.parametrize(
    ("its_flow", "expected"),
    [
        (None, ["FLOW_NOT_FOUND"]),
        (flow(PUBLISHED, status=ACTIVE), ["FLOW_IS_ACTIVE"]),
        (flow(PUBLISHED, at=ONLY_STARTS), ["INSUFFICIENT_PERMISSION"]),
        (flow(PUBLISHED, at=CLOSED), ["CONTRACT_SUSPENDED"]),
        (
            flow(PUBLISHED, at=guest(CLOSED), status=ACTIVE),
            ["INSUFFICIENT_PERMISSION", "CONTRACT_SUSPENDED", "FLOW_IS_ACTIVE"],
        ),
    ],
)
def test_everything_that_stands_in_the_way_of_a_deletion_is_said_at_once_in_order(
    its_flow: Flow | None, expected: list[str]
) -> None:
    assert codes(plan_delete(its_flow, id_of(its_flow))) == expected


@pytest.mark.parametrize("status", [INACTIVE, ACTIVE])
@pytest.mark.parametrize("start", [False, True])
def test_a_publish_starts_a_flow_that_does_not_run_where_it_says_so(status: FlowStatus, start: bool) -> None:
    plan = agreed(publish(flow(None, READY, status=status), start=start))
    assert (plan.flow.id, plan.starts_flow) == (THE_FLOW, start and status is INACTIVE)


@pytest.mark.parametrize(
    ("its_flow", "start", "expected"),
    [
        (flow(None, READY, at=ONLY_EDITS), True, ["INSUFFICIENT_PERMISSION"]),
        (flow(PUBLISHED, READY, at=ONLY_EDITS, status=ACTIVE), True, ["INSUFFICIENT_PERMISSION"]),
        (flow(None, READY, at=ONLY_STARTS), True, ["INSUFFICIENT_PERMISSION"]),
        (flow(None, READY, at=guest(DEVELOPMENT)), True, ["INSUFFICIENT_PERMISSION"] * 2),
        (flow(None, READY, at=guest(DEVELOPMENT)), False, ["INSUFFICIENT_PERMISSION"]),
        (flow(PUBLISHED, READY, status=SUSPENDED), True, ["FLOW_IS_SUSPENDED"]),
        (flow(PUBLISHED, READY, status=SUSPENDED), False, None),
        (flow(PUBLISHED, None, status=SUSPENDED), True, ["DRAFT_NOT_FOUND", "FLOW_IS_SUSPENDED"]),
        (flow(PUBLISHED, READY, at=CLOSED), True, ["CONTRACT_SUSPENDED"]),
        (
            flow(None, DRAFT, at=guest(CLOSED), status=SUSPENDED),
            True,
            [
                "INSUFFICIENT_PERMISSION",
                "INSUFFICIENT_PERMISSION",
                "CONTRACT_SUSPENDED",
                "DRAFT_NOT_READY",
                "FLOW_IS_SUSPENDED",
            ],
        ),
    ],
)
def test_a_publish_that_starts_needs_both_and_does_both_or_neither(
    its_flow: Flow, start: bool, expected: list[str] | None
) -> None:
    outcome = publish(its_flow, start=start)
    if expected is None:
        agreed(outcome)
    else:
        assert codes(outcome) == expected
