"""JSON that is written in a document, with variables in it."""

from typing import Any

import pytest
from graphql import FieldNode, OperationDefinitionNode, parse
from graphql.execution.values import get_argument_values

from app.execution.plan import Plan
from app.graphql.schema import schema

TIME = "2026-11-24T10:00:00+01:00"
PLAIN = {"i": 1, "f": 1.5, "e": "EAST", "s": "s", "b": True, "z": None, "l": [], "o": {}}


def read(declared: str, literal: str, variables: dict[str, Any]) -> Any:
    """What a resolver gets of a JSON literal."""
    document = parse(
        f'mutation({declared}) {{ updateFlowDraft(input: {{flowId: "f", graph: {literal}}}) {{ revision }} }}'
    )
    [operation] = document.definitions
    assert isinstance(operation, OperationDefinitionNode)
    [field] = operation.selection_set.selections
    assert isinstance(field, FieldNode)
    plan = Plan.of(schema.graphql_schema, document, operation, variables)
    assert isinstance(plan, Plan), plan
    mutation = schema.graphql_schema.mutation_type
    assert mutation is not None
    arguments = get_argument_values(mutation.fields["updateFlowDraft"], field, plan.variables)
    return arguments["input_"].graph


@pytest.mark.parametrize(
    ("declared", "literal", "variables", "json"),
    [
        # left out: of an object, null in a list, wherever it stands
        ("$v: JSON", "{v: $v, n: 1}", {}, {"n": 1}),
        ("$v: JSON", "{fields: {v: $v}}", {}, {"fields": {}}),
        ("$v: JSON", "[1, $v]", {}, [1, None]),
        ("$v: JSON", "{l: [$v, {v: $v}, [$v]]}", {}, {"l": [None, {}, [None]]}),
        ("$v: DateTime", "{v: $v, l: [$v]}", {}, {"l": [None]}),
        ("$v: JSON", "$v", {}, None),
        # null is null
        ("$v: JSON", "{v: $v, l: [$v]}", {"v": None}, {"v": None, "l": [None]}),
        # a default
        ("$v: Int = 7", "{v: $v, l: [$v]}", {}, {"v": 7, "l": [7]}),
        ('$v: DateTime = "2026-01-01T00:00:00Z"', "{v: $v}", {}, {"v": "2026-01-01T00:00:00Z"}),
        ("$v: ExistingDraft = REFUSE", "[$v]", {}, ["REFUSE"]),
        ("$v: JSON = {a: [1.0, null, TEXT]}", "[$v]", {}, [{"a": [1.0, None, "TEXT"]}]),
        # as it was sent, whatever its type makes of it elsewhere
        ("$v: DateTime", "{v: $v, l: [$v]}", {"v": TIME}, {"v": TIME, "l": [TIME]}),
        ("$v: [DateTime!]", "{v: $v}", {"v": [TIME]}, {"v": [TIME]}),
        ("$v: ExistingDraft", "[$v]", {"v": "REFUSE"}, ["REFUSE"]),
        ("$v: ID", "[$v]", {"v": 7}, [7]),
        ("$v: JSON", "{v: $v}", {"v": {"deep": [1.0, "t", None]}}, {"v": {"deep": [1.0, "t", None]}}),
        (
            "$v: RevertFlowInput",
            "{v: $v}",
            {"v": {"flowId": "f", "versionId": "v", "existingDraft": "REFUSE"}},
            {"v": {"flowId": "f", "versionId": "v", "existingDraft": "REFUSE"}},
        ),
        # and without any
        ("$v: JSON", '{i: 1, f: 1.5, e: EAST, s: "s", b: true, z: null, l: [], o: {}}', {}, PLAIN),
    ],
)
def test_a_variable_in_json_is_what_was_sent(declared: str, literal: str, variables: dict[str, Any], json: Any) -> None:
    found = read(declared, literal, variables)
    assert (found, repr(found)) == (json, repr(json))


def test_json_that_is_sent_in_a_variable_is_not_copied() -> None:
    nodes = [{"id": "1"}]
    assert read("$v: JSON!", "{nodes: $v, edges: []}", {"v": nodes})["nodes"] is nodes
