"""What a selection of rows is compiled to. Whole answers are compared with graphql-core's in `tests/fuzz`."""

from typing import Any

import pytest
from graphql import OperationDefinitionNode, parse

from app.execution import compiler
from app.execution.compiler import Compiled, Failure, columns_of_page
from app.execution.plan import FieldPlan, Plan
from app.execution.rows import Columns, Layout, PageColumns
from app.graphql.schema import schema
from app.storage.connections.connection import layout_of
from app.storage.pages.related import Related
from app.storage.reads.rows import ContractView, WorkspaceView

WORKSPACE = WorkspaceView("workspace_1", "Bakery", "FULL", "contract_1", "ACTIVE", ["a", "b"], "OPEN")
ROW = (*WORKSPACE, "contract_1", "Foods", "ACTIVE", "bakery", "workspace_1")
NO_CONTRACT = (*WORKSPACE, None, None, None, "bakery", "workspace_1")
CONTRACT = layout_of(ContractView, len(WorkspaceView._fields))
LAYOUT = {**layout_of(WorkspaceView), Related.CONTRACT: CONTRACT}


def planned(elements: str, field: str = "") -> tuple[Plan, FieldPlan]:
    """The plan of a page of workspaces, or of another field."""
    document = parse(f"query ($no: Boolean = false) {{ {field or f'workspaces {{ {elements} }}'} }}")
    [operation] = document.definitions
    assert isinstance(operation, OperationDefinitionNode)
    plan = Plan.of(schema.graphql_schema, document, operation, {})
    assert isinstance(plan, Plan)
    return plan, plan.root().fields[0]


def compiled(elements: str, layout: Layout | None) -> Compiled:
    """What is compiled of the nodes or edges of a page of workspaces."""
    plan, workspaces = planned(elements)
    assert workspaces.shape.object is not None
    [field] = plan.below(workspaces, workspaces.shape.object).fields
    assert field.shape.object is not None
    return Compiled(plan, plan.below(field, field.shape.object), layout)


def of_read_rows(nodes: str) -> Compiled:
    return compiled(f"nodes {{ {nodes} }}", LAYOUT)


def left_of(made: Compiled) -> list[str]:
    return [field.name for field in made.unresolved]


def test_the_source_is_what_the_module_shows() -> None:
    assert f"\n    {of_read_rows('id contract { name }').source}\n" in str(compiler.__doc__)


def test_columns_of_rows_are_answered_in_the_order_and_under_the_names_that_were_asked_for() -> None:
    made = of_read_rows("called: name __typename contract { status its: id } id gone: type @include(if: $no)")
    node = {
        "called": "Bakery",
        "__typename": "Workspace",
        "contract": {"status": "ACTIVE", "its": "contract_1"},
        "id": "workspace_1",
    }
    assert made.make([ROW, ROW], None) == [node, node]
    assert [list(each) for each in made.make([ROW], None)] == [["called", "__typename", "contract", "id"]]
    assert (made.unresolved, made.objects, made.values) == ([], 2, 5)


def test_edges_are_answered_with_their_nodes_and_cursors() -> None:
    made = compiled("edges { __typename node { id } at: cursor }", LAYOUT)
    assert made.make([ROW], lambda row: row[-1]) == [
        {"__typename": "WorkspaceEdge", "node": {"id": "workspace_1"}, "at": "workspace_1"}
    ]
    assert (made.unresolved, made.objects, made.values) == ([], 2, 3)


@pytest.mark.parametrize(
    ("nodes", "left"),
    [
        ("id flows { nodes { id } }", ["flows"]),
        ("id viewerPermissions", ["viewerPermissions"]),
        ("contract { id } viewerCanEditFlows name", ["viewerCanEditFlows"]),
    ],
)
def test_what_is_more_than_columns_is_null_in_the_answer_and_left(nodes: str, left: list[str]) -> None:
    made = of_read_rows(nodes)
    assert left_of(made) == left
    [answer] = made.make([ROW], None)
    assert [name for name, value in answer.items() if value is None] == left


def test_edges_whose_nodes_are_more_than_columns_are_left() -> None:
    made = compiled("edges { cursor node { id flows { nodes { id } } } }", LAYOUT)
    assert left_of(made) == ["node"]


def test_what_has_to_be_there_and_is_not_is_marked_as_failed() -> None:
    made = of_read_rows("id contract { id }")
    assert made.optional[0].is_required
    [answer] = made.make([NO_CONTRACT], None)
    assert isinstance(answer["contract"], Failure)


def test_objects_are_answered_by_their_attributes() -> None:
    made = compiled("nodes { name viewerPermissions viewerCanEditFlows contract { id } }", None)
    assert left_of(made) == ["contract"]
    assert made.make([WORKSPACE], None) == [
        {"name": "Bakery", "viewerPermissions": ["a", "b"], "viewerCanEditFlows": False, "contract": None}
    ]
    assert [get(WORKSPACE) for get in made.lists] == [["a", "b"]]


def test_nothing_that_a_caller_sent_stands_in_the_source() -> None:
    made = of_read_rows("evil__import: name contract { other: id }")
    assert "evil" not in made.source
    assert "other" not in made.source


def test_a_column_whose_name_is_no_name_is_not_compiled() -> None:
    made: Any = of_read_rows("id")
    with pytest.raises(ValueError, match="is no name of a column"):
        made._column_value("r", "id).x")


NAME, NAME_AND_ID = frozenset({"name"}), frozenset({"id", "name"})
CONTRACT_ID = frozenset({"id", "contract_id"})


@pytest.mark.parametrize(
    ("elements", "own", "related"),
    [
        ("nodes { id __typename name }", NAME_AND_ID, {}),
        ("edges { cursor node { id contract { name } } } totalCount", CONTRACT_ID, {Related.CONTRACT: NAME}),
        (
            "nodes { contract { its: id } } edges { node { id contract { name } } }",
            CONTRACT_ID,
            {Related.CONTRACT: NAME_AND_ID},
        ),
        ("nodes { id contract { name flowQuota } }", CONTRACT_ID, {Related.CONTRACT: None}),
        (
            "nodes { id contract { name } } edges { node { contract { workspaces { nodes { id } } } } }",
            CONTRACT_ID,
            {Related.CONTRACT: None},
        ),
        ("pageInfo { endCursor }", frozenset(), {}),
        ("nodes { id viewerCanEditFlows }", None, {}),
        ("nodes { id } edges { node { viewerIsMember contract { id } } }", None, {Related.CONTRACT: frozenset({"id"})}),
        ("nodes { id flows { nodes { id } } }", None, {}),
        ("nodes { ... @include(if: $no) { viewerIsMember } name }", NAME, {}),
    ],
)
def test_a_page_reads_what_is_selected_unless_a_field_is_computed(
    elements: str, own: Columns, related: dict[Related, Columns]
) -> None:
    assert columns_of_page(*planned(elements)) == PageColumns(own, frozenset(related.items()))


def test_a_page_reads_the_columns_that_edges_show() -> None:
    plan, workspace = planned("", field="workspace(id: 1) { members { edges { role node { email } } } }")
    assert workspace.shape.object is not None
    [members] = plan.below(workspace, workspace.shape.object).fields
    assert columns_of_page(plan, members) == PageColumns(frozenset({"role", "email"}))
