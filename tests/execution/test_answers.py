"""Rows become answers in slices, and what fails in one of them is told at its field."""

import tracemalloc
from typing import Any

import orjson
import pytest
from graphql import OperationDefinitionNode, parse

from app.execution.answers import Answers, ObjectBatch
from app.execution.compiler import ROWS_AT_ONCE, Compiled
from app.execution.pace import Pace
from app.execution.plan import FieldPlan, Plan
from app.execution.rows import RawRows
from app.graphql.schema import schema
from app.meter import BYTES_PER_OBJECT, BYTES_PER_VALUE, LimitReached, Meter, characters_of
from app.storage.connections.connection import layout_of
from app.storage.reads.rows import WorkspaceView


class Unreadable(WorkspaceView):
    @property
    def viewer_can_edit_flows(self) -> bool:
        raise ValueError("it can't be told")


def workspace(number: int, kind: type[WorkspaceView] = WorkspaceView) -> WorkspaceView:
    return kind(f"workspace_{number}", f"Bakery {number}", "FULL", "contract_1", "ACTIVE", [], "OPEN")


async def answered(nodes: str, rows: list[WorkspaceView], meter: Meter, *, as_read: bool) -> tuple[Any, Answers]:
    """What the nodes of a page are answered as."""
    [operation] = parse(f"{{ workspaces {{ nodes {{ {nodes} }} }} }}").definitions
    assert isinstance(operation, OperationDefinitionNode)
    document = parse(f"{{ workspaces {{ nodes {{ {nodes} }} }} }}")
    plan = Plan.of(schema.graphql_schema, document, operation, {})
    assert isinstance(plan, Plan)
    workspaces: FieldPlan = plan.root().fields[0]
    assert workspaces.shape.object is not None
    selection = plan.below(workspaces, workspaces.shape.object)
    page = ObjectBatch(selection, selection.fields, [None], [{}])
    answers = Answers(plan, meter, Pace(meter))
    elements: Any = RawRows(rows, layout_of(WorkspaceView), lambda: rows, str) if as_read else rows
    await answers.complete(page, selection.fields[0], [elements])
    answers.settle(page.answers[0], selection.fields)
    return orjson.loads(orjson.dumps(page.answers[0])), answers


@pytest.mark.parametrize("as_read", [True, False])
async def test_more_rows_than_are_answered_at_once_are_answered_all(as_read: bool) -> None:
    rows, meter = [workspace(number) for number in range(2 * ROWS_AT_ONCE + 1)], Meter()
    answer, _ = await answered("id name", rows, meter, as_read=as_read)
    assert answer == {"nodes": [{"id": row.id, "name": row.name} for row in rows]}
    written = len(orjson.dumps(answer["nodes"]))
    objects, values = BYTES_PER_OBJECT * len(rows), 2 * BYTES_PER_VALUE * len(rows)
    # Brackets and braces don't count.
    assert meter.bytes == objects + values + written - 2 * len(rows) - 1


async def test_a_column_that_can_not_be_read_fails_alone() -> None:
    rows = [workspace(0), workspace(1, Unreadable), workspace(2)]
    answer, answers = await answered("id viewerPermissions", rows, Meter(), as_read=False)
    assert (len(answer["nodes"]), answers.errors) == (3, [])
    answer, answers = await answered("id viewerCanEditFlows", rows, Meter(), as_read=False)
    # It may not be null, nor may an element of the page.
    assert answer == {"nodes": None}
    assert [(error.path, error.message) for error in answers.errors] == [
        (["nodes", 1, "viewerCanEditFlows"], "it can't be told")
    ]


@pytest.mark.parametrize("as_read", [True, False])
async def test_rows_beyond_a_limit_are_not_answered(as_read: bool) -> None:
    rows = [workspace(number) for number in range(10)]
    with pytest.raises(LimitReached):
        await answered("id", rows, Meter(max_bytes=9 * BYTES_PER_OBJECT), as_read=as_read)


@pytest.mark.parametrize("nodes", ["a: name", "a: viewerPermissions"])
async def test_texts_beyond_a_limit_are_not_written(nodes: str) -> None:
    text = "x" * 1_000_000
    rows = [workspace(0)._replace(name=text, permissions=[text])] * 50
    tracemalloc.start()
    try:
        with pytest.raises(LimitReached):
            await answered(nodes, rows, Meter(max_bytes=len(text)), as_read=False)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 3 * len(text)


def test_texts_count_in_lists_and_objects_too() -> None:
    answers: list[Any] = [
        {"a": "1", "b": ["23", None], "c": {"d": "456", "e": 7}},
        {"a": None, "b": orjson.Fragment("8")},
    ]
    assert characters_of(answers) == 6


@pytest.mark.parametrize(("fields", "rows_at_once"), [("stepId name", ROWS_AT_ONCE), ("stepId fields", 1)])
def test_steps_with_json_are_answered_one_at_a_time(fields: str, rows_at_once: int) -> None:
    """Each may be as long as a graph, and bytes are counted after each."""
    document = parse(f"{{ flow(id: 1) {{ draft {{ graph {{ steps {{ {fields} }} }} }} }} }}")
    [operation] = document.definitions
    assert isinstance(operation, OperationDefinitionNode)
    plan = Plan.of(schema.graphql_schema, document, operation, {})
    assert isinstance(plan, Plan)
    selection = plan.root()
    for _ in range(4):
        [field] = selection.fields
        assert field.shape.object is not None
        selection = plan.below(field, field.shape.object)
    assert Compiled(plan, selection).rows_at_once == rows_at_once
