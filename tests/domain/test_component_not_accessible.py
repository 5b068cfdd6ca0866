"""The answer to components that the destination can't use (C4, C5): each once, with its steps and the reason."""

from app.domain.component import Catalogue, Component, InaccessibilityReason
from app.domain.flow import Graph
from app.domain.model import TenantId, Workspace
from app.domain.source_graph import ComponentNotAccessible, InaccessibleComponent, SourceGraph
from tests.domain.builders import (
    ABROAD,
    DEVELOPMENT,
    GLOBAL,
    NORTHERN,
    OF_OVERSEAS,
    OF_SOUTHERN,
    OVERSEAS,
    PRODUCTION,
    TEAM,
    TENANT,
    BoundStep,
    called,
    component,
    contract,
    flow,
    flow_there,
    outline,
    state,
    step,
    workspace,
)
from tests.domain.planning import copy, export, planned, refusals

UNKNOWN = InaccessibilityReason.UNKNOWN_COMPONENT
OTHER_TENANT = InaccessibilityReason.OTHER_TENANT
OTHER_CONTRACT = InaccessibilityReason.TEAM_OF_ANOTHER_CONTRACT
NOT_WHITELISTED = InaccessibilityReason.NOT_WHITELISTED

NORMALIZER, ENRICHER = component("lab/normalizer", TEAM), component("lab/enricher", TEAM)
SHARED = component("acme/mailer", GLOBAL)


def refused(*steps: BoundStep, having: list[Component], to: Workspace) -> list[tuple[str, str | None, str, str]]:
    """Name, id, steps and reason of every component that the destination can't use."""
    catalogue = Catalogue(having)
    errors = SourceGraph(Graph(outline(*steps)), catalogue, DEVELOPMENT).refused_by(to)
    assert all(error.workspace == to for error in errors)
    return [
        (
            each.name,
            None if each.component is None else each.component.id,
            " ".join(step.id for step in each.steps),
            each.reason,
        )
        for error in errors
        for each in error.components
    ]


def test_every_component_is_listed_once_in_the_order_of_its_first_step_with_its_steps_in_order() -> None:
    steps = [
        step("9", "lab/normalizer:a"),
        step("1", "acme/mailer:send"),
        step("5", "lab/enricher:x@latest"),
        step("3", "lab/normalizer:b@2"),
        step("4", "lab/normalizer:a"),
        step("2", "lab/enricher:x"),
    ]
    assert refused(*steps, having=[ENRICHER, SHARED, NORMALIZER], to=OF_SOUTHERN) == [
        ("lab/normalizer", NORMALIZER.id, "9 3 4", OTHER_CONTRACT),
        ("lab/enricher", ENRICHER.id, "5 2", OTHER_CONTRACT),
    ]


def test_all_of_them_are_one_refusal() -> None:
    steps = outline(step("1", "lab/normalizer:a"), step("2", "lab/none:a"))
    assert SourceGraph(Graph(steps), Catalogue([NORMALIZER]), DEVELOPMENT).refused_by(OF_SOUTHERN) == (
        ComponentNotAccessible(
            OF_SOUTHERN,
            (
                InaccessibleComponent("lab/normalizer", NORMALIZER, (called("1"),), OTHER_CONTRACT),
                InaccessibleComponent("lab/none", None, (called("2"),), UNKNOWN),
            ),
        ),
    )


def test_components_that_the_destination_can_use_are_no_refusal() -> None:
    steps = [step("1", "lab/normalizer:a"), step("2", "acme/mailer:send")]
    assert refused(*steps, having=[NORMALIZER, SHARED], to=PRODUCTION) == []


def test_unknown_components_and_unreadable_commands_are_such_cases() -> None:
    steps = [step("1", "lab/none:a"), step("2", "nonsense"), step("3", ""), step("4", "lab/none:b"), step("5", "")]
    assert refused(*steps, having=[], to=PRODUCTION) == [
        ("lab/none", None, "1 4", UNKNOWN),
        ("nonsense", None, "2", UNKNOWN),
        ("", None, "3 5", UNKNOWN),
    ]


def test_an_unreadable_command_never_hides_behind_a_component_that_it_looks_like() -> None:
    steps = [step("1", "lab/normalizer:a"), step("2", "lab/normalizer")]
    assert refused(*steps, having=[NORMALIZER], to=PRODUCTION) == [("lab/normalizer", None, "2", UNKNOWN)]
    assert refused(*steps[::-1], having=[NORMALIZER], to=PRODUCTION) == [("lab/normalizer", None, "2", UNKNOWN)]


def test_inside_one_workspace_no_component_is_refused() -> None:
    steps = [step("1", "lab/none:a"), step("2", "nonsense"), step("3", "south/private:a")]
    private = component("south/private", TEAM, contract("Southern Foods"))
    assert refused(*steps, having=[private], to=DEVELOPMENT) == []
    source = flow(state(*steps))
    planned(copy(source, components=[private]))
    planned(export(source, to=DEVELOPMENT, components=[private]))
    planned(export(source, over=flow_there(state(), at=DEVELOPMENT), components=[private]))


def test_a_flow_that_crosses_tenants_must_find_the_very_same_component() -> None:
    steps = [step("1", "acme/mailer:send")]
    shadow = component("acme/mailer", GLOBAL, OVERSEAS, component_id="component_z")
    crossing = [("acme/mailer", SHARED.id, "1", OTHER_TENANT)]
    assert refused(*steps, having=[SHARED], to=OF_OVERSEAS) == []
    assert refused(*steps, having=[SHARED, shadow], to=OF_OVERSEAS) == crossing
    assert refused(*steps, having=[component("acme/mailer", TENANT)], to=OF_OVERSEAS) == crossing
    assert refused(*steps, having=[component("acme/mailer", TEAM)], to=OF_OVERSEAS) == crossing


def test_the_tenants_own_component_is_not_found_where_an_older_global_one_bears_its_name() -> None:
    older = component("acme/mailer", GLOBAL, contract("Far", tenant=ABROAD), component_id="component_0")
    elsewhere = workspace("Elsewhere", contract("Third", tenant=TenantId("tenant_third")))
    assert refused(step("1", "acme/mailer:send"), having=[SHARED, older], to=elsewhere) == [
        ("acme/mailer", SHARED.id, "1", OTHER_TENANT)
    ]


def test_the_whitelist_of_the_destination_is_asked_for() -> None:
    choosy = contract("Southern Foods", whitelist=True)
    assert refused(step("1", "acme/mailer:send"), having=[SHARED], to=workspace("Kitchen", choosy)) == [
        ("acme/mailer", SHARED.id, "1", NOT_WHITELISTED)
    ]


def test_an_export_is_refused_for_its_components_and_so_is_an_override() -> None:
    private = component("lab/private", TEAM, NORTHERN)
    error = ComponentNotAccessible(
        OF_SOUTHERN, (InaccessibleComponent("lab/private", private, (called("1"),), OTHER_CONTRACT),)
    )
    source = flow(state(step("1", "lab/private:a")))
    assert refusals(export(source, to=OF_SOUTHERN, components=[private])) == (error,)
    assert refusals(export(source, over=flow_there(state(), at=OF_SOUTHERN), components=[private])) == (error,)
