"""The two ways to ask where a flow's components are usable give one answer, whatever the world."""

from hypothesis import given, strategies

from app.domain.component import Catalogue
from app.domain.flow import Graph
from app.domain.model import TenantId
from app.domain.source_graph import SourceGraph, UsableWhere
from tests.domain.builders import (
    DEVELOPMENT,
    GLOBAL,
    HOME,
    NORTHERN,
    OF_SOUTHERN,
    OVERSEAS,
    PRODUCTION,
    SOUTHERN,
    TEAM,
    TENANT,
    BoundStep,
    component,
    contract,
    integrator,
    outline,
    step,
    workspace,
)
from tests.domain.planning import visible
from tests.domain.random_worlds import RandomWorld, step_lists, worlds
from tests.property_settings import bounded


@bounded
@given(worlds(), step_lists, strategies.integers(0, 11))
def test_conditions_and_refusals_agree_in_every_workspace_of_every_world(
    world: RandomWorld, steps: tuple[BoundStep, ...], home: int
) -> None:
    source, catalogue = world.workspaces[home], Catalogue(world.components)
    where = SourceGraph(Graph(outline(*steps)), catalogue, source).usable_where()
    for destination in world.workspaces:
        if destination.id != source.id:
            refused = SourceGraph(Graph(outline(*steps)), catalogue, source).refused_by(destination)
            assert where.admits(visible(integrator(destination))) is not bool(refused), destination


ANYWHERE = UsableWhere(nowhere_else=False, tenant=None, shadowing=frozenset(), contract=None, whitelisted=None)


def test_a_flow_without_steps_is_usable_anywhere() -> None:
    assert SourceGraph(Graph(), Catalogue(), DEVELOPMENT).usable_where() == ANYWHERE


def test_an_unknown_component_is_usable_nowhere_else() -> None:
    where = SourceGraph(Graph(outline(step("1", "lab/none:a"))), Catalogue(), DEVELOPMENT).usable_where()
    assert [where.admits(visible(integrator(place))) for place in (PRODUCTION, OF_SOUTHERN)] == [False, False]


def test_team_components_of_one_contract_are_usable_there_and_of_two_nowhere_else() -> None:
    ours, theirs = component("lab/ours", TEAM, NORTHERN), component("lab/theirs", TEAM, SOUTHERN)
    catalogue, steps = Catalogue([ours, theirs]), outline(step("1", "lab/ours:a"), step("2", "lab/theirs:a"))
    assert SourceGraph(Graph(steps[:1]), catalogue, DEVELOPMENT).usable_where() == UsableWhere(
        nowhere_else=False,
        tenant=HOME,
        shadowing=frozenset(),
        contract=NORTHERN.id,
        whitelisted=frozenset({NORTHERN.id}),
    )
    assert SourceGraph(Graph(steps), catalogue, DEVELOPMENT).usable_where().nowhere_else is True


def test_a_global_component_is_usable_in_every_tenant_that_has_no_other_of_that_name() -> None:
    ours, shadow = (
        component("acme/mailer", GLOBAL),
        component("acme/mailer", TENANT, OVERSEAS, component_id="component_z"),
    )
    where = SourceGraph(
        Graph(outline(step("1", "acme/mailer:send"))), Catalogue([ours, shadow]), DEVELOPMENT
    ).usable_where()
    assert (where.tenant, where.shadowing) == (None, frozenset({OVERSEAS.tenant_id}))


def test_a_global_component_that_an_older_one_stands_before_is_usable_in_its_own_tenant_alone() -> None:
    ours, older = (
        component("acme/mailer", GLOBAL),
        component("acme/mailer", GLOBAL, OVERSEAS, component_id="component_0"),
    )
    where = SourceGraph(
        Graph(outline(step("1", "acme/mailer:send"))), Catalogue([ours, older]), DEVELOPMENT
    ).usable_where()
    third = workspace("Third", contract("Third", tenant=TenantId("tenant_third")))
    assert [where.admits(visible(integrator(place))) for place in (PRODUCTION, third)] == [True, False]
