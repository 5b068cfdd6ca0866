"""The walk that finds what a document would cost: limits, and the number of visits for the worst documents."""

from collections.abc import Mapping
from typing import Any

import pytest
from graphql import (
    DocumentNode,
    GraphQLNamedType,
    OperationDefinitionNode,
    SelectionSetNode,
    Visitor,
    get_introspection_query,
    parse,
    visit,
)

from app.execution.request_errors import UnacceptableInput
from app.graphql.schema import schema
from app.http.cost_analysis import ITEMS, LENGTHS_IN_SCHEMA, CostAnalysis
from app.http.limits.query_cost import LimitExceeded, QueryCost, check_limits
from app.settings import Settings
from tests.http.worst_documents import BOMB


class CountingAnalysis(CostAnalysis):
    """Counts the selections that are looked at."""

    visits = 0

    def _selection(self, selected: SelectionSetNode | None, parent: GraphQLNamedType | None) -> QueryCost:
        self.visits += 0 if selected is None else len(selected.selections)
        return super()._selection(selected, parent)


def walk(document: str, **variables: Any) -> CountingAnalysis:
    return CountingAnalysis(parse(document), variables)


def analyse_cost(document: str, **variables: Any) -> QueryCost:
    return walked(walk(document, **variables))


def walked(walk: CostAnalysis) -> QueryCost:
    return walk.operation(next(node for node in walk.document.definitions if isinstance(node, OperationDefinitionNode)))


@pytest.mark.parametrize(
    ("document", "cost"),
    [
        ("{ __typename }", 0),
        ("{ viewer { id email } }", 1),
        ("{ workspaces(first: 7) { nodes { id contract { name } } } }", 1 + 7 * 2),
        ("{ workspaces(last: 7) { edges { cursor node { id } } pageInfo { endCursor } } }", 1 + 1 + 7 * 2),
        ("{ workspaces { nodes { id } } }", 1 + 50),
        ("{ workspaces(first: 100) { nodes { contract { id } flows(first: 3) { nodes { id } } } } }", 1 + 100 * 6),
        ("{ workspaces(first: 4) { totalCount } }", 1),
        (
            "fragment F on WorkspaceConnection { nodes { id } } { workspaces(first: 4) { ...F ... { ...F } } }",
            1 + 4 * 2,
        ),
        ("{ workspaces(first: 4) { nodes { ... on Workspace { contract { id } } } } }", 1 + 4 * 2),
        ('{ nodes(ids: ["a", "b", "c"]) { id } }', 3),
        ("{ flow(id: 1) { draft { graph { steps { stepId component { id } } } } } }", 1 + 1 + 1 + 10 * 2),
        ("mutation { a: copyFlow(input: {}) { flow { id } } b: copyFlow(input: {}) { flow { id } } }", 2 * (10 + 2)),
        ("{ tenantEvents(tenantId: 1, types: [FLOW_STARTED], first: 7) { nodes { id actor { id } } } }", 1 + 7 * 2),
        (
            "{ workspace(id: 1) { events(last: 9) { edges { node { id } } pageInfo { endCursor } } } }",
            1 + 1 + 1 + 9 * 2,
        ),
        ("{ nothing { like { this } } }", 2),
    ],
)
def test_the_cost_of_a_document_bounds_the_objects_of_its_answer(document: str, cost: int) -> None:
    assert analyse_cost(document).cost == cost


@pytest.mark.parametrize(
    ("variables", "cost"), [({"n": 9}, 10), ({}, 51), ({"n": None}, 51), ({"n": "x"}, 51), ({"n": 100}, 101)]
)
def test_page_sizes_may_be_variables(variables: Mapping[str, Any], cost: int) -> None:
    assert analyse_cost("query ($n: Int) { workspaces(first: $n) { nodes { id } } }", **variables).cost == cost


def test_the_cost_depends_on_no_other_variables_than_those_of_pages() -> None:
    walk_of_history = walk(
        "query ($id: ID!, $n: Int) { flowHistory(flowId: $id, first: $n) { nodes { id } } }", id="flow", n=3
    )
    assert (walked(walk_of_history).cost, walk_of_history.read) == (4, {"n": 3})


def test_page_sizes_may_be_the_defaults_of_variables() -> None:
    assert analyse_cost("query ($n: Int = 80) { workspaces(first: $n) { nodes { id } } }").cost == 81


@pytest.mark.parametrize(
    "arguments",
    ["first: 0", "first: -1", "last: 101", "first: 1, last: 1", 'first: 1, before: "x"', 'after: "x", before: "y"'],
)
def test_paging_that_cannot_be_meant_is_refused_before_anything_is_run(arguments: str) -> None:
    mutation = "mutation { copyFlow(input: {}) { flow { workspace { flows(%s) { nodes { id } } } } } }"
    with pytest.raises(UnacceptableInput):
        analyse_cost(mutation % arguments)


def test_ids_may_be_a_variable() -> None:
    assert analyse_cost("query ($ids: [ID!]!) { nodes(ids: $ids) { id } }", ids=["a"] * 40).cost == 40


MANY = "mutation ($input: ExportFlowsInput!) { exportFlows(input: $input) { succeeded ...R } } "
RESULTS = "fragment R on ExportFlowsPayload { results { flow { id } } }"
PUBLISH = "mutation ($input: PublishFlowDraftsInput!) { publishFlowDrafts(input: $input) { results { flow { id } } } }"
START = "mutation ($input: StartFlowsInput!) { startFlows(input: $input) { results { flow { id } } } }"
UNDO = "mutation ($input: UndoExportsInput!) { undoExports(input: $input) { results { flow { id } } } }"
TWO = "{ items: [{}, {}] }"


@pytest.mark.parametrize(
    ("document", "variables", "cost"),
    [
        (MANY + RESULTS, {"input": {"items": [{}] * 40}}, 10 + 1 + 40 * 3),
        (MANY + RESULTS, {"input": {"items": [{}] * 1000}}, 10 + 1 + 1000 * 3),
        (MANY + RESULTS, {"input": {"items": {}}}, 10 + 1 + 3),
        (MANY + RESULTS, {}, 10 + 1 + 10 * 3),
        (MANY.replace("$input)", TWO + ")") + RESULTS, {}, 10 + 1 + 2 * 3),
        ("query ($items: [ExportFlowInput!]!) { exportPlans(input: { items: $items }) { plans { copiedFrom } } }", {"items": [{}] * 7}, 1 + 7 * 2),
        (PUBLISH, {"input": {"items": [{}] * 1000}}, 10 + 1 + 1000 * 3),
        (START, {"input": {"flowIds": ["x"] * 1000}}, 10 + 1 + 1000 * 3),
        (UNDO, {"input": {"exportIds": ["x"] * 1000}}, 10 + 1 + 1000 * 3),
        (START.replace("start", "stop").replace("Start", "Stop"), {"input": {"flowIds": ["x"] * 1000}}, 10 + 1 + 1000 * 3),
        (START.replace("$input)", '{ flowIds: ["a", "b"] })'), {}, 10 + 1 + 2 * 3),
        ("{ exportPlans(input: " + TWO + ") { plans { flowToOverride { id } } } }", {}, 1 + 2 * 3),
    ],
)  # fmt: skip
def test_a_call_of_many_costs_as_much_as_it_has_items(document: str, variables: Mapping[str, Any], cost: int) -> None:
    assert analyse_cost(document, **variables).cost == cost


def test_every_payload_of_many_items_costs_as_much_as_it_has_items() -> None:
    payloads = {name for name, type_ in schema.graphql_schema.type_map.items() if name.endswith("Payload")}
    of_many = {name for name in payloads if "results" in getattr(schema.graphql_schema.type_map[name], "fields", {})}
    assert of_many == {name for name, field in ITEMS.items() if field == "results"}


def test_depth_fields_aliases_and_directives_are_counted_with_fragments_expanded() -> None:
    weight = analyse_cost(
        "fragment F on User @include(if: true) { a: id email @skip(if: false) }"
        "query @skip(if: false) { viewer { ...F ...F } b: viewer { ... @include(if: true) { id } } }"
    )
    assert (weight.depth, weight.fields, weight.aliases, weight.directives, weight.roots) == (2, 7, 3, 4, 2)


@pytest.mark.parametrize(
    ("document", "limit"),
    [
        (BOMB, "depth"),
        ("{" + " ".join(f"a{n}: viewer {{ id }}" for n in range(101)) + "}", "aliases"),
        ("{ viewer { id " + "@include(if: true) " * 101 + "} }", "directives"),
        ("{ viewer {" + "id " * 2001 + "} }", "fields"),
        ("{" + "viewer { id } " * 51 + "}", "root fields"),
        ("mutation {" + "copyFlow(input: {}) { flow { id } } " * 6 + "}", "mutations"),
        ("{ workspaces(first: 100) { nodes { flows(first: 100) { nodes { topics: workspace {" * 1
         + "topics(first: 100) { nodes { id } } } } } } } }", "cost"),
        ("{ flow(id: 1) {" + "draft { flow {" * 20 + "id" + "} }" * 20 + "} }", "depth"),
    ],
)  # fmt: skip
def test_a_document_over_a_limit_is_told_which_and_what_is_allowed(document: str, limit: str) -> None:
    weight = analyse_cost(document)
    with pytest.raises(LimitExceeded) as refused:
        check_limits(weight, Settings(), is_mutation=document.startswith("mutation"))
    assert refused.value.extensions is not None
    assert (refused.value.extensions["code"], refused.value.extensions["limit"]) == ("LIMIT_EXCEEDED", limit)
    assert str(refused.value.extensions["maximum"]) in refused.value.message


@pytest.mark.parametrize(
    ("document", "costly"),
    [
        (
            "{ workspaces { nodes { flows(first: 100) { nodes { draftsSetAside(last: 90) { edges { node { id } } } } } } } }",
            "workspaces (50) × flows (100) × draftsSetAside (90)",
        ),
        (
            "{ a: workspaces(first: 2) { nodes { id } } viewer { id } b: workspaces(first: 60) { nodes { id contract { id } } } }",
            "workspaces (60)",
        ),
        (
            """{ workspaces(first: 100) { nodes { ...Few ...Many } } }
            fragment Few on Workspace { topics(first: 5) { nodes { id } } }
            fragment Many on Workspace { flows(first: 6) { nodes { id } } }""",
            "workspaces (100) × flows (6)",
        ),
        ("{ flow(id: 1) { draft { graph { steps { component { id } } } } } }", "steps (10)"),
        ('{ nodes(ids: ["a", "b", "c"]) { id } }', "nodes (3)"),
        ("{ viewer { id } }", ""),
    ],
)
def test_the_most_expensive_part_is_named_by_its_lists(document: str, costly: str) -> None:
    assert " × ".join(analyse_cost(document).costly_lists) == costly


def test_a_cost_refusal_names_the_most_expensive_part_and_no_more_than_eight_lists_of_it() -> None:
    deep = "flows(first: 9) { nodes { workspace { " * 9 + "id" + " } } }" * 9
    with pytest.raises(LimitExceeded) as refused:
        check_limits(analyse_cost(f"{{ workspace(id: 1) {{ {deep} }} }}"), Settings(max_depth=100), is_mutation=False)
    assert refused.value.message == (
        "The document has a cost of 920123660; at most 50000 is allowed. The most expensive part is "
        + "flows (9) × " * 8
        + "…. Ask for less at once."
    )


def test_nested_fragments_are_walked_once_each() -> None:
    bomb = walk(BOMB)
    assert walked(bomb).fields > 2**60
    assert bomb.visits == 1 + 1 + 60 * 4 + 1


WORST = {
    "10,000 aliases": "{" + " ".join(f"a{n}: viewer {{ id }}" for n in range(10_000)) + "}",
    "100,000 directives": "{ viewer { id " + "@a " * 100_000 + "} }",
    "lists in lists": "{ workspaces(first: 100) { nodes { flows(first: 100) { nodes { draftsSetAside(first: 100) {"
    + "nodes { id } " * 500
    + "} } } } } }",
    "fragments that are spread often": "{ viewer { " + "...A " * 5_000 + "} } fragment A on User { id }",
    "fragments nested and doubled": BOMB,
}


@pytest.mark.parametrize("worst", WORST)
def test_the_worst_documents_are_refused_after_as_many_visits_as_they_have_selections(worst: str) -> None:
    looked_at = walk(WORST[worst])
    with pytest.raises(LimitExceeded):
        check_limits(walked(looked_at), Settings(), is_mutation=False)
    assert looked_at.visits == selections_in(looked_at.document)


def selections_in(document: DocumentNode) -> int:
    """How many fields, spreads and inline fragments stand in a document."""
    number = 0

    class Counter(Visitor):
        def enter_selection_set(self, node: SelectionSetNode, *_: object) -> None:
            nonlocal number
            number += len(node.selections)

    visit(document, Counter())
    return number


@pytest.mark.parametrize("count", [10, 1000])
def test_the_walk_visits_each_selection_once(count: int) -> None:
    wide = walk("{" + " ".join(f"a{n}: viewer {{ id }}" for n in range(count)) + "}")
    walked(wide)
    assert wide.visits == 2 * count


def test_fragments_that_spread_themselves_are_left_to_validation() -> None:
    assert (
        analyse_cost("{ viewer { ...A } } fragment A on User { id ...B } fragment B on User { ...A email }").fields == 3
    )


def test_the_introspection_of_explorers_is_within_the_limits() -> None:
    check_limits(analyse_cost(get_introspection_query(input_value_deprecation=True)), Settings(), is_mutation=False)


def test_the_lists_of_introspection_count_as_long_as_they_are() -> None:
    asked = analyse_cost("{ __schema { types { name } directives { name } } }")
    types, directives = len(schema.graphql_schema.type_map), len(schema.graphql_schema.directives)
    assert asked.cost == 1 + types + directives
    fields = [field for each in schema.graphql_schema.type_map.values() for field in getattr(each, "fields", {})]
    assert (
        types * (LENGTHS_IN_SCHEMA["__Type", "fields"] - 1)
        <= len(fields)
        <= types * LENGTHS_IN_SCHEMA["__Type", "fields"]
    )


def test_introspection_that_is_repeated_is_refused() -> None:
    repeated = " ".join(f"a{number}: types {{ fields {{ name }} }}" for number in range(99))
    with pytest.raises(LimitExceeded, match="cost"):
        check_limits(analyse_cost(f"{{ __schema {{ {repeated} }} }}"), Settings(), is_mutation=False)


@pytest.mark.parametrize(("size", "cost"), [(9.0, 10), (9, 10), (9.5, 51), (True, 51)])
def test_a_page_size_may_be_written_as_graphql_takes_it(size: float, cost: int) -> None:
    assert analyse_cost("query ($n: Int) { workspaces(first: $n) { nodes { id } } }", n=size).cost == cost


def test_the_largest_page_may_be_set_smaller() -> None:
    document = parse("{ workspaces(first: 11) { nodes { id } } }")
    assert walked(CostAnalysis(document, {}, largest_page=11)).cost == 12
    with pytest.raises(UnacceptableInput, match="a page has 1 to 10 elements"):
        walked(CostAnalysis(document, {}, largest_page=10))
