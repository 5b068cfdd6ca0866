"""Publishing a draft (H2 to H4): it becomes the next version exactly as it is, or everything against it is said."""

import pytest

from app.domain.access import FlowNotFound
from app.domain.component import Link
from app.domain.errors import Refused
from app.domain.flow import Flow, SavedState
from app.domain.model import VersionOrigin
from app.domain.publish import PublishPlan
from app.domain.readiness import DraftNotReady, MissingCredential, MissingTopic, blockers
from tests.domain.builders import (
    CREDENTIAL,
    DEVELOPMENT,
    PUB_SUB,
    called,
    catalogue,
    component,
    contract,
    draft,
    flow,
    guest,
    publishes,
    sends,
    state,
    step,
    target,
    workspace,
)
from tests.domain.lifecycle import agreed, codes, publish, reasons

CRM = component("lab/crm", needs=CREDENTIAL)
LOGIN = target(CREDENTIAL, "Crm", DEVELOPMENT, of=CRM)
BOUND = draft(step("1", "lab/crm:get", credential=LOGIN.id), revision=4)
UNBOUND = draft(step("1", "lab/crm:get"), publishes("2"), links=[Link("1", "2")], revision=4)
MISSING = (MissingCredential(called("1"), CRM, DEVELOPMENT), MissingTopic(called("2"), DEVELOPMENT))


@pytest.mark.parametrize("published", [None, state(sends("9"))])
@pytest.mark.parametrize(("origin", "revert_of"), [(VersionOrigin.EDIT, None), (VersionOrigin.REVERT, "version_1")])
def test_a_draft_that_is_ready_becomes_the_next_version_as_it_is(
    published: SavedState | None, origin: VersionOrigin, revert_of: str | None
) -> None:
    """H2."""
    ready = draft(*[step("1", "lab/crm:get", credential=LOGIN.id)], name="New", origin=origin, revert_of=revert_of)
    its_flow = flow(published, ready)
    plan = agreed(publish(its_flow, knowing=[LOGIN], components=[CRM]))
    assert plan == PublishPlan(its_flow, ready)
    assert (plan.draft.state.origin, plan.draft.state.revert_of) == (origin, revert_of)


def test_a_draft_that_is_not_ready_is_refused_with_everything_that_is_missing() -> None:
    its_flow = flow(state(sends("9")), UNBOUND)
    refused = publish(its_flow, knowing=[LOGIN], components=[CRM, PUB_SUB])
    assert refused == Refused((DraftNotReady(its_flow.id, "Orders", MISSING),))
    assert blockers(UNBOUND.state.graph, DEVELOPMENT, catalogue(CRM, PUB_SUB), {LOGIN.id: LOGIN}) == MISSING


def test_what_a_draft_lacks_is_asked_now_and_not_when_it_was_bound() -> None:
    assert codes(publish(flow(None, BOUND), components=[CRM])) == ["DRAFT_NOT_READY"]
    assert codes(publish(flow(None, BOUND), knowing=[LOGIN], components=[])) == ["DRAFT_NOT_READY"]
    assert not isinstance(publish(flow(None, BOUND), knowing=[LOGIN], components=[CRM]), Refused)


def test_the_published_version_is_not_asked_whether_it_is_ready() -> None:
    assert not isinstance(publish(flow(UNBOUND, BOUND), knowing=[LOGIN], components=[CRM]), Refused)


CLOSED = workspace("Closed", contract("Lapsed Goods", suspended=True))


@pytest.mark.parametrize(
    ("its_flow", "expecting", "expected"),
    [
        (None, None, ["FLOW_NOT_FOUND"]),
        (None, 3, ["FLOW_NOT_FOUND"]),
        (
            flow(None, UNBOUND, at=guest(CLOSED)),
            3,
            ["INSUFFICIENT_PERMISSION", "CONTRACT_SUSPENDED", "STALE_DRAFT", "DRAFT_NOT_READY"],
        ),
        (
            flow(None, UNBOUND, at=guest(CLOSED)),
            None,
            ["INSUFFICIENT_PERMISSION", "CONTRACT_SUSPENDED", "DRAFT_NOT_READY"],
        ),
        (
            flow(UNBOUND, at=guest(CLOSED)),
            None,
            ["DRAFT_NOT_FOUND", "INSUFFICIENT_PERMISSION", "CONTRACT_SUSPENDED"],
        ),
        (flow(UNBOUND, at=guest(CLOSED)), 4, ["INSUFFICIENT_PERMISSION", "CONTRACT_SUSPENDED", "STALE_DRAFT"]),
        (flow(None, UNBOUND), 3, ["STALE_DRAFT", "DRAFT_NOT_READY"]),
        (flow(None, UNBOUND, at=CLOSED), 4, ["CONTRACT_SUSPENDED", "DRAFT_NOT_READY"]),
        (flow(None, BOUND, at=guest(DEVELOPMENT)), 4, ["INSUFFICIENT_PERMISSION"]),
    ],
)
def test_everything_that_stands_in_the_way_of_a_publish_is_said_at_once_in_order(
    its_flow: Flow | None, expecting: int | None, expected: list[str]
) -> None:
    assert codes(publish(its_flow, expecting=expecting, knowing=[LOGIN], components=[CRM, PUB_SUB])) == expected


def test_a_flow_that_isnt_there_is_named() -> None:
    assert reasons(publish(None)) == (FlowNotFound("flow_wanted"),)
