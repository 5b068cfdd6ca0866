"""The printed schema: described throughout, in an order that people can read, and the same schema as the one that runs."""

import re
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
    is_specified_directive,
    is_specified_scalar_type,
    lexicographic_sort_schema,
    print_schema,
)

from app.graphql.schema import schema
from app.graphql.sdl import reading_order

QUERIES = """
    viewer node nodes workspace workspaces contracts flow
    destinationContracts destinationWorkspaces overrideCandidates topicCandidates
    credentialCandidates exportPlan exportPlans flowHistory worldPlan
"""
MUTATIONS = """
    copyFlow exportFlow exportFlows createFlow
    updateFlowDraft discardFlowDraft restoreFlowDraft publishFlowDraft revertFlow
    undoExport startFlow stopFlow deleteFlow applyWorld
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


def test_every_directive_and_its_arguments_have_a_description() -> None:
    printed = re.findall(r'^(?:"""(.*)"""\n)?directive @(\w+)', schema.as_str(), re.MULTILINE)
    assert [name for _, name in printed] == ["oneOf"]
    assert all(description for description, _ in printed)
    ours = [directive for directive in CORE.directives if not is_specified_directive(directive)]
    assert [directive.name for directive in ours if not directive.description] == []
    assert [argument for directive in ours for argument in directive.args.values() if not argument.description] == []


def test_what_is_printed_is_what_the_server_tells_of_itself() -> None:
    everything = get_introspection_query(specified_by_url=True, schema_description=True)  # knows no oneOf
    told = schema.execute_sync(everything)
    assert told.errors is None
    assert in_one_order(build_client_schema(cast("IntrospectionQuery", told.data))) == in_one_order(PRINTED).replace(
        " @oneOf", ""
    )


def in_one_order(of: GraphQLSchema) -> str:
    return print_schema(lexicographic_sort_schema(of))


def test_every_type_stands_in_the_reading_order_once() -> None:
    assert sorted(reading_order(CORE)) == sorted(type_.name for type_ in OURS)


@pytest.mark.parametrize(
    "names",
    [
        ("Query", "Mutation", "User"),
        ("Workspace", "Flow", "FlowDraft", "FlowGraph", "FlowStep", "FlowVersion"),
        ("ExportFlowInput", "ExportPlan", "CopyFlowInput", "CopyFlowPayload", "ExportFlowPayload", "CreateFlowInput"),
        ("DraftBlocker", "MissingCredential", "GraphDiff"),
        ("RevertFlowPayload", "WorkspaceConnection", "WorkspaceEdge", "Error", "ErrorCode", "ExportFlowError"),
        ("ExportFlowError", "FlowNotFound", "TopicSchemaMismatch", "DateTime", "JSON"),
    ],
)
def test_roots_come_first_then_subject_by_subject_then_lists_then_refusals_then_scalars(names: tuple[str, ...]) -> None:
    order = reading_order(CORE)
    assert sorted(names, key=order.index) == list(names)


@pytest.mark.parametrize(("root", "fields"), [(CORE.query_type, QUERIES), (CORE.mutation_type, MUTATIONS)])
def test_root_fields_lead_from_the_caller_to_an_export_to_its_publishing(root: GraphQLObjectType, fields: str) -> None:
    assert list(root.fields) == fields.split()
