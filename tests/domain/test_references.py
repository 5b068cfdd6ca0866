"""What becomes of credentials, secrets, agents and data samples, and the report of it (X7, X7a, X7b, X7c, X8)."""

import pytest

from app.domain.bindings import AgentNotCopied
from app.domain.graph import Bindings
from app.domain.model import ReferenceKind, Target
from app.domain.references import ReferenceAction, ReferenceOutcome
from tests.domain.builders import (
    AGENT,
    CREDENTIAL,
    DEVELOPMENT,
    GLOBAL,
    LIVE_ORDERS,
    OF_SOUTHERN,
    ORDERS,
    OVERSEAS,
    PRODUCTION,
    SECRET,
    TEAM,
    TOPIC,
    BoundStep,
    component,
    draft,
    flow,
    flow_there,
    publishes,
    sends,
    state,
    step,
    target,
    workspace,
)
from tests.domain.planning import CLEARED, KEPT, bound, copy, export, planned, reported, samples

OWNED = (CREDENTIAL, SECRET, AGENT)
LOGIN, KEY, TUNNEL = (target(kind, "Here", DEVELOPMENT) for kind in OWNED)
LIVE_LOGIN, LIVE_KEY, LIVE_TUNNEL = (target(kind, "Live", PRODUCTION) for kind in OWNED)
OTHER_LOGIN = target(CREDENTIAL, "Other live", PRODUCTION)
THIRD_LOGIN = target(CREDENTIAL, "Third", OF_SOUTHERN)
EVERYTHING = (
    *(LOGIN, KEY, TUNNEL, LIVE_LOGIN, LIVE_KEY, LIVE_TUNNEL),
    *(OTHER_LOGIN, THIRD_LOGIN, ORDERS, LIVE_ORDERS),
)


@pytest.mark.parametrize(
    ("kind", "here", "there"),
    [(CREDENTIAL, LOGIN, LIVE_LOGIN), (SECRET, KEY, LIVE_KEY), (AGENT, TUNNEL, LIVE_TUNNEL)],
)
def test_a_reference_is_kept_where_the_destination_can_use_it_and_cleared_otherwise(
    kind: ReferenceKind, here: Target, there: Target
) -> None:
    of_the_source, of_the_destination = (
        flow(state(sends("1", **{kind.value.lower(): thing.id}))) for thing in (here, there)
    )
    cleared = planned(export(of_the_source, knowing=EVERYTHING))
    kept = planned(export(of_the_destination, knowing=EVERYTHING))
    inside = planned(copy(of_the_source, knowing=EVERYTHING))
    assert (cleared.state.graph.bindings, cleared.references) == ((), (reported("1", kind, here, None),))
    assert (kept.state.graph.bindings, kept.references) == (
        bound_at_first(kind, there),
        (reported("1", kind, there, there),),
    )
    assert (inside.state.graph.bindings, inside.references) == (
        bound_at_first(kind, here),
        (reported("1", kind, here, here),),
    )


def bound_at_first(kind: ReferenceKind, thing: Target) -> Bindings:
    return (bound(0, **{kind.value.lower(): thing}),)


def test_a_thing_of_another_kind_is_no_credential() -> None:
    mistaken = flow(state(sends("1", credential=LIVE_TUNNEL.id)))
    assert planned(export(mistaken, knowing=EVERYTHING)).state.graph.bindings == ()


def test_the_report_follows_the_steps_and_within_a_step_the_kinds() -> None:
    everything = {"data_samples": ["sample"], "topic": ORDERS.id, "agent": TUNNEL.id, "secret": KEY.id}
    steps = (
        step("9", "acme/pub-sub:pub", **everything, credential=LOGIN.id),
        sends("1", data_samples=["sample"], credential=LOGIN.id),
        sends("5"),
        sends("1", secret=KEY.id),
    )
    things = ((CREDENTIAL, LOGIN), (SECRET, KEY), (AGENT, TUNNEL), (TOPIC, ORDERS))
    crossing, inside = (
        (
            *(reported("9", kind, thing, thing if stays else None) for kind, thing in things),
            samples("9", KEPT if stays else CLEARED),
            reported("1", CREDENTIAL, LOGIN, LOGIN if stays else None),
            samples("1", KEPT if stays else CLEARED),
            reported("1", SECRET, KEY, KEY if stays else None),
        )
        for stays in (False, True)
    )
    source = flow(state(*steps))
    assert planned(export(source, knowing=EVERYTHING)).references == crossing
    assert planned(copy(source, knowing=EVERYTHING)).references == inside


def test_an_agent_that_is_cleared_is_a_warning_with_its_steps() -> None:
    """X7c: no component requires an agent, so that readiness would not tell."""
    source = flow(state(sends("1", agent=TUNNEL.id), sends("2"), sends("3", agent=TUNNEL.id)))
    [warning] = planned(export(source, knowing=EVERYTHING)).warnings
    assert isinstance(warning, AgentNotCopied)
    assert (warning.agent, warning.destination, [step.id for step in warning.steps]) == (
        TUNNEL,
        "Production",
        ["1", "3"],
    )
    replaced = flow_there(state(sends("1", agent=LIVE_TUNNEL.id), sends("3", agent=LIVE_TUNNEL.id)))
    assert planned(export(source, over=replaced, knowing=EVERYTHING)).warnings == ()
    assert planned(copy(source, knowing=EVERYTHING)).warnings == ()


# X7a: what the overridden flow has -------------------------------------------------------------------------------


def mails(*logins: Target | None) -> tuple[BoundStep, ...]:
    return tuple(
        sends(str(number), **({} if login is None else {"credential": login.id}))
        for number, login in enumerate(logins, start=1)
    )


@pytest.mark.parametrize(
    ("before", "published", "drafted", "after"),
    [
        # what X7 leaves without one takes the one that is there
        (mails(LOGIN), mails(LIVE_LOGIN), None, LIVE_LOGIN),
        (mails(None), mails(LIVE_LOGIN), None, LIVE_LOGIN),
        (mails(LOGIN), None, mails(LIVE_LOGIN), LIVE_LOGIN),
        (mails(LOGIN), mails(None), None, None),
        (mails(None), mails(None), mails(None), None),
        # what X7 keeps stays
        (mails(LIVE_LOGIN), mails(OTHER_LOGIN), None, LIVE_LOGIN),
        # the published version before the draft, and the draft where that has none for the step
        (mails(LOGIN), mails(LIVE_LOGIN), mails(OTHER_LOGIN), LIVE_LOGIN),
        (mails(LOGIN), mails(None), mails(OTHER_LOGIN), OTHER_LOGIN),
        (mails(LOGIN), (), mails(OTHER_LOGIN), OTHER_LOGIN),
        # never a thing that the destination can't use
        (mails(LOGIN), mails(LOGIN), None, None),
        (mails(LOGIN), mails(THIRD_LOGIN), None, None),
        (mails(LOGIN), mails(THIRD_LOGIN), mails(OTHER_LOGIN), OTHER_LOGIN),
        (mails(LOGIN), (sends("1", credential="credential_gone"),), None, None),
        (mails(LOGIN), (sends("1", credential=None),), None, None),
        # the same id and the same component
        (mails(LOGIN), (sends("2", credential=LIVE_LOGIN.id),), None, None),
        (mails(LOGIN), (step("1", "acme/timer:tick", credential=LIVE_LOGIN.id),), None, None),
        (mails(LOGIN), (step("1", "acme/mailer:other@7", credential=LIVE_LOGIN.id),), None, LIVE_LOGIN),
        (mails(LOGIN), (step("1", "acme/timer:tick", credential=LIVE_LOGIN.id),), mails(OTHER_LOGIN), OTHER_LOGIN),
        # where ids repeat, the one with the component
        (
            mails(LOGIN),
            (step("1", "acme/timer:tick", credential=LIVE_LOGIN.id), sends("1", credential=OTHER_LOGIN.id)),
            None,
            OTHER_LOGIN,
        ),
    ],
)
def test_what_a_step_takes_from_the_overridden_flow(
    before: tuple[BoundStep, ...],
    published: tuple[BoundStep, ...] | None,
    drafted: tuple[BoundStep, ...] | None,
    after: Target | None,
) -> None:
    there = flow_there(*(None if steps is None else state(*steps) for steps in (published, drafted)))
    plan = planned(export(flow(state(*before)), over=there, knowing=EVERYTHING))
    assert plan.state.graph.bindings == (() if after is None else (bound(0, credential=after),))
    had = next((login for login in EVERYTHING if before[0].bound.get(CREDENTIAL) == login.id), None)
    assert plan.references == (() if had is None and after is None else (reported("1", CREDENTIAL, had, after),))


def test_each_kind_is_taken_by_itself_from_the_published_version_or_the_draft() -> None:
    there = flow_there(
        state(sends("1", secret=LIVE_KEY.id)), draft(sends("1", credential=LIVE_LOGIN.id, secret="secret_other"))
    )
    plan = planned(export(flow(state(sends("1", agent=TUNNEL.id))), over=there, knowing=EVERYTHING))
    assert plan.state.graph.bindings == (bound(0, credential=LIVE_LOGIN, secret=LIVE_KEY),)
    assert plan.references == (
        reported("1", CREDENTIAL, None, LIVE_LOGIN),
        reported("1", SECRET, None, LIVE_KEY),
        reported("1", AGENT, TUNNEL, None),
    )


def test_what_comes_where_nothing_was_is_replaced_from_null() -> None:
    there = flow_there(state(sends("1", credential=LIVE_LOGIN.id)))
    (outcome,) = planned(export(flow(state(sends("1"))), over=there, knowing=EVERYTHING)).references
    assert outcome == ReferenceOutcome("1", CREDENTIAL, ReferenceAction.REPLACED, None, LIVE_LOGIN.id)


def test_a_new_flow_takes_nothing_from_flows_that_are_there() -> None:
    plan = planned(export(flow(state(*mails(LOGIN))), knowing=EVERYTHING))
    assert plan.references == (reported("1", CREDENTIAL, LOGIN, None),)


def test_inside_a_workspace_an_override_keeps_the_sources_and_fills_what_is_missing() -> None:
    there = flow_there(state(*mails(OTHER_LOGIN, OTHER_LOGIN)))
    source = flow(state(*mails(LIVE_LOGIN, None)), at=PRODUCTION)
    plan = planned(export(source, over=there, knowing=EVERYTHING))
    assert plan.state.graph.bindings == (bound(0, credential=LIVE_LOGIN), bound(1, credential=OTHER_LOGIN))


def test_a_component_is_the_same_in_the_tenant_of_each_flow() -> None:
    harbour, abroad = workspace("Harbour", OVERSEAS), target(CREDENTIAL, "Harbour", workspace("Harbour", OVERSEAS))
    mailer = component("acme/mailer", GLOBAL)
    there = flow_there(state(*mails(abroad)), at=harbour)
    plan = planned(export(flow(state(*mails(LOGIN))), over=there, knowing=[LOGIN, abroad], components=[mailer]))
    assert plan.references == (reported("1", CREDENTIAL, LOGIN, abroad),)


def test_unknown_components_are_the_same_if_their_names_are() -> None:
    private, login = component("lab/private", TEAM), LIVE_LOGIN.id
    source = flow(state(step("1", "lab/gone:a"), step("2", "lab/private:a"), step("3", "lab/gone:a")), at=PRODUCTION)
    there = state(
        step("1", "lab/gone:b@2", credential=login),
        step("2", "lab/other:a", credential=login),
        step("3", "lab/lost:a", credential=login),
    )
    plan = planned(export(source, over=flow_there(there), knowing=EVERYTHING, components=[private]))
    assert plan.state.graph.bindings == (bound(0, credential=LIVE_LOGIN),)


# X8: data samples --------------------------------------------------------------------------------------------------


def test_data_samples_stay_inside_a_workspace_and_do_not_cross_it() -> None:
    source = state(sends("1", data_samples=["sample_1", "sample_2"]))
    inside, crossing = planned(copy(flow(source))), planned(export(flow(source)))
    assert (inside.state.graph.bindings, inside.references) == (source.state.graph.bindings, (samples("1", KEPT),))
    assert (crossing.state.graph.bindings, crossing.references) == ((), (samples("1", CLEARED),))


def test_an_override_takes_no_data_samples_of_the_overridden_flow() -> None:
    there = flow_there(state(sends("1", data_samples=["sample"])))
    plan = planned(export(flow(state(sends("1"))), over=there))
    assert (plan.state.graph.bindings, plan.references) == ((), ())


@pytest.mark.parametrize("nothing", [None, []])
def test_where_there_are_no_samples_nothing_is_cleared(nothing: object) -> None:
    source = state(sends("1", data_samples=nothing, credential=None, secret=None, agent=None))
    for outcome in (export(flow(source)), copy(flow(source))):
        assert (planned(outcome).state.graph.bindings, planned(outcome).references) == (source.state.graph.bindings, ())


def test_nulls_stay_where_nothing_takes_their_place() -> None:
    source = state(sends("1", credential=None, agent=None), publishes("2"), step("3", "acme/pub-sub:sub", topic=None))
    there = flow_there(state(sends("1", credential=LIVE_LOGIN.id), step("3", "acme/pub-sub:sub", topic=LIVE_ORDERS.id)))
    assert planned(export(flow(source), knowing=EVERYTHING)).state.graph.bindings == source.state.graph.bindings
    first, last = planned(export(flow(source), over=there, knowing=EVERYTHING)).state.graph.bindings
    assert first.values == {CREDENTIAL: LIVE_LOGIN.id, AGENT: None}
    assert last == bound(2, topic=LIVE_ORDERS)
