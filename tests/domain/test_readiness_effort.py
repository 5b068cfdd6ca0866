"""Readiness of the largest graphs takes time and memory that grow no faster than the graph."""

from collections.abc import Callable

import pytest

from app.domain.access import FlowNotFound
from app.domain.component import Link
from app.domain.errors import in_order
from app.domain.model import FlowId
from app.domain.readiness import Blocker, ComponentUnavailable, DraftNotReady, blockers
from tests.domain.builders import CREDENTIAL, DEVELOPMENT, BoundStep, catalogue, component, state, step
from tests.domain.counting import grows_linearly

CATALOGUE = catalogue(component("lab/crm", needs=CREDENTIAL), component("lab/router"))


def blockers_of(*steps: BoundStep, links: list[Link] | None = None) -> tuple[Blocker, ...]:
    return blockers(state(*steps, links=links or []).state.graph, DEVELOPMENT, CATALOGUE, {})


def one_id(number: int) -> object:
    return blockers_of(*(step("1", "lab/crm:get") for _ in range(number)))


def one_unknown_component(number: int) -> object:
    return blockers_of(*(step(str(position), "nobody/has:it") for position in range(number)))


def many_unknown_components(number: int) -> object:
    return blockers_of(*(step(str(position), f"nobody/has{position}:it") for position in range(number)))


def no_commands(number: int) -> object:
    return blockers_of(*(step(str(position), f"none {position}") for position in range(number)))


def loose_edges(number: int) -> object:
    return blockers_of(
        step("1", "lab/router:route"), links=[Link("1", f"gone {position}") for position in range(number)]
    )


def routers(number: int) -> object:
    steps = [step(str(position), "lab/router:route") for position in range(number)]
    return blockers_of(*steps, links=[Link(each.id, "0") for each in steps for _ in range(2)])


@pytest.mark.parametrize(
    "graphs", [one_id, one_unknown_component, many_unknown_components, no_commands, loose_edges, routers]
)
def test_what_keeps_a_graph_from_being_published_is_found_in_linear_time(graphs: Callable[[int], object]) -> None:
    assert grows_linearly(graphs, 20)


def test_the_steps_of_a_component_share_one_list_of_them() -> None:
    unavailable = [one for one in blockers_of(*[step("1", "no/such:it")] * 50) if isinstance(one, ComponentUnavailable)]
    assert len(unavailable) == 50
    assert {id(one.inaccessible) for one in unavailable} == {id(unavailable[0].inaccessible)}


class Counted(str):
    """A step id that counts how often it is hashed."""

    __slots__ = ()
    hashed = 0

    def __hash__(self) -> int:
        Counted.hashed += 1
        return str.__hash__(self)


def test_ordering_refusals_doesnt_look_at_the_steps_of_every_blocker() -> None:
    blocked = blockers_of(*(step(Counted(position), "no/such:it") for position in range(100)))
    refused = (DraftNotReady(FlowId("flow"), "Orders", blocked), FlowNotFound("flow"))
    Counted.hashed = 0
    assert in_order((*refused, *refused)) == refused[::-1]
    assert Counted.hashed == 0
    assert len({*blocked}) == len(blocked)
    assert Counted.hashed == len(blocked)
