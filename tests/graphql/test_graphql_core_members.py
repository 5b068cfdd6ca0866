"""The members of graphql-core and strawberry that our executor rests on, though they don't promise them.

Where this fails after an upgrade, look at `app/graphql/execution` with the new graphql-core beside it, and widen the
bounds in `pyproject.toml` last.
"""

from importlib.metadata import version
from inspect import signature

import pytest
from graphql.execution.collect_fields import FieldDetails
from graphql.pyutils import Path
from graphql.validation.rules import overlapping_fields_can_be_merged as merging
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

OVERRIDDEN = {
    "execute_fields": ["parent_type", "source_value", "path", "grouped_field_set", "position_context"],
    "execute_collected_subfields": [
        "parent_type",
        "source_value",
        "path",
        "grouped_field_set",
        "new_defer_usages",
        "delivery_group_map",
    ],
    "complete_object_value": ["return_type", "field_details_list", "info", "path", "result", "position_context"],
    "complete_abstract_value": ["return_type", "field_details_list", "info", "path", "result", "position_context"],
    "complete_iterable_value": ["item_type", "field_details_list", "info", "path", "items", "position_context"],
    "handle_field_error": ["raw_error", "return_type", "field_details_list", "path"],
}
CALLED = {
    "collect_subfields": ["return_type", "field_details_list"],
    "collect_and_execute_subfields": ["return_type", "field_details_list", "path", "result", "position_context"],
    "complete_async_iterator_value": [
        "item_type",
        "field_details_list",
        "info",
        "path",
        "async_iterator",
        "position_context",
    ],
    "complete_value": ["return_type", "field_details_list", "info", "path", "result", "position_context"],
    "execute_field": ["parent_type", "source", "field_details_list", "path", "position_context"],
    "settle_in_background": ["awaitables"],
}
ATTRIBUTES = {"collected_errors", "context_value", "is_awaitable", "schema"}


@pytest.mark.parametrize(("name", "parameters"), [*OVERRIDDEN.items(), *CALLED.items()])
def test_a_method_that_we_override_or_call_is_there(name: str, parameters: list[str]) -> None:
    method = getattr(StrawberryGraphQLCoreExecutionContext, name, None)
    found = None if method is None else [each for each in signature(method).parameters if each != "self"]
    assert found == parameters, f"graphql-core {version('graphql-core')} has {name}({found}), not ({parameters})"


def test_leaves_are_completed_by_a_method_of_type_and_value() -> None:
    found = [*signature(StrawberryGraphQLCoreExecutionContext.complete_leaf_value).parameters][-2:]
    assert found == ["return_type", "result"]


def test_the_attributes_that_we_read_are_there() -> None:
    named = {
        name
        for owner in StrawberryGraphQLCoreExecutionContext.__mro__
        for method in vars(owner).values()
        if hasattr(method, "__code__")
        for name in method.__code__.co_names
    }
    missing = ATTRIBUTES - named
    assert not missing, f"graphql-core {version('graphql-core')} has no {sorted(missing)} in its execution context"


def test_fields_paths_and_the_budget_of_comparisons_are_what_we_take_them_for() -> None:
    assert "node" in FieldDetails._fields
    assert Path._fields == ("prev", "key", "typename")
    assert isinstance(merging.MAX_COMPLEXITY_BUDGET, int)
