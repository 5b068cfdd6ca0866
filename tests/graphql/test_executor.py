"""What the executor answers of the schema is what graphql-core answers, though it asks fewer resolvers."""

from typing import Any

import pytest
from graphql import ExecutionResult, execute, get_introspection_query, parse

from app.domain.model import UserId
from app.graphql.context import Context
from app.graphql.execution.executor import Executor
from app.graphql.execution.meter import Meter
from app.graphql.schema import schema
from app.http.limits import Limits

NOBODY: Any = None
NESTED = """{
  __typename
  schema: __schema { __typename kinds: types { __typename of: kind inner: fields { args { ...Value } type { ...Type } } } }
  union: __type(name: "Binding") { possibleTypes { name } isOneOf }
  input: __type(name: "FlowSourceInput") { isOneOf inputFields(includeDeprecated: true) { ...Value } }
  nothing: __type(name: "Nothing") { name }
}
fragment Value on __InputValue { name defaultValue type { ...Type } }
fragment Type on __Type { name again: name kind ofType { name kind ofType { name @skip(if: true) kind } } }"""


async def answered_by_executor(document: str, meter: Meter) -> ExecutionResult:
    node = parse(document)
    context = Context(viewer=UserId(""), database=NOBODY, work=NOBODY, request_id="", document=node, meter=meter)
    running = execute(schema.graphql_schema, node, context_value=context, executor_class=Executor)
    return running if isinstance(running, ExecutionResult) else await running


@pytest.mark.parametrize(
    "document",
    [
        get_introspection_query(
            specified_by_url=True, directive_is_repeatable=True, schema_description=True, input_value_deprecation=True
        ),
        NESTED,
    ],
    ids=["what tools ask", "aliases, fragments, nested types"],
)
async def test_introspection_is_answered_as_graphql_core_does(document: str) -> None:
    expected = execute(schema.graphql_schema, parse(document))
    found = await answered_by_executor(document, Limits().meter())
    assert isinstance(expected, ExecutionResult)
    assert (found.data, found.errors) == (expected.data, None)


async def test_null_objects_and_empty_lists_count_as_values() -> None:
    meter = Limits().meter()
    found = await answered_by_executor('{ __type(name: "Query") { ofType { name } interfaces { name } name } }', meter)
    assert found.data == {"__type": {"ofType": None, "interfaces": [], "name": "Query"}}
    assert (meter.objects, meter.values) == (1, 3)
