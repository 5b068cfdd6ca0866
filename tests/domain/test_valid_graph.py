"""H6: which graphs are valid. A draft may be none (C6); a version is one."""

from collections.abc import Sequence

import pytest

from app.domain.component import Link
from app.domain.readiness import InvalidGraph, blockers
from tests.domain.builders import DEVELOPMENT, called, catalogue, component, state, step

WORKS, ROUTER, OTHER_ROUTER = component("acme/works"), component("acme/router"), component("lab/router")
NO_ROUTER = component("router/works")


def blockers_of(steps: str, links: Sequence[Link]) -> tuple[object, ...]:
    """The blockers of a graph with steps of these ids, separated by spaces; whose id starts with `r` is a router."""
    ids = steps.split()
    outline = [step(step_id, "acme/router:route" if step_id.startswith("r") else "acme/works:on") for step_id in ids]
    return blockers(
        state(*outline, links=links).state.graph,
        DEVELOPMENT,
        catalogue(WORKS, ROUTER, OTHER_ROUTER, NO_ROUTER),
        targets={},
    )


def links(*ends: str) -> list[Link]:
    """Edges, each written `source>target`; one without source is written `>target`, with a condition `source?target`."""
    return [_link(*end.replace("?", ">").split(">"), conditional="?" in end) for end in ends]


def _link(source: str, target: str, *, conditional: bool) -> Link:
    return Link(source or None, target, conditional)


def repeated(step_id: str) -> InvalidGraph:
    return InvalidGraph(f"Several steps have the id {step_id}. Give each an id of its own.", called(step_id))


def dangling(source: str, target: str, *, at: str | None = None) -> InvalidGraph:
    message = f"The edge from {source} to {target} doesn't join two steps. Remove it."
    return InvalidGraph(message, None if at is None else called(at))


def also_first(step_id: str, first: str) -> InvalidGraph:
    message = f"No edge leads to the step {step_id}, nor to {first}. Only one step can be the first: add an edge."
    return InvalidGraph(message, called(step_id))


def undecided(router: str, count: int) -> InvalidGraph:
    return InvalidGraph(f"The router {router} has {count} edges without a condition. Keep one.", called(router))


EMPTY = InvalidGraph("The graph has no step. Add one.")
NO_FIRST = InvalidGraph("The graph has no first step: every step has an edge that leads to it. Remove an edge.")

VALID = [
    ("1", []),
    ("2 1", links("1>2")),
    ("1 2 3", links("1>2", "1>3")),
    ("1 2 3 4", links("1>2", "1>3", "2>4", "3>4")),
    ("1 2 3", links("1>2", "2>3", "3>2")),  # a loop behind the first step
    ("1 2", links("1>2", "1>2", "1?2")),
    # error handlers
    ("1 2", links("1>2", ">error_all")),
    ("1 error_all", links(">error_all")),
    ("1 error_all 2", links(">error_all", "error_all>2")),
    ("error_all 1", links(">error_all")),
    ("1 error_all", []),
    # a router's edges with a condition, and one without
    ("1 r 2 3", links("1>r", "r?2", "r>3")),
    ("1 r 2 3", links("1>r", "r?2", "r?3", "r?2")),
    ("1 r", links("1>r")),
    ("r 2", links("r>2")),
]

INVALID = [
    # at least one step
    ("", [], (EMPTY,)),
    ("", links(">error_all", "1>2"), (EMPTY,)),
    # unique step ids
    ("1 1", [], (repeated("1"),)),
    ("1 2 2 2", links("1>2"), (repeated("2"), repeated("2"))),
    ("1 2 1 2", links("1>2"), (repeated("1"), repeated("2"))),
    # every edge ends at existing steps
    ("1", links("1>9"), (dangling("1", "9", at="1"),)),
    ("1", links("8>9"), (dangling("8", "9"),)),
    ("1", links(">9"), (dangling("null", "9"),)),
    ("1 2", links("1>2", ">2"), (dangling("null", "2", at="2"),)),
    ("1 2", links("1>2", "9>2", "2>9"), (dangling("9", "2", at="2"), dangling("2", "9", at="2"))),
    ("1 2", links("1>2", "1>error_all"), (dangling("1", "error_all", at="1"),)),  # no error handler: it has a source
    ("1", links("error_all>1"), (dangling("error_all", "1", at="1"),)),
    ("1", [Link("", "9")], (dangling('""', "9"),)),
    # an edge from nowhere leads to no step
    ("1", links(">1"), (dangling("null", "1", at="1"),)),
    ("1", links("9>1"), (dangling("9", "1", at="1"),)),
    ("1 2", links("9>2"), (dangling("9", "2", at="2"), also_first("2", "1"))),
    # exactly one first step besides error handlers
    ("1 2", [], (also_first("2", "1"),)),
    ("3 1 2", links("1>2"), (also_first("1", "3"),)),
    ("1 2 3", [], (also_first("2", "1"), also_first("3", "1"))),
    ("error_all 1 2", links(">error_all"), (also_first("2", "1"),)),
    ("1 2", links("1>2", "2>1"), (NO_FIRST,)),
    ("1", links("1>1"), (NO_FIRST,)),
    ("error_all", links(">error_all"), (NO_FIRST,)),
    # a router has at most one edge without condition
    ("1 r 2 3", links("1>r", "r>2", "r>3"), (undecided("r", 2),)),
    ("1 r 2", links("1>r", "r>2", "r>2", "r>2", "r?2"), (undecided("r", 3),)),
    ("1 r1 r2", links("1>r2", "r2>r1", "r2>r1", "r1>1", "r1>1"), (NO_FIRST, undecided("r1", 2), undecided("r2", 2))),
    # all of them at once, the whole graph's first
    (
        "r 1 1",
        links("r>1", "r>1", "8>9", "1>r"),
        (dangling("8", "9"), NO_FIRST, undecided("r", 2), repeated("1")),
    ),
]


@pytest.mark.parametrize(("steps", "edges"), VALID)
def test_graphs_that_are_valid(steps: str, edges: Sequence[Link]) -> None:
    assert blockers_of(steps, edges) == ()


@pytest.mark.parametrize(("steps", "edges", "expected"), INVALID)
def test_graphs_that_are_not_valid(steps: str, edges: Sequence[Link], expected: tuple[InvalidGraph, ...]) -> None:
    assert blockers_of(steps, edges) == expected


@pytest.mark.parametrize(
    ("command", "is_router"),
    [
        ("acme/router:route@latest", True),
        ("lab/router:anything", True),  # whichever team
        ("router/works:on", False),
        ("acme/works:router", False),
    ],
)
def test_a_router_is_known_by_the_name_of_its_component(command: str, is_router: bool) -> None:
    steps = (step("x", command), step("1", "acme/works:on"), step("2", "acme/works:on"))
    graph = state(*steps, links=links("x>1", "x>2"))
    expected = (undecided("x", 2),) if is_router else ()
    components = catalogue(WORKS, ROUTER, OTHER_ROUTER, NO_ROUTER)
    assert blockers(graph.state.graph, DEVELOPMENT, components, targets={}) == expected
