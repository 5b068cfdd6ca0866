"""One flow and many destinations: what doesn't depend on the destination is found once."""

import pytest

from app.domain.errors import Refused
from app.domain.flow import Graph
from app.domain.model import TenantId
from app.domain.source_graph import SourceGraph
from tests.domain.builders import (
    DEVELOPMENT,
    GLOBAL,
    NORTHERN,
    OF_OVERSEAS,
    OF_SOUTHERN,
    OVERSEAS,
    PRODUCTION,
    TEAM,
    TENANT,
    catalogue,
    component,
    contract,
    flow,
    integrator,
    outline,
    state,
    step,
    workspace,
)
from tests.domain.counting import bytecodes
from tests.domain.planning import export, exports_of, visible

UNKNOWN = [step(str(number), f"nobody/has{number}:it") for number in range(500)]
KNOWN = [step("a", "lab/normalizer:a"), step("b", "acme/mailer:send"), step("c", "lab/normalizer:b")]
COMPONENTS = component("lab/normalizer", TEAM, NORTHERN), component("acme/mailer", GLOBAL)
CATALOGUE = catalogue(*COMPONENTS)
ACCESSES = [workspace(f"Place {number}", contract(f"Contract {number}")) for number in range(50)]


def test_every_destination_gets_the_answer_that_it_would_get_alone() -> None:
    steps = outline(*UNKNOWN[:2], *KNOWN)
    used = SourceGraph(Graph(steps), CATALOGUE, DEVELOPMENT)
    for place in (DEVELOPMENT, PRODUCTION, OF_SOUTHERN, OF_OVERSEAS, *ACCESSES[:2], PRODUCTION):
        alone = SourceGraph(Graph(steps), CATALOGUE, DEVELOPMENT).refused_by(place)
        assert used.refused_by(place) == alone
        assert all(refused.workspace is place for refused in alone)


@pytest.mark.parametrize("first", [0, 1, 2])
def test_a_tenant_with_a_component_of_that_name_is_told_from_those_without(first: int) -> None:
    """C0, whichever tenant is asked about first."""
    farther = workspace("Depot", contract("Far Trade", tenant=TenantId("tenant_far")))
    theirs = component("acme/mailer", TENANT, OVERSEAS, component_id="component_z")
    used = SourceGraph(Graph(outline(KNOWN[1])), catalogue(COMPONENTS[1], theirs), DEVELOPMENT)
    places = [farther, OF_OVERSEAS, PRODUCTION]
    for place in [*places[first:], *places[:first]]:
        assert (used.refused_by(place) == ()) is (place is not OF_OVERSEAS)


def test_destinations_share_the_list_of_components_that_they_cant_use() -> None:
    used = SourceGraph(Graph(outline(*UNKNOWN, *KNOWN)), CATALOGUE, DEVELOPMENT)
    lists = [refused.components for place in ACCESSES for refused in used.refused_by(place)]
    assert len(lists) == len(ACCESSES)
    assert len({id(components) for components in lists}) == 1
    assert len(lists[0]) == len(UNKNOWN) + 1


def test_another_destination_costs_no_look_at_the_steps() -> None:
    few, many = (SourceGraph(Graph(outline(*UNKNOWN[:number], *KNOWN)), CATALOGUE, DEVELOPMENT) for number in (1, 500))
    for used in (few, many):
        used.refused_by(ACCESSES[0])
    assert bytecodes(lambda: many.refused_by(ACCESSES[1])) == bytecodes(lambda: few.refused_by(ACCESSES[1]))


def test_another_destination_costs_no_look_at_all_components_for_its_message() -> None:
    some, many = (
        SourceGraph(Graph(outline(*UNKNOWN[:number], *KNOWN)), CATALOGUE, DEVELOPMENT) for number in (100, 500)
    )
    here, there = ([used.refused_by(place)[0] for used in (some, many)] for place in ACCESSES[:2])
    assert all(refused.message for refused in here)
    few, several = there
    assert bytecodes(lambda: few.message) == bytecodes(lambda: several.message)


def test_each_destination_is_refused_as_by_an_export_to_it() -> None:
    orders = flow(published=state(*UNKNOWN, *KNOWN))
    home = orders.access.workspace
    anew = exports_of(orders, *COMPONENTS)
    for place in (home, PRODUCTION, OF_OVERSEAS, ACCESSES[0]):
        outcome = export(orders, to=integrator(place), components=COMPONENTS)
        refusals = outcome.errors if isinstance(outcome, Refused) else ()
        assert anew.refusals(integrator(place), 0) == refusals
        assert anew.eligibility(visible(integrator(place)), 0) == (not refusals, not refusals)
    assert anew.refusals(integrator(home), 0) == ()


def test_another_destination_takes_no_look_at_each_step() -> None:
    anew = exports_of(flow(published=state(*UNKNOWN, *KNOWN)), *COMPONENTS)
    anew.refusals(integrator(ACCESSES[0]), 0)
    assert bytecodes(lambda: anew.refusals(integrator(ACCESSES[1]), 0)) < 5 * len(UNKNOWN)
    row = visible(integrator(ACCESSES[2]))
    assert bytecodes(lambda: anew.eligibility(row, 0)) < len(UNKNOWN)
