"""Which values are answered as they were read. Whole answers are compared with graphql-core's in `tests/fuzz`."""

from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from graphql import OperationDefinitionNode, parse

from app.execution.elements import LARGEST_INTEGER, Columns, columns_of_elements, fits
from app.execution.fields import Shape, output_shape_of
from app.execution.plan import FieldPlan, Plan
from app.graphql.schema import schema
from app.storage.reads.rows import ContractView, WorkspaceView
from app.storage.related import Related


def shape_of(type_: str, field: str) -> Shape:
    parent: Any = schema.graphql_schema.type_map[type_]
    return output_shape_of(parent, field)


@pytest.mark.parametrize(
    ("type_", "field", "values", "do_fit"),
    [
        ("Flow", "name", ["a", "b"], True),
        ("Flow", "name", ["a", None], False),
        ("Flow", "name", ["a", 1], False),
        ("Flow", "name", ["a", RuntimeError()], False),
        ("Flow", "description", ["a", None], True),
        ("Flow", "status", ["ACTIVE", "INACTIVE"], True),
        ("Flow", "status", ["ACTIVE", "active"], False),
        ("Flow", "status", ["ACTIVE", None], False),
        ("Flow", "createdAt", [datetime(2026, 3, 1, tzinfo=UTC)], True),
        ("Flow", "createdAt", ["2026-03-01"], False),
        ("FlowDraft", "revision", [-LARGEST_INTEGER, LARGEST_INTEGER], True),
        ("FlowDraft", "revision", [LARGEST_INTEGER + 1], False),
        ("FlowDraft", "revision", [True], False),
        ("FlowDraft", "revision", [], True),
        ("Component", "isPubSub", [True, False], True),
        ("Topic", "schema", [{}], False),
    ],
)
def test_values_are_answered_as_they_are_if_all_of_them_are_what_the_field_promises(
    type_: str, field: str, values: list[Any], do_fit: bool
) -> None:
    assert fits(shape_of(type_, field), values) is do_fit


ROW = (*WorkspaceView("workspace_1", "Bakery", "FULL", "contract_1", "ACTIVE", []), "contract_1", "Foods", "ACTIVE")
JOINED = {Related.CONTRACT: len(WorkspaceView._fields)}


def columns_of(nodes: str) -> Columns | None:
    return columns_in(f"nodes {{ {nodes} }}")


def columns_in(elements: str) -> Columns | None:
    document = parse(f"query ($no: Boolean = false) {{ workspaces {{ {elements} }} }}")
    [operation] = document.definitions
    assert isinstance(operation, OperationDefinitionNode)
    plan = Plan.of(schema.graphql_schema, document, operation, {})
    assert isinstance(plan, Plan)
    field: FieldPlan = plan.root().fields[0]
    assert field.shape.object is not None
    return columns_of_elements(plan, plan.below(field, field.shape.object).fields[0], JOINED)


def test_fields_are_answered_in_the_order_and_under_the_names_that_were_asked_for() -> None:
    columns = columns_of("called: name __typename contract { status its: id } id gone: type @include(if: $no)")
    assert columns is not None
    made = columns.made_of([ROW, ROW])
    assert made is not None
    node = '{"called":"Bakery","__typename":"Workspace","contract":{"status":"ACTIVE","its":"contract_1"},"id":"workspace_1"}'
    assert [orjson.dumps(each).decode() for each in made.answers] == [node, node]
    assert (made.objects, made.values) == (4, 2 * 5)


def test_edges_are_answered_with_their_nodes_and_cursors() -> None:
    columns = columns_in("edges { __typename node { id } at: cursor }")
    assert columns is not None
    made = columns.made_of([(*ROW, "the cursor")])
    assert made is not None
    assert made.answers == [{"__typename": "WorkspaceEdge", "node": {"id": "workspace_1"}, "at": "the cursor"}]
    assert (made.objects, made.values) == (2, 3)


def test_edges_with_more_than_columns_are_left_to_the_executor() -> None:
    assert columns_in("edges { cursor node { id flows { nodes { id } } } }") is None


@pytest.mark.parametrize(
    "nodes",
    [
        "id flows { nodes { id } }",
        "viewerPermissions",
        "contract { id } viewerCanEditFlows",
        "id @include(if: $unknown)",
    ],
)
def test_what_is_more_than_columns_is_left_to_the_executor(nodes: str) -> None:
    assert columns_of(nodes) is None


def test_what_has_to_be_there_and_is_not_is_left_to_the_executor() -> None:
    columns = columns_of("id contract { id }")
    assert columns is not None
    nothing = (None,) * len(ContractView._fields)
    assert columns.made_of([ROW, (*ROW[: len(WorkspaceView._fields)], *nothing)]) is None
