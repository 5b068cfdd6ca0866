"""What an overridden flow has chosen already is found in time that grows no faster than the two flows (X7a)."""

from collections.abc import Callable

import pytest

from app.domain.bindings import Rebound, rebind
from app.domain.choices import ChosenReferences
from app.domain.references import Destination
from app.domain.source_graph import SourceGraph
from tests.domain.builders import (
    AGENT,
    CREDENTIAL,
    DEVELOPMENT,
    PRODUCTION,
    BoundStep,
    catalogue,
    component,
    flow_there,
    state,
    step,
    target,
)
from tests.domain.counting import grows_linearly

TUNNEL, LOGIN = target(AGENT, "Tunnel", PRODUCTION), target(CREDENTIAL, "Login", PRODUCTION)
CATALOGUE = catalogue(component("lab/crm"), component("lab/erp"))


def exported(source: list[BoundStep], overridden: list[BoundStep]) -> Rebound:
    targets = {each.id: each for each in (TUNNEL, LOGIN)}
    destination = Destination(PRODUCTION, targets, CATALOGUE, flow_there(state(*overridden)))
    graph = SourceGraph(state(*source).state.graph, CATALOGUE, DEVELOPMENT)
    return rebind(graph, destination, ChosenReferences())


def one_id_with_another_component(number: int) -> object:
    return exported(
        [step("1", "lab/crm:get") for _ in range(number)],
        [step("1", "lab/erp:get", agent=TUNNEL.id) for _ in range(number)],
    )


def one_id_bound_to_what_is_not_there(number: int) -> object:
    return exported(
        [step("1", "lab/crm:get") for _ in range(number)],
        [step("1", "lab/crm:get", agent=f"agent_{position}") for position in range(number)],
    )


def one_id_with_many_unknown_components(number: int) -> object:
    return exported(
        [step("1", f"lab/none{position}:get") for position in range(number)],
        [step("1", f"lab/none{position}:get", agent=TUNNEL.id) for position in reversed(range(number))],
    )


@pytest.mark.parametrize(
    "graphs",
    [one_id_with_another_component, one_id_bound_to_what_is_not_there, one_id_with_many_unknown_components],
)
def test_repeated_ids_are_looked_up_in_linear_time(graphs: Callable[[int], object]) -> None:
    assert grows_linearly(graphs, 20)


def test_of_steps_with_one_id_the_first_of_the_component_that_has_something_usable_counts() -> None:
    [found] = exported(
        [step("1", "lab/crm:get")],
        [
            step("1", "lab/erp:get", agent="agent_of_erp"),
            step("1", "lab/crm:get", agent="agent_gone"),
            step("1", "lab/crm:get", agent=TUNNEL.id),
            step("1", "lab/crm:get", credential=LOGIN.id),
        ],
    ).graph.bindings
    assert found.values == {AGENT: TUNNEL.id, CREDENTIAL: LOGIN.id}
