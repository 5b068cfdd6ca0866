"""Reviewed workspaces (R1, R2, R3): a change of what runs there needs an approval, or the permission to release."""

from dataclasses import replace

import pytest

from app.domain.access import FLOW_EDIT, FLOW_RELEASE, FLOW_REVIEW, WorkspaceAccess, may_release
from app.domain.errors import Refused
from app.domain.model import PublishPolicy
from app.domain.running import plan_delete
from tests.domain.builders import PRODUCTION, draft, flow, guest, integrator, sends, state
from tests.domain.lifecycle import codes, discard, id_of, publish, revert, update

REVIEWED = replace(PRODUCTION, publish_policy=PublishPolicy.REVIEWED)
INTEGRATOR, GUEST = integrator(REVIEWED), guest(REVIEWED)
OWNER = WorkspaceAccess(REVIEWED, INTEGRATOR.permissions | {FLOW_REVIEW, FLOW_RELEASE})
ADMIN = WorkspaceAccess(REVIEWED, INTEGRATOR.permissions | {FLOW_REVIEW})
PUBLISHED, DRAFT = state(sends("1")), draft(sends("1"))
NEEDS_APPROVAL = ["APPROVAL_REQUIRED"]


@pytest.mark.parametrize(
    ("access", "expected"),
    [
        (INTEGRATOR, NEEDS_APPROVAL),
        (ADMIN, NEEDS_APPROVAL),
        (GUEST, ["INSUFFICIENT_PERMISSION", "APPROVAL_REQUIRED"]),
        (OWNER, None),
        (integrator(PRODUCTION), None),
    ],
)
@pytest.mark.parametrize("start", [False, True])
def test_publishing_needs_an_approval_or_the_permission_to_release(
    access: WorkspaceAccess, expected: list[str] | None, start: bool
) -> None:
    outcome = publish(flow(PUBLISHED, DRAFT, at=access), start=start)
    reasons = [*dict.fromkeys(codes(outcome))] if isinstance(outcome, Refused) else None
    assert reasons == expected


@pytest.mark.parametrize(("access", "expected"), [(INTEGRATOR, NEEDS_APPROVAL), (OWNER, None)])
def test_a_revert_needs_an_approval_only_where_it_publishes(
    access: WorkspaceAccess, expected: list[str] | None
) -> None:
    its_flow = flow(PUBLISHED, at=access)
    outcome = revert(its_flow, PUBLISHED, publish=True)
    assert (codes(outcome) if isinstance(outcome, Refused) else None) == expected
    assert not isinstance(revert(its_flow, PUBLISHED), Refused)


@pytest.mark.parametrize(("access", "expected"), [(INTEGRATOR, NEEDS_APPROVAL), (OWNER, None)])
def test_deleting_needs_an_approval_only_where_the_flow_was_published(
    access: WorkspaceAccess, expected: list[str] | None
) -> None:
    published, unpublished = flow(PUBLISHED, at=access), flow(None, DRAFT, at=access)
    outcome = plan_delete(published, id_of(published))
    assert (codes(outcome) if isinstance(outcome, Refused) else None) == expected
    assert not isinstance(plan_delete(unpublished, id_of(unpublished)), Refused)


def test_drafts_are_edited_and_discarded_as_everywhere() -> None:
    its_flow = flow(PUBLISHED, DRAFT, at=INTEGRATOR)
    assert not isinstance(update(its_flow, name="Other"), Refused)
    assert not isinstance(discard(its_flow), Refused)


@pytest.mark.parametrize(
    ("permissions", "policy", "expected"),
    [
        ({FLOW_EDIT}, PublishPolicy.OPEN, True),
        ((), PublishPolicy.OPEN, True),
        ({FLOW_EDIT, FLOW_REVIEW}, PublishPolicy.REVIEWED, False),
        ({FLOW_RELEASE}, PublishPolicy.REVIEWED, True),
    ],
)
def test_who_may_publish_alone(permissions: set[str], policy: PublishPolicy, expected: bool) -> None:
    assert may_release(permissions, policy) is expected
