"""The members of graphql-core and strawberry that our executor rests on, though they don't promise them.

Where this fails after an upgrade, look at `app/execution` with the new graphql-core beside it, and widen the
bounds in `pyproject.toml` last.
"""

from collections.abc import Callable
from importlib.metadata import version
from inspect import signature
from typing import Any

import pytest
from graphql import GraphQLResolveInfo
from graphql.execution.collect_fields import FieldDetails, FragmentDetails, collect_fields, collect_subfields
from graphql.execution.values import get_argument_values, get_variable_values
from graphql.validation.rules import overlapping_fields_can_be_merged as merging

from app.graphql.schema import schema

CALLED: list[tuple[Callable[..., Any], list[str]]] = [
    (
        collect_fields,
        ["schema", "fragments", "variable_values", "runtime_type", "operation", "hide_suggestions"],
    ),
    (
        collect_subfields,
        [
            "schema",
            "fragments",
            "variable_values",
            "operation",
            "return_type",
            "field_details_list",
            "hide_suggestions",
        ],
    ),
    (get_argument_values, ["type_def", "node", "variable_values", "fragment_variable_values", "hide_suggestions"]),
    (get_variable_values, ["schema", "var_def_nodes", "inputs", "max_errors", "hide_suggestions"]),
    (FragmentDetails, ["definition", "variable_signatures"]),
]


@pytest.mark.parametrize(("function", "parameters"), CALLED, ids=[function.__name__ for function, _ in CALLED])
def test_a_function_that_we_call_is_as_we_call_it(function: Callable[..., Any], parameters: list[str]) -> None:
    found = [*signature(function).parameters][: len(parameters)]
    assert found == parameters, f"graphql-core {version('graphql-core')} has {function.__name__}({found})"


def test_fields_infos_and_the_limit_of_comparisons_are_what_we_take_them_for() -> None:
    assert {"node", "fragment_variable_values"} <= {*FieldDetails._fields}
    assert {"context", "schema"} <= {*GraphQLResolveInfo._fields}
    assert isinstance(merging.MAX_COMPLEXITY_BUDGET, int)


def test_fields_lead_back_to_what_they_were_declared_as() -> None:
    flow = schema.graphql_schema.get_type("Flow")
    declared = flow.fields["name"].extensions["strawberry-definition"]  # type: ignore[union-attr]
    assert (declared.python_name, declared.base_resolver, declared.is_async) == ("name", None, False)
