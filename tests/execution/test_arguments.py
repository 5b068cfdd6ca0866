"""Arguments are converted once for a plan where they don't depend on variables, and always to what graphql-core makes of them."""

from typing import Any

import pytest
from graphql import GraphQLError, OperationDefinitionNode, get_argument_values, parse

from app.execution.plan import CachedPlan, FieldPlan, Plan
from app.graphql.schema import schema

HEAD = "query ($n: Int, $after: String, $id: ID = null, $f: FlowFilter, $has: Boolean)"
FIELDS = {
    "constants": "workspaces(first: 5, search: null) { nodes { id } }",
    "variables": "workspaces(first: $n, after: $after) { nodes { id } }",
    "of another name": "workspaces(contractId: $id) { nodes { id } }",
    "an object": 'workspace(id: "w") { flows(filter: {hasDraft: true}, orderBy: NAME_DESC) { nodes { id } } }',
    "within an object": 'workspace(id: "w") { flows(filter: {hasDraft: $has}) { nodes { id } } }',
    "a whole object": 'workspace(id: "w") { flows(filter: $f) { nodes { id } } }',
}
VALUES: list[dict[str, Any]] = [
    {"n": 3, "after": "cursor", "id": "contract_1", "f": {"hasDraft": True}, "has": True},
    {"n": 4, "after": "another", "id": "contract_2", "f": {"hasDraft": False}, "has": False},
    {"n": None, "after": None, "id": None, "f": None, "has": None},
    {},
]


def field_of(plan: Plan) -> FieldPlan:
    """The workspaces, or the flows below a workspace."""
    [field] = plan.root().fields
    if field.name == "workspace":
        assert field.shape.object is not None
        [field] = plan.below(field, field.shape.object).fields
    return field


@pytest.mark.parametrize("field", FIELDS.values(), ids=FIELDS.keys())
@pytest.mark.parametrize("first", range(len(VALUES)))
def test_a_cached_plan_converts_arguments_as_graphql_core_does(field: str, first: int) -> None:
    document, cached = parse(f"{HEAD} {{ {field} }}"), CachedPlan()
    [operation] = document.definitions
    assert isinstance(operation, OperationDefinitionNode)
    for values in [*VALUES[first:], *VALUES[:first], *VALUES]:
        plan = Plan.of(schema.graphql_schema, document, operation, values, cached=lambda _: cached)
        assert isinstance(plan, Plan)
        planned = field_of(plan)
        assert plan.arguments(planned) == get_argument_values(planned.definition, planned.node, plan.variables)


def test_a_constant_is_converted_once() -> None:
    document = parse(f"{HEAD} {{ {FIELDS['an object']} }}")
    [operation] = document.definitions
    assert isinstance(operation, OperationDefinitionNode)
    plan = Plan.of(schema.graphql_schema, document, operation, {})
    assert isinstance(plan, Plan)
    field = field_of(plan)
    assert plan.arguments(field)["filter_by"] is plan.arguments(field)["filter_by"]


def test_a_missing_argument_fails_each_time() -> None:
    document, cached = parse("query ($id: ID) { workspace(id: $id) { id } }"), CachedPlan()
    [operation] = document.definitions
    assert isinstance(operation, OperationDefinitionNode)
    for values in ({"id": "w"}, {}, {"id": "w"}, {"id": None}):
        plan = Plan.of(schema.graphql_schema, document, operation, values, cached=lambda _: cached)
        assert isinstance(plan, Plan)
        [field] = plan.root().fields
        if values.get("id"):
            assert plan.arguments(field) == {"id_": "w"}
        else:
            with pytest.raises(GraphQLError):
                plan.arguments(field)
