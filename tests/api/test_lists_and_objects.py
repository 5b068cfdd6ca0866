"""An element of a list has the fields that the object has by its id, whichever list it stands in."""

import re

import pytest
from graphql import (
    FieldNode,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLObjectType,
    TypeInfo,
    TypeInfoVisitor,
    Visitor,
    get_named_type,
    is_leaf_type,
    is_list_type,
    parse,
    visit,
)

from app.graphql.schema import schema
from tests.api.client import Api
from tests.api.lists import LISTS, Listing

NODES = re.compile(r"\b(nodes?) \{ id\b")


def type_of_nodes(document: str) -> GraphQLObjectType:
    """The type of the objects that a document lists."""
    types, found = TypeInfo(schema.graphql_schema), []

    class Nodes(Visitor):
        def enter_field(self, node: FieldNode, *_: object) -> None:
            if node.name.value == "nodes":
                found.append(get_named_type(types.get_type()))

    visit(parse(document), TypeInfoVisitor(types, Nodes()))
    [listed] = found
    assert isinstance(listed, GraphQLObjectType)
    return listed


def everything(type_: GraphQLObjectType | GraphQLInterfaceType, *, depth: int) -> str:
    """All fields without arguments, with those of the objects that they lead to."""
    selected = ["__typename"]
    for name, field in type_.fields.items():
        inner = get_named_type(field.type)
        if is_leaf_type(inner) and not field.args:
            selected.append(name)
        elif depth and leads_to_an_object(field):
            selected.append(f"{name} {{ {everything(inner, depth=depth - 1)} }}")
    return " ".join(selected)


def leads_to_an_object(field: GraphQLField) -> bool:
    inner = get_named_type(field.type)
    return isinstance(inner, GraphQLObjectType) and not field.args and not is_list_type(field.type)


@pytest.mark.parametrize("listing", LISTS, ids=lambda listing: listing.name)
async def test_an_element_of_a_list_is_the_object_that_has_its_id(on_shelves: Api, listing: Listing) -> None:
    lea, type_ = on_shelves.caller("lea"), type_of_nodes(listing.document)
    fragment = f"fragment everything on {type_.name} {{ {everything(type_, depth=1)} }}"
    document, number = NODES.subn(r"\1 { id ...everything", listing.document)
    assert number == 2
    page = await lea.one(f"{document} {fragment}", **listing.variables(on_shelves), first=5)
    while "nodes" not in page:
        [page] = page.values()
    assert page["nodes"] == [edge["node"] for edge in page["edges"]]
    by_id = f"query($ids: [ID!]!) {{ nodes(ids: $ids) {{ id ...everything }} }} {fragment}"
    assert page["nodes"] == await lea.one(by_id, ids=[node["id"] for node in page["nodes"]])
    assert len(page["nodes"]) > 1
