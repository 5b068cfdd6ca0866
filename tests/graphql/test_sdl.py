"""The printed schema: described throughout, queries first, and the same schema as the one that runs."""

from collections.abc import Iterator
from typing import cast

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    IntrospectionQuery,
    build_client_schema,
    build_schema,
    get_introspection_query,
    is_introspection_type,
    is_specified_scalar_type,
    lexicographic_sort_schema,
    print_schema,
)

from app.graphql.schema import schema

QUERIES = """
    viewer node nodes workspace workspaces contracts flow
    destinationContracts destinationWorkspaces overrideCandidates topicCandidates
    credentialCandidates exportPlan exportPlans compareFlows flowHistory tenantEvents worldPlan
"""
MUTATIONS = """
    copyFlow exportFlow exportFlows createFlow
    updateFlowDraft discardFlowDraft restoreFlowDraft publishFlowDraft publishFlowDrafts revertFlow
    undoExport undoExports startFlow stopFlow startFlows stopFlows deleteFlow
    requestRelease reviewRelease withdrawRelease undoRelease applyWorld
"""
CORE = schema.graphql_schema
PRINTED = build_schema(schema.as_str())
OURS = [
    type_
    for type_ in PRINTED.type_map.values()
    if not is_introspection_type(type_) and not is_specified_scalar_type(type_)
]


def parts(type_: GraphQLNamedType) -> Iterator[tuple[str, str | None]]:
    """A type, its fields, their arguments and its values, each with its description."""
    yield type_.name, type_.description
    if isinstance(type_, GraphQLEnumType):
        yield from ((f"{type_.name}.{name}", value.description) for name, value in type_.values.items())
    for name, field in getattr(type_, "fields", {}).items():
        yield f"{type_.name}.{name}", field.description
        yield from (
            (f"{type_.name}.{name}({argument})", value.description)
            for argument, value in getattr(field, "args", {}).items()
        )


def test_everything_has_a_description() -> None:
    described = [part for type_ in OURS for part in parts(type_)]
    assert len(described) > 500
    assert [name for name, description in described if not (description and description.endswith((".", "…")))] == []
    assert PRINTED.description


def test_what_is_printed_is_what_the_server_tells_of_itself() -> None:
    everything = get_introspection_query(specified_by_url=True, schema_description=True)  # knows no oneOf
    told = schema.execute_sync(everything)
    assert told.errors is None
    assert in_one_order(build_client_schema(cast("IntrospectionQuery", told.data))) == in_one_order(PRINTED).replace(
        " @oneOf", ""
    )


def in_one_order(of: GraphQLSchema) -> str:
    return print_schema(lexicographic_sort_schema(of))


def test_queries_come_first_and_each_type_where_it_is_first_referred_to() -> None:
    printed = [type_.name for type_ in OURS]
    read = ["Query", "User", "Workspace", "Flow", "FlowDraft", "FlowVersion", "ExportPlan", "Mutation", "FlowNotFound"]
    assert sorted(read, key=printed.index) == read


@pytest.mark.parametrize(("root", "fields"), [(CORE.query_type, QUERIES), (CORE.mutation_type, MUTATIONS)])
def test_root_fields_lead_from_the_caller_to_an_export_to_its_publishing(root: GraphQLObjectType, fields: str) -> None:
    assert list(root.fields) == fields.split()
