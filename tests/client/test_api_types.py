"""The operations fit the schema, and the classes of their answers fit the operations."""

from collections.abc import Iterator
from types import NoneType
from typing import Any, get_args, get_origin

import pytest
from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    OperationDefinitionNode,
    SelectionSetNode,
    build_schema,
    is_interface_type,
    is_list_type,
    is_non_null_type,
    is_object_type,
    parse,
    validate,
)

from app.client.api import OPERATIONS
from app.client.api_types import ApiType, Data
from tests.readme.files import ROOT

SCHEMA = build_schema((ROOT / "schema.graphql").read_text(encoding="utf-8"))
DOCUMENT = parse(OPERATIONS)
FRAGMENTS = {each.name.value: each for each in DOCUMENT.definitions if isinstance(each, FragmentDefinitionNode)}
NAMED = {
    each.name.value: each for each in DOCUMENT.definitions if isinstance(each, OperationDefinitionNode) and each.name
}
PYTHON = {"ID": str, "String": str, "DateTime": str, "Int": int, "Boolean": bool}

NEVER_NULL = {
    # Where a list of workspaces is null, the request has an error, and the command ends with that.
    "Data.sources takes no null",
    "Data.destinations takes no null",
    # Only published flows are asked for.
    "SourceFlow.publishedVersion takes no null",
}


def test_the_operations_fit_the_schema() -> None:
    assert validate(SCHEMA, DOCUMENT) == []


@pytest.mark.parametrize("name", NAMED)
def test_the_classes_take_what_an_operation_answers(name: str) -> None:
    operation = NAMED[name]
    root = SCHEMA.get_root_type(operation.operation)
    assert {*disagreements(Data, operation.selection_set, root)} <= NEVER_NULL


def disagreements(answer: type[ApiType], selections: SelectionSetNode, parent: Any) -> Iterator[str]:
    """What a selection answers and its class doesn't take, and what the class needs and isn't selected."""
    fields = {field.alias or name: field for name, field in answer.model_fields.items()}
    selected = {(node.alias or node.name).value: node for node in fields_of(selections)}
    needed = {name for name, field in fields.items() if field.is_required()}
    yield from (f"{answer.__name__} has no {name}" for name in selected.keys() - fields.keys())
    yield from (f"{answer.__name__}.{name} isn't selected" for name in needed - selected.keys())
    for name in selected.keys() & fields.keys():
        shown = parent.fields[selected[name].name.value].type
        yield from mistyped(f"{answer.__name__}.{name}", fields[name].annotation, selected[name], shown)


def fields_of(selections: SelectionSetNode) -> Iterator[FieldNode]:
    for each in selections.selections:
        if isinstance(each, FragmentSpreadNode):
            yield from fields_of(FRAGMENTS[each.name.value].selection_set)
        elif isinstance(each, FieldNode):
            yield each


def mistyped(name: str, annotation: Any, node: FieldNode, shown: Any) -> Iterator[str]:
    options = [each for each in get_args(annotation) if each is not NoneType]
    is_nullable = len(options) < len(get_args(annotation))
    if is_nullable:
        [annotation] = options
    if is_non_null_type(shown):
        shown = shown.of_type
    elif not is_nullable:
        yield f"{name} takes no null"
    if is_list_type(shown):
        if get_origin(annotation) is not tuple:
            yield f"{name} takes no list"
        yield from mistyped(name, get_args(annotation)[0], node, shown.of_type)
    elif is_object_type(shown) or is_interface_type(shown):
        assert node.selection_set is not None
        yield from disagreements(annotation, node.selection_set, shown)
    elif annotation is not PYTHON.get(shown.name, str):
        yield f"{name} takes no {shown.name}"
