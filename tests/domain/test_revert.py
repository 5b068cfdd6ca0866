"""H5: restoring an old version, as the new draft or published at once."""

import copy
from dataclasses import replace

import pytest

from app.domain.access import FlowNotFound
from app.domain.component import Component, Link
from app.domain.draft import DraftAlreadyExists, ExistingDraft
from app.domain.errors import Refused
from app.domain.flow import Flow, SavedState, VersionNotFound
from app.domain.graph import StepBindings
from app.domain.model import DraftId, Target, VersionId, VersionOrigin
from app.domain.publish import RevertPlan
from app.domain.readiness import DraftNotReady, MissingCredential
from tests.domain.builders import (
    AGENT,
    CREDENTIAL,
    DATA_SAMPLES,
    DEVELOPMENT,
    ITEMS,
    LIVE_ORDERS,
    ORDERS,
    PRODUCTION,
    PUB_SUB,
    SECRET,
    TOPIC,
    called,
    component,
    contract,
    draft,
    flow,
    guest,
    publishes,
    saying,
    sends,
    state,
    step,
    subscribes,
    target,
    workspace,
)
from tests.domain.lifecycle import agreed, codes, reasons, revert
from tests.domain.planning import CLEARED, KEPT, bound, reported, samples

CRM = component("lab/crm", needs=CREDENTIAL)
COMPONENTS = (CRM, PUB_SUB)
LOGIN, KEY, TUNNEL = (target(kind, "Crm", DEVELOPMENT, of=CRM) for kind in (CREDENTIAL, SECRET, AGENT))
LIVE_LOGIN = target(CREDENTIAL, "Live", PRODUCTION, of=CRM)
THINGS = (LOGIN, KEY, TUNNEL, LIVE_LOGIN, ORDERS, ITEMS, LIVE_ORDERS)

CALLS = step("7", "lab/crm:get", credential=LOGIN.id, secret=KEY.id, agent=TUNNEL.id, data_samples=["sample"])
OLD = saying(
    state(CALLS, publishes("3", ORDERS), links=[Link("7", "3")], state_id="version_1", name="Old", description=None),
    origin=VersionOrigin.EXPORT,
)
PUBLISHED, DRAFT = state(sends("1"), state_id="version_2"), draft(sends("1"), revision=8)
WITH_BOTH, WITHOUT_DRAFT = flow(PUBLISHED, DRAFT), flow(PUBLISHED)
ALL_KEPT = (
    *(reported("7", kind, thing, thing) for kind, thing in ((CREDENTIAL, LOGIN), (SECRET, KEY), (AGENT, TUNNEL))),
    samples("7", KEPT),
    reported("3", TOPIC, ORDERS, ORDERS),
)


@pytest.mark.parametrize("publish", [False, True])
@pytest.mark.parametrize(("its_flow", "sets_aside"), [(WITH_BOTH, DraftId("draft_1")), (WITHOUT_DRAFT, None)])
def test_everything_of_the_old_version_is_taken_back(its_flow: Flow, sets_aside: DraftId | None, publish: bool) -> None:
    before = copy.deepcopy(OLD)
    plan = agreed(revert(its_flow, OLD, publish=publish, knowing=THINGS, components=COMPONENTS))
    reverted = replace(OLD.state, origin=VersionOrigin.REVERT, revert_of=VersionId("version_1"))
    assert plan == RevertPlan(its_flow, reverted, ALL_KEPT, publish)
    assert its_flow.draft_id == sets_aside
    assert before == OLD


@pytest.mark.parametrize(
    "version", [OLD, PUBLISHED, saying(OLD, origin=VersionOrigin.REVERT, revert_of=VersionId("v_0"))]
)
def test_the_draft_says_which_version_it_came_from_even_if_that_came_from_another(version: SavedState) -> None:
    plan = agreed(revert(WITHOUT_DRAFT, version, knowing=THINGS, components=COMPONENTS))
    assert (plan.state.origin, plan.state.revert_of) == (VersionOrigin.REVERT, version.id)
    assert (plan.state.name, plan.state.description, plan.state.cron, plan.state.content_hash) == (
        *(version.state.name, version.state.description, version.state.cron),
        version.state.content_hash,
    )


def test_what_has_disappeared_meanwhile_is_cleared_and_told() -> None:
    plan = agreed(revert(WITHOUT_DRAFT, OLD, knowing=[TUNNEL, LIVE_LOGIN], components=COMPONENTS))
    assert plan.state.graph.bindings == (StepBindings(0, {AGENT: TUNNEL.id, DATA_SAMPLES: ["sample"]}),)
    assert plan.references == (
        reported("7", CREDENTIAL, LOGIN, None),
        reported("7", SECRET, KEY, None),
        reported("7", AGENT, TUNNEL, TUNNEL),
        samples("7", KEPT),
        reported("3", TOPIC, ORDERS, None),
    )


@pytest.mark.parametrize(
    "elsewhere", [LIVE_LOGIN, replace(LOGIN, workspace_id=PRODUCTION.id), replace(LOGIN, kind=SECRET)]
)
def test_what_lives_elsewhere_by_now_has_disappeared(elsewhere: Target) -> None:
    version = state(step("1", "lab/crm:get", credential=elsewhere.id))
    plan = agreed(revert(WITHOUT_DRAFT, version, knowing=[elsewhere], components=COMPONENTS))
    (outcome,) = plan.references
    assert (plan.state.graph.bindings, outcome.action, outcome.from_id) == ((), CLEARED, elsewhere.id)


def test_of_several_topics_those_that_are_still_there_stay() -> None:
    version = state(publishes("1", ORDERS), subscribes("2", ITEMS), publishes("3", ORDERS))
    plan = agreed(revert(WITHOUT_DRAFT, version, knowing=[ITEMS], components=COMPONENTS))
    assert plan.state.graph.bindings == (bound(1, topic=ITEMS),)
    assert plan.references == (
        reported("1", TOPIC, ORDERS, None),
        reported("2", TOPIC, ITEMS, ITEMS),
        reported("3", TOPIC, ORDERS, None),
    )


def test_nothing_is_taken_from_the_state_that_is_replaced() -> None:
    now = state(step("7", "lab/crm:get", credential=LOGIN.id), state_id="version_2")
    version = state(step("7", "lab/crm:get", credential="credential_gone"))
    plan = agreed(revert(flow(now, draft(CALLS)), version, knowing=THINGS, components=COMPONENTS))
    assert plan.state.graph.bindings == ()


@pytest.mark.parametrize("components", [(), (PUB_SUB,), (component("lab/crm"),)])
def test_whatever_became_of_the_components_what_lives_here_stays(components: tuple[Component, ...]) -> None:
    plan = agreed(revert(WITHOUT_DRAFT, OLD, knowing=THINGS, components=components))
    assert (plan.state.graph.bindings, plan.references) == (OLD.state.graph.bindings, ALL_KEPT)


# Refusals -----------------------------------------------------------------------------------------------------------


def test_an_existing_draft_refuses_the_revert_if_the_caller_asked_for_it() -> None:
    refused = revert(WITH_BOTH, OLD, existing_draft=ExistingDraft.REFUSE, knowing=THINGS, components=COMPONENTS)
    assert refused == Refused((DraftAlreadyExists(WITH_BOTH.id, "Orders", DraftId("draft_1")),))
    without = revert(WITHOUT_DRAFT, OLD, existing_draft=ExistingDraft.REFUSE, knowing=THINGS, components=COMPONENTS)
    assert agreed(without).flow.draft_id is None


def test_an_old_version_is_published_at_once_only_if_it_is_ready_as_it_would_be_bound() -> None:
    version = state(step("1", "lab/crm:get", credential=LOGIN.id))
    missing = DraftNotReady(
        WITH_BOTH.id, "Orders", (MissingCredential(called("1"), CRM, DEVELOPMENT),), is_restored=True
    )
    assert revert(WITH_BOTH, version, publish=True, components=COMPONENTS) == Refused((missing,))
    assert agreed(revert(WITH_BOTH, version, publish=False, components=COMPONENTS)).publish is False
    assert agreed(revert(WITH_BOTH, version, publish=True, knowing=[LOGIN], components=COMPONENTS)).publish is True


CLOSED = workspace("Closed", contract("Lapsed Goods", suspended=True))


def test_everything_that_stands_in_the_way_of_a_revert_is_said_at_once_in_order() -> None:
    its_flow = flow(PUBLISHED, DRAFT, at=guest(CLOSED))
    refused = revert(its_flow, OLD, publish=True, existing_draft=ExistingDraft.REFUSE, components=COMPONENTS)
    assert codes(refused) == [
        "INSUFFICIENT_PERMISSION",
        "CONTRACT_SUSPENDED",
        "DRAFT_ALREADY_EXISTS",
        "DRAFT_NOT_READY",
    ]


def test_of_a_version_that_isnt_there_nothing_is_asked_but_of_the_rest_everything() -> None:
    its_flow = flow(PUBLISHED, DRAFT, at=guest(CLOSED))
    missing, *rest = reasons(revert(its_flow, None, publish=True, existing_draft=ExistingDraft.REFUSE))
    assert missing == VersionNotFound(its_flow.id, "Orders", "version_wanted")
    assert [refusal.code.value for refusal in rest] == [
        "INSUFFICIENT_PERMISSION",
        "CONTRACT_SUSPENDED",
        "DRAFT_ALREADY_EXISTS",
    ]


def test_a_flow_that_isnt_there_is_named_and_its_versions_are_not_asked() -> None:
    assert reasons(revert(None, None, publish=True)) == (FlowNotFound("flow_wanted"),)
