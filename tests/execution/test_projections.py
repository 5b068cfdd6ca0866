"""What is read of the nodes of a page: slow columns only where they are selected."""

from typing import Any

import pytest
from graphql import GraphQLObjectType, parse

from app.execution.plan import Plan
from app.execution.projections import Selected, selected_of, slow_columns
from app.execution.rows import class_of
from app.graphql.schema import schema
from app.storage.related import Related

FLOW = {(None, "created_at"), (None, "updated_at")}
DRAFT = {(Related.DRAFT, column) for column in ("created_at", "updated_at", "set_aside_at")}


def projection(selection: str) -> Selected:
    """What is read of flows of which this is selected."""
    document = parse(f'{{ workspace(id: "w") {{ flows {{ {selection} }} }} }}')
    operation: Any = document.definitions[0]
    plan = Plan.of(schema.graphql_schema, document, operation, {})
    assert isinstance(plan, Plan)
    [workspace] = plan.root().fields
    type_ = workspace.shape.object
    assert type_ is not None
    [flows] = plan.below(workspace, type_).fields
    return selected_of(plan, flows)


@pytest.mark.parametrize(
    ("selection", "left_out"),
    [
        ("nodes { id name }", FLOW),
        ("nodes { id createdAt }", {(None, "updated_at")}),
        ("nodes { id } more: nodes { createdAt } edges { cursor node { updatedAt } }", set()),
        ("nodes { id draft { revision } }", FLOW | DRAFT),
        ("nodes { updatedAt draft { createdAt updatedAt } }", {(None, "created_at"), (Related.DRAFT, "set_aside_at")}),
        ("totalCount pageInfo { endCursor }", FLOW),
        ("... @include(if: false) { nodes { createdAt } }", FLOW),
    ],
)
def test_slow_columns_that_nobody_selects_are_left_out(selection: str, left_out: set[Any]) -> None:
    assert projection(selection).left_out == left_out


@pytest.mark.parametrize(
    "selection",
    [
        "nodes { id workspace { name } }",
        "nodes { draft { readiness { ready } } }",
        "nodes { id } edges { node { history { totalCount } } }",
    ],
)
def test_of_nodes_that_resolvers_look_at_everything_is_read(selection: str) -> None:
    assert projection(selection).left_out == frozenset()


def test_what_nodes_refer_to_is_read_with_them() -> None:
    assert projection("nodes { createdBy { email } } edges { node { draft { id } } }").related == (
        Related.CREATED_BY,
        Related.DRAFT,
    )


def test_slow_columns_are_the_times_and_lists_of_rows() -> None:
    types = [type_ for type_ in schema.graphql_schema.type_map.values() if isinstance(type_, GraphQLObjectType)]
    assert {
        type_.name: slow
        for type_ in types
        if "id" in getattr(class_of(type_), "_fields", ()) and (slow := slow_columns(type_))
    } == {
        "Workspace": ["permissions"],
        "Flow": ["created_at", "updated_at"],
        "FlowDraft": ["created_at", "updated_at", "set_aside_at"],
        "FlowVersion": ["published_at"],
        "FlowExport": ["created_at", "undone_at"],
    }
