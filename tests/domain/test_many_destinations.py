"""One flow and many destinations: what doesn't depend on the destination is found once."""

from dataclasses import replace

from app.domain.component import Catalogue
from app.domain.export import export_refusals
from app.domain.export_facts import ExportFacts, ExportWish, IntoWorkspace
from app.domain.used_components import USABLE_NOWHERE_ELSE, UsedComponents
from tests.domain.counting import bytecodes
from tests.domain.world import (
    DEVELOPMENT,
    FULL,
    GLOBAL,
    LIMITED,
    NORTHERN,
    OF_OVERSEAS,
    OF_SOUTHERN,
    PRODUCTION,
    SOUTHERN,
    TEAM,
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

UNKNOWN = [step(str(number), f"nobody/has{number}:it") for number in range(500)]
KNOWN = [step("a", "lab/normalizer:a"), step("b", "acme/mailer:send"), step("c", "lab/normalizer:b")]
CATALOGUE = catalogue(component("lab/normalizer", TEAM, NORTHERN), component("acme/mailer", GLOBAL))
ACCESSES = [workspace(f"Place {number}", contract(f"Contract {number}")) for number in range(50)]


def test_every_destination_gets_the_answer_that_it_would_get_alone() -> None:
    steps = outline(*UNKNOWN[:2], *KNOWN)
    used = UsedComponents(steps, CATALOGUE, source=DEVELOPMENT)
    for place in (DEVELOPMENT, PRODUCTION, OF_SOUTHERN, OF_OVERSEAS, *ACCESSES[:2], PRODUCTION):
        alone = UsedComponents(steps, CATALOGUE, source=DEVELOPMENT).refused_by(place)
        assert used.refused_by(place) == alone
        assert all(refused.workspace is place for refused in alone)


def test_destinations_share_the_list_of_components_that_they_cant_use() -> None:
    used = UsedComponents(outline(*UNKNOWN, *KNOWN), CATALOGUE, source=DEVELOPMENT)
    lists = [refused.components for place in ACCESSES for refused in used.refused_by(place)]
    assert len(lists) == len(ACCESSES)
    assert len({id(components) for components in lists}) == 1
    assert len(lists[0]) == len(UNKNOWN) + 1


def test_another_destination_costs_no_look_at_the_steps() -> None:
    few, many = (
        UsedComponents(outline(*UNKNOWN[:number], *KNOWN), CATALOGUE, source=DEVELOPMENT) for number in (1, 500)
    )
    for used in (few, many):
        used.refused_by(ACCESSES[0])
    assert bytecodes(lambda: many.refused_by(ACCESSES[1])) == bytecodes(lambda: few.refused_by(ACCESSES[1]))


def test_another_destination_costs_no_look_at_all_components_for_its_message() -> None:
    some, many = (
        UsedComponents(outline(*UNKNOWN[:number], *KNOWN), CATALOGUE, source=DEVELOPMENT) for number in (100, 500)
    )
    here, there = ([used.refused_by(place)[0] for used in (some, many)] for place in ACCESSES[:2])
    assert all(refused.message for refused in here)
    few, several = there
    assert bytecodes(lambda: few.message) == bytecodes(lambda: several.message)


def test_refusals_of_an_export_use_the_components_that_were_looked_up_before() -> None:
    orders = flow(published=state(*UNKNOWN, *KNOWN))
    used = UsedComponents(outline(*UNKNOWN, *KNOWN), CATALOGUE, source=orders.access.workspace)
    facts = ExportFacts(orders, None, catalogue=CATALOGUE, used=used)

    def refusals(number: int) -> object:
        there = integrator(ACCESSES[number])
        wish = ExportWish(orders.id, IntoWorkspace(there.workspace.id))
        return export_refusals(replace(facts, destination=there), wish)

    assert refusals(0) == export_refusals(
        ExportFacts(orders, integrator(ACCESSES[0]), catalogue=CATALOGUE),
        ExportWish(orders.id, IntoWorkspace(ACCESSES[0].id)),
    )
    assert bytecodes(lambda: refusals(1)) < 5 * len(UNKNOWN)  # One look at each step would take more.


def test_an_export_that_may_be_is_found_without_planning_each_step() -> None:
    orders = flow(published=state(*UNKNOWN))
    home = orders.access.workspace
    used = UsedComponents(outline(*UNKNOWN), CATALOGUE, source=home)
    facts = ExportFacts(orders, orders.access, catalogue=CATALOGUE, used=used)
    wish = ExportWish(orders.id, IntoWorkspace(home.id))
    assert export_refusals(facts, wish) == ()
    assert bytecodes(lambda: export_refusals(facts, wish)) < 5 * len(UNKNOWN)


def test_a_flow_without_steps_is_refused_nowhere() -> None:
    assert UsedComponents((), Catalogue(), source=DEVELOPMENT).refused_by(ACCESSES[0]) == ()


def test_where_a_flow_of_unknown_components_is_usable_is_said_without_a_look_at_them() -> None:
    few, many = (UsedComponents(outline(*UNKNOWN[:number]), CATALOGUE, source=DEVELOPMENT) for number in (1, 500))
    assert few.usable_where() == many.usable_where() == USABLE_NOWHERE_ELSE
    assert bytecodes(many.usable_where) == bytecodes(few.usable_where)


def test_workspaces_of_one_contract_are_asked_for_known_components_once() -> None:
    known = [component(f"lab/part{number}", GLOBAL) for number in range(100)]
    steps = outline(*(step(str(number), f"lab/part{number}:run") for number in range(100)))
    used = UsedComponents(steps, catalogue(*known), source=DEVELOPMENT)
    first, second, third = (workspace(f"Place {number}", SOUTHERN, FULL) for number in range(3))
    once = bytecodes(lambda: used.refused_by(first))
    again = bytecodes(lambda: used.refused_by(second))
    assert again < once / 20
    assert used.refused_by(third) == UsedComponents(steps, catalogue(*known), source=DEVELOPMENT).refused_by(third)
    assert bytecodes(lambda: used.refused_by(workspace("Limited", SOUTHERN, LIMITED))) > 5 * again
