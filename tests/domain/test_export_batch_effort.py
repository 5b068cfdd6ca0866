"""The graph of a flow is looked at once for a call, however many of its exports are about it."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import pytest

from app.domain.access import WorkspaceAccess
from app.domain.choices import ReferenceMapping, StepChoice, by_reference
from app.domain.errors import Refused
from app.domain.export import ExportPlan
from app.domain.export_batch import plan_exports
from app.domain.facts import ExportWish, Facts, IntoWorkspace
from app.domain.fingerprint import fingerprint_of
from app.domain.model import Workspace
from tests.domain.builders import (
    CREDENTIAL,
    DEVELOPMENT,
    PRODUCTION,
    BoundStep,
    catalogue,
    component,
    flow,
    integrator,
    known,
    state,
    step,
    target,
)
from tests.domain.counting import bytecodes

CRM = component("lab/crm")
LOGIN, LOGIN_THERE = target(CREDENTIAL, "Login", DEVELOPMENT, of=CRM), target(CREDENTIAL, "Live", PRODUCTION, of=CRM)
SHARED = by_reference([ReferenceMapping(LOGIN.id, LOGIN_THERE.id)])
GUEST = frozenset[str]()


def facts_of(*steps: BoundStep, to: Callable[[Workspace], WorkspaceAccess] = integrator) -> Facts:
    source = flow(state(*steps))
    return Facts(
        flows={source.id: source},
        accesses={PRODUCTION.id: to(PRODUCTION)},
        catalogue=catalogue(CRM),
        targets=known(LOGIN, LOGIN_THERE),
    )


def items_of(facts: Facts, number: int) -> list[ExportWish]:
    """Exports that differ in their names alone."""
    [source] = facts.flows
    return [
        ExportWish(source, IntoWorkspace(PRODUCTION.id), name=f"Flow {each}", shared_mappings=SHARED)
        for each in range(number)
    ]


def bound(number: int) -> list[BoundStep]:
    return [step(f"{each}", "lab/crm:get", credential=LOGIN.id) for each in range(number)]


def effort(facts: Callable[[], Facts], change: Callable[[ExportWish, int], ExportWish], number: int) -> int:
    items = [change(item, each) for each, item in enumerate(items_of(facts(), number))]
    return bytecodes(lambda: [*plan_exports(facts(), dict(enumerate(items)))])


def as_it_is(item: ExportWish, _: int) -> ExportWish:
    return item


def with_a_mapping(item: ExportWish, number: int) -> ExportWish:
    return replace(item, mappings=(ReferenceMapping(f"agent_{number}", "agent_x"),))


def with_a_binding(item: ExportWish, number: int) -> ExportWish:
    return replace(item, bindings=(StepChoice(f"{number}", {CREDENTIAL: None}),))


@pytest.mark.parametrize("change", [as_it_is, with_a_mapping, with_a_binding])
@pytest.mark.parametrize(
    "facts",
    [
        partial(facts_of, *bound(100), to=lambda place: WorkspaceAccess(place, GUEST)),
        partial(facts_of, *(step(f"{each}", "lab/none:get") for each in range(100))),
    ],
    ids=["for a guest", "with an unknown component"],
)
def test_what_is_refused_takes_as_long_for_many_items_as_for_a_few_whatever_the_graph(
    facts: Callable[[], Facts], change: Callable[[ExportWish, int], ExportWish]
) -> None:
    effort(facts, change, 1)
    assert effort(facts, change, 11) < 4 * effort(facts, change, 1)


def test_what_differs_in_its_name_alone_is_planned_in_the_time_of_one() -> None:
    facts = partial(facts_of, *bound(100))
    effort(facts, as_it_is, 1)
    assert effort(facts, as_it_is, 11) < 2 * effort(facts, as_it_is, 1)


@pytest.mark.parametrize("change", [as_it_is, with_a_mapping])
def test_the_fingerprints_of_many_plans_digest_the_graph_once(
    change: Callable[[ExportWish, int], ExportWish],
) -> None:
    def fingerprints(number: int) -> int:
        facts = facts_of(*bound(400))
        decided = [
            *plan_exports(facts, {place: change(each, place) for place, each in enumerate(items_of(facts, number))})
        ]
        return bytecodes(lambda: [fingerprint_of(each.facts, each.wish) for each in decided])

    fingerprints(1)
    assert fingerprints(11) < 4 * fingerprints(1)


def test_items_that_are_equal_share_what_is_planned_and_are_plans_of_their_own() -> None:
    facts = facts_of(*bound(2))
    plans = [decided.decision for decided in plan_exports(facts, dict(enumerate(items_of(facts, 2))))]
    assert all(isinstance(plan, ExportPlan) for plan in plans)
    first, second = (plan for plan in plans if isinstance(plan, ExportPlan))
    assert [first.state.name, second.state.name] == ["Flow 0", "Flow 1"]
    assert first.references is second.references
    assert first.state.graph.bindings is second.state.graph.bindings
    assert {outcome.to_id for outcome in first.references} == {LOGIN_THERE.id}


def test_a_binding_for_a_step_of_one_item_is_none_for_the_others() -> None:
    facts = facts_of(*bound(2))
    first, second, third = items_of(facts, 3)
    items = [first, replace(second, bindings=(StepChoice("0", {CREDENTIAL: None}),)), third]
    plans = [decided.decision for decided in plan_exports(facts, dict(enumerate(items)))]
    after = [[one.to_id for one in plan.references] for plan in plans if not isinstance(plan, Refused)]
    assert after == [[LOGIN_THERE.id] * 2, [None, LOGIN_THERE.id], [LOGIN_THERE.id] * 2]
