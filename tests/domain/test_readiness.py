"""H3: what keeps a draft from being published, step by step; whether its graph is valid is `test_valid_graph.py`."""

from itertools import pairwise

import pytest

from app.domain.component import Component, InaccessibilityReason, Link
from app.domain.model import Target, Workspace
from app.domain.readiness import Blocker, ComponentUnavailable, InvalidGraph, MissingCredential, MissingTopic, blockers
from app.domain.source_graph import InaccessibleComponent
from tests.domain.builders import (
    ABROAD,
    AGENT,
    CREDENTIAL,
    DEVELOPMENT,
    GLOBAL,
    ITEMS,
    LIVE_ORDERS,
    NORTHERN,
    OF_SOUTHERN,
    ORDERS,
    OVERSEAS,
    PRODUCTION,
    PUB_SUB,
    SECRET,
    SOUTHERN,
    TEAM,
    TENANT,
    BoundStep,
    called,
    catalogue,
    component,
    contract,
    known,
    publishes,
    state,
    step,
    subscribes,
    target,
    workspace,
)

CRM, VAULT = component("lab/crm", needs=CREDENTIAL), component("lab/vault", needs=SECRET)
OTHER, ROUTER = component("lab/other", needs=CREDENTIAL), component("lab/router")
PRIVATE = component("kitchen/private", TEAM, SOUTHERN, needs=CREDENTIAL)
COMPONENTS = (CRM, VAULT, OTHER, ROUTER, PRIVATE, PUB_SUB)

LOGIN, KEY = target(CREDENTIAL, "Crm", DEVELOPMENT, of=CRM), target(SECRET, "Vault", DEVELOPMENT, of=VAULT)
LIVE_LOGIN, LIVE_KEY = target(CREDENTIAL, "Live", PRODUCTION, of=CRM), target(SECRET, "Live", PRODUCTION, of=VAULT)
OTHERS_LOGIN, OTHERS_KEY = (target(kind, "Other", DEVELOPMENT, of=OTHER) for kind in (CREDENTIAL, SECRET))
NOBODYS_LOGIN, TUNNEL = target(CREDENTIAL, "Nobody", DEVELOPMENT), target(AGENT, "Crm", DEVELOPMENT)
THINGS = known(
    *(LOGIN, KEY, LIVE_LOGIN, LIVE_KEY, OTHERS_LOGIN, OTHERS_KEY, NOBODYS_LOGIN, TUNNEL),
    *(ORDERS, ITEMS, LIVE_ORDERS),
)


def blockers_of(
    *steps: BoundStep, at: Workspace = DEVELOPMENT, components: tuple[Component, ...] = COMPONENTS
) -> object:
    """The blockers of a flow whose steps follow each other."""
    links = [Link(before.id, after.id) for before, after in pairwise(steps)]
    return blockers(state(*steps, links=links).state.graph, at, catalogue(*components), THINGS)


def test_a_draft_whose_every_step_has_what_it_needs_is_ready() -> None:
    calls, opens = step("1", "lab/crm:get", credential=LOGIN.id), step("2", "lab/vault:open", secret=KEY.id)
    assert blockers_of(calls, opens, step("3", "lab/router:route"), publishes("4", ORDERS)) == ()


@pytest.mark.parametrize(
    "bound",
    [
        {},
        {"credential": None},
        {"credential": ""},
        {"credential": "credential_gone"},
        {"credential": LIVE_LOGIN.id},  # lives elsewhere
        {"credential": OTHERS_LOGIN.id},  # belongs to another component
        {"credential": NOBODYS_LOGIN.id},
        {"credential": TUNNEL.id},  # is none
        {"credential": KEY.id},
        {"secret": LOGIN.id},
        {"agent": TUNNEL.id, "data_samples": [LOGIN.id]},
    ],
)
def test_a_step_needs_a_credential_that_lives_here_and_belongs_to_its_component(bound: dict[str, object]) -> None:
    assert blockers_of(step("7", "lab/crm:get@latest", **bound)) == (MissingCredential(called("7"), CRM, DEVELOPMENT),)


@pytest.mark.parametrize(
    "bound",
    [
        {},
        {"secret": None},
        {"secret": "secret_gone"},
        {"secret": LIVE_KEY.id},
        {"secret": OTHERS_KEY.id},
        {"secret": LOGIN.id},
        {"credential": KEY.id},
    ],
)
def test_a_step_needs_a_secret_that_lives_here_and_belongs_to_its_component(bound: dict[str, object]) -> None:
    assert blockers_of(step("7", "lab/vault:open", **bound)) == (MissingCredential(called("7"), VAULT, DEVELOPMENT),)


@pytest.mark.parametrize("credential", [None, "credential_gone", LIVE_LOGIN.id, LOGIN.id])
def test_a_component_that_needs_none_is_not_asked_for_a_credential(credential: str | None) -> None:
    assert blockers_of(step("1", "lab/router:route", credential=credential)) == ()


@pytest.mark.parametrize("topic", [LIVE_ORDERS.id, "topic_gone", "", None, TUNNEL.id])
def test_a_pub_sub_step_needs_a_topic_that_lives_here(topic: str | None) -> None:
    bound = step("1", "acme/pub-sub:pub", topic=topic)
    assert blockers_of(bound) == blockers_of(publishes("1")) == (MissingTopic(called("1"), DEVELOPMENT),)


def test_pub_sub_steps_may_use_several_topics() -> None:
    assert blockers_of(subscribes("1", ORDERS), publishes("2", ITEMS)) == ()


def test_only_the_mark_makes_a_step_need_a_topic() -> None:
    unmarked = component("acme/pub-sub")
    assert blockers_of(publishes("1"), components=(unmarked,)) == ()


WHITELISTING = contract("Northern Retail", whitelist=True)
STRICT, LAX = workspace("Strict", WHITELISTING), workspace("Lax", WHITELISTING, DEVELOPMENT.type)
ACROSS = workspace("Harbour", OVERSEAS)
NOT_WHITELISTED = InaccessibilityReason.NOT_WHITELISTED


@pytest.mark.parametrize(
    ("at", "of", "reason"),
    [
        (DEVELOPMENT, component("lab/crm", TEAM, NORTHERN), None),
        (PRODUCTION, component("lab/crm", TEAM, NORTHERN), None),
        (OF_SOUTHERN, component("lab/crm", TEAM, NORTHERN), InaccessibilityReason.TEAM_OF_ANOTHER_CONTRACT),
        (OF_SOUTHERN, component("lab/crm", TENANT, NORTHERN), None),
        (OF_SOUTHERN, component("lab/crm", GLOBAL, NORTHERN), None),
        (ACROSS, component("lab/crm", GLOBAL, NORTHERN), None),
        (ACROSS, component("lab/crm", TENANT, NORTHERN), InaccessibilityReason.UNKNOWN_COMPONENT),  # C0
        (STRICT, component("lab/crm", GLOBAL, SOUTHERN), NOT_WHITELISTED),
        (STRICT, component("lab/crm", TENANT, SOUTHERN), NOT_WHITELISTED),
        (STRICT, component("lab/crm", GLOBAL, SOUTHERN, whitelisted=[WHITELISTING]), None),
        (STRICT, component("lab/crm", TEAM, NORTHERN), None),
        (LAX, component("lab/crm", GLOBAL, SOUTHERN), None),
    ],
)
def test_every_component_must_be_usable_here(
    at: Workspace, of: Component, reason: InaccessibilityReason | None
) -> None:
    seen = None if reason is InaccessibilityReason.UNKNOWN_COMPONENT else of
    expected = () if reason is None else (unavailable("1", "lab/crm", seen, reason, at=at),)
    assert blockers_of(step("1", "lab/crm:get@latest"), at=at, components=(of,)) == expected


def unavailable(
    step_id: str,
    name: str,
    its_component: Component | None,
    reason: InaccessibilityReason,
    *,
    at: Workspace = DEVELOPMENT,
    steps: tuple[str, ...] = (),
) -> Blocker:
    using = tuple(called(one) for one in steps or (step_id,))
    return ComponentUnavailable(called(step_id), InaccessibleComponent(name, its_component, using, reason), at)


def test_a_command_means_the_tenants_own_component_before_a_global_one() -> None:
    own = component("lab/crm", TEAM, NORTHERN, component_id="component_9")
    shared = component("lab/crm", GLOBAL, contract("Elsewhere", tenant=ABROAD), component_id="component_1")
    reason = InaccessibilityReason.TEAM_OF_ANOTHER_CONTRACT
    assert blockers_of(step("1", "lab/crm:get"), at=OF_SOUTHERN, components=(own, shared)) == (
        unavailable("1", "lab/crm", own, reason, at=OF_SOUTHERN),
    )
    assert blockers_of(step("1", "lab/crm:get"), at=ACROSS, components=(own, shared)) == ()


@pytest.mark.parametrize("command", ["lab/none:get", "nonsense", "", "lab/crm", "lab/crm:"])
def test_an_unknown_component_and_what_is_no_command_are_unusable(command: str) -> None:
    name = "lab/none" if command == "lab/none:get" else command
    assert blockers_of(step("1", command)) == (unavailable("1", name, None, InaccessibilityReason.UNKNOWN_COMPONENT),)


def test_each_step_of_an_unusable_component_is_told_with_all_of_them() -> None:
    steps = [step(step_id, f"lab/none:{step_id}@{step_id}") for step_id in "321"]
    assert blockers_of(*steps) == tuple(
        unavailable(step_id, "lab/none", None, InaccessibilityReason.UNKNOWN_COMPONENT, steps=("3", "2", "1"))
        for step_id in "321"
    )


def test_blockers_follow_the_whole_graph_and_then_its_steps_whatever_their_kind() -> None:
    hub = component("kitchen/hub", TEAM, SOUTHERN, needs=SECRET, pub_sub=True)
    steps = (step("9", "kitchen/hub:pub"), publishes("2"), step("5", "lab/router:x"), step("1", "lab/crm:get"))
    links = [Link("gone", "lost"), Link("9", "2"), *[Link("5", "1")] * 2, Link("1", "gone")]
    outcome = blockers(state(*steps, links=links).state.graph, DEVELOPMENT, catalogue(hub, *COMPONENTS), THINGS)
    other_team = InaccessibilityReason.TEAM_OF_ANOTHER_CONTRACT
    assert outcome == (
        InvalidGraph("The edge from gone to lost doesn't join two steps. Remove it."),
        unavailable("9", "kitchen/hub", hub, other_team),
        MissingCredential(called("9"), hub, DEVELOPMENT),
        MissingTopic(called("9"), DEVELOPMENT),
        MissingTopic(called("2"), DEVELOPMENT),
        InvalidGraph(
            "No edge leads to the step 5, nor to 9. Only one step can be the first: add an edge.", called("5")
        ),
        InvalidGraph("The router 5 has 2 edges without a condition. Keep one.", called("5")),
        MissingCredential(called("1"), CRM, DEVELOPMENT),
        InvalidGraph("The edge from 1 to gone doesn't join two steps. Remove it.", called("1")),
    )


def test_steps_that_share_an_id_are_asked_each_for_itself() -> None:
    bound, unbound = step("1", "lab/crm:get", credential=LOGIN.id), step("1", "lab/crm:get")
    repeated = InvalidGraph("Several steps have the id 1. Give each an id of its own.", called("1"))
    outcome = blockers(state(bound, unbound, bound).state.graph, DEVELOPMENT, catalogue(CRM), THINGS)
    assert outcome == (MissingCredential(called("1"), CRM, DEVELOPMENT), repeated, repeated)


@pytest.mark.parametrize("thing", [LOGIN, KEY])
def test_what_lives_here_is_asked_of_the_workspace_at_hand(thing: Target) -> None:
    (command, kind) = ("lab/crm:get", "credential") if thing is LOGIN else ("lab/vault:open", "secret")
    bound = step("1", command, **{kind: thing.id})
    assert blockers_of(bound) == ()
    assert blockers_of(bound, at=PRODUCTION) == (
        MissingCredential(called("1"), CRM if thing is LOGIN else VAULT, PRODUCTION),
    )
