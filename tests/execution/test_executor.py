"""What the executor answers of the schema is what graphql-core answers, though it asks fewer resolvers."""

import asyncio
import gc
from typing import Any

import pytest
from graphql import (
    ExecutionResult,
    GraphQLSchema,
    OperationDefinitionNode,
    build_schema,
    execute,
    get_introspection_query,
    parse,
)
from hypothesis import given
from hypothesis import strategies as st

from app.execution.executor import Executor
from app.execution.plan import Plan
from app.graphql.context import Context
from app.graphql.schema import schema
from app.meter import BYTES_OF_NULL, BYTES_PER_OBJECT, BYTES_PER_VALUE, Meter
from app.usecases.transaction import UnitOfWork
from tests.property_settings import bounded

NOTHING: Any = None
NESTED = """{
  __typename
  schema: __schema { __typename kinds: types { __typename of: kind inner: fields { args { ...Value } type { ...Type } } } }
  union: __type(name: "Binding") { possibleTypes { name } isOneOf }
  input: __type(name: "FlowSourceInput") { isOneOf inputFields(includeDeprecated: true) { ...Value } }
  nothing: __type(name: "Nothing") { name }
}
fragment Value on __InputValue { name defaultValue type { ...Type } }
fragment Type on __Type { name again: name kind ofType { name kind ofType { name @skip(if: true) kind } } }"""


async def answered_by_executor(
    document: str, meter: Meter, own_schema: GraphQLSchema = schema.graphql_schema
) -> ExecutionResult:
    node = parse(document)
    [operation, *_] = node.definitions
    assert isinstance(operation, OperationDefinitionNode)
    plan = Plan.of(own_schema, node, operation, {})
    assert isinstance(plan, Plan)
    context = Context(work=UnitOfWork(NOTHING, NOTHING), request_id="", meter=meter)
    return await Executor(plan, context).run()


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
    found = await answered_by_executor(document, Meter(max_bytes=16_777_216, caller="ada"))
    assert isinstance(expected, ExecutionResult)
    assert (found.data, found.errors) == (expected.data, None)


async def test_null_objects_and_empty_lists_count_as_values() -> None:
    meter = Meter(max_bytes=16_777_216, caller="ada")
    found = await answered_by_executor('{ __type(name: "Query") { ofType { name } interfaces { name } name } }', meter)
    assert found.data == {"__type": {"ofType": None, "interfaces": [], "name": "Query"}}
    names = sum(len(f'"{name}":,') for name in ("__type", "ofType", "interfaces", "name"))
    values = 2 * (BYTES_PER_VALUE + BYTES_OF_NULL) + BYTES_PER_VALUE + len('"Query"')
    assert (meter.objects, meter.bytes) == (1, BYTES_PER_OBJECT + names + values)


TREES = build_schema("""
type Query { tree: Tree  needed: Tree! }
type Tree { name: String  id: String!  tree: Tree  needed: Tree!  names: [String]  ids: [String!]  trees: [Tree]
  forest: [Tree!]  woods: [Tree!]! }
""")
DEEP = """{ tree { ...Parts } needed { ...Parts } }
fragment Parts on Tree { ...Leaves tree { ...Leaves trees { ...Leaves } } forest { ...Leaves needed { id } } woods { name id } }
fragment Leaves on Tree { name id names ids again: ids }"""


def failing(*_: object) -> object:
    raise ValueError("it can't be told")


TEXTS: st.SearchStrategy[Any] = st.sampled_from(["x", None, failing, {}])
TREE: st.SearchStrategy[Any] = st.deferred(
    lambda: st.one_of(
        st.none(),
        st.just(failing),
        st.fixed_dictionaries(
            {"id": st.sampled_from(["1", "2", "3", None, failing])},
            optional={
                "name": TEXTS,
                "names": st.one_of(st.sampled_from([failing, "no list"]), st.lists(TEXTS, max_size=2)),
                "ids": st.lists(st.sampled_from(["1", "2", None]), max_size=2),
                "tree": TREE,
                "needed": TREE,
                **{name: st.one_of(st.just("no list"), st.lists(TREE, max_size=3)) for name in ("trees", "forest")},
                "woods": st.lists(TREE, max_size=2),
            },
        ),
    )
)


@bounded
@given(st.fixed_dictionaries({"tree": TREE, "needed": TREE}))
async def test_what_fails_or_is_missing_makes_null_what_it_makes_null_in_graphql_core(root: dict[str, Any]) -> None:
    expected = execute(TREES, parse(DEEP), root)
    assert isinstance(expected, ExecutionResult)
    query = TREES.query_type
    assert query is not None
    for name, field in query.fields.items():
        field.resolve = lambda _, info, name=name: root[name](info) if callable(root[name]) else root[name]
    found = await answered_by_executor(DEEP, Meter(max_bytes=16_777_216, caller="ada"), TREES)
    assert (found.data, bool(found.errors)) == (expected.data, bool(expected.errors))
    for field in query.fields.values():
        field.resolve = None


async def test_an_error_says_what_failed_and_where() -> None:
    query = TREES.query_type
    assert query is not None
    root = {"trees": [None, {"id": None}, {"id": "1", "names": ["x", {}]}], "id": "0"}
    document = "{ tree { id\n trees { id names } } }"
    expected = execute(TREES, parse(document), {"tree": root})
    query.fields["tree"].resolve = lambda *_: root
    found = await answered_by_executor(document, Meter(max_bytes=16_777_216, caller="ada"), TREES)
    query.fields["tree"].resolve = None
    assert isinstance(expected, ExecutionResult)
    assert found == expected
    assert [error.path for error in found.errors or ()] == [
        ["tree", "trees", 1, "id"],
        ["tree", "trees", 2, "names", 1],
    ]


def test_no_list_of_the_schema_is_a_list_of_lists() -> None:
    """The executor knows none."""
    fields = (
        field.type
        for named in schema.graphql_schema.type_map.values()
        for field in getattr(named, "fields", {}).values()
    )
    assert [str(type_) for type_ in fields if str(type_).count("[") > 1] == []


async def test_what_is_asked_of_the_root_may_be_too_much_by_its_names_alone() -> None:
    meter = Meter(max_bytes=20)
    found = await answered_by_executor("{ one: __typename two: __typename three: __typename }", meter)
    assert found.data is None
    assert [error.message for error in found.errors or ()] == [
        (
            "The answer would hold more than 20 bytes. Ask for fewer fields, smaller pages or fewer aliases, or in "
            "several requests."
        )
    ]


@pytest.mark.filterwarnings("error")
async def test_what_was_not_begun_is_closed_where_an_operation_is_cancelled() -> None:
    """Python would tell of coroutines that nobody awaited."""
    begun: list[str] = []

    async def wait_for_ever(name: str) -> dict[str, str]:
        begun.append(name)
        await asyncio.sleep(60)
        return {}

    query = TREES.query_type
    assert query is not None
    for name, field in query.fields.items():
        field.resolve = lambda *_, name=name: wait_for_ever(name)
    running = asyncio.create_task(
        answered_by_executor("{ tree { id } needed { id } }", Meter(max_bytes=16_777_216, caller="ada"), TREES)
    )
    await asyncio.sleep(0)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    for field in query.fields.values():
        field.resolve = None
    gc.collect()
    assert begun == []
