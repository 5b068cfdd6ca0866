"""Documents made from the schema: whatever a type has is asked for, to some depth, without anyone listing it."""

from graphql import (
    GraphQLArgument,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    get_named_type,
    is_leaf_type,
    is_required_argument,
)

from app.graphql.schema import schema

SCHEMA: GraphQLSchema = schema.graphql_schema
NODE = SCHEMA.type_map["Node"]
PAGE = 2
"""Of a list below the root so many elements: enough to have a next page."""


class Everything:
    """Selections of everything, as fragments: each type at each depth is written once.

    Depth counts from node to node: what has no id of its own, such as the blockers of a draft, is shown with its node.
    """

    def __init__(self) -> None:
        self._fragments: dict[str, str] = {}

    def of(self, type_name: str, depth: int) -> str:
        """A selection of everything that a type has; the objects in it likewise, one level less deep."""
        return self._spread(SCHEMA.type_map[type_name], depth)

    def document(self, operation: str) -> str:
        return "\n".join([operation, *self._fragments.values()])

    def _spread(self, named: GraphQLNamedType, depth: int) -> str:
        name = f"{named.name}_{depth}"
        if name not in self._fragments:
            self._fragments[name] = ""
            body = " ".join(["__typename", *self._selected(named, depth)])
            self._fragments[name] = f"fragment {name} on {named.name} {{ {body} }}"
        return f"...{name}"

    def _selected(self, named: GraphQLNamedType, depth: int) -> list[str]:
        if isinstance(named, GraphQLInterfaceType | GraphQLUnionType):
            return [self._spread(possible, depth) for possible in SCHEMA.get_possible_types(named)]
        assert isinstance(named, GraphQLObjectType), named
        fields = (self._field(named, name, field, depth) for name, field in named.fields.items())
        return [field for field in fields if field]

    def _field(self, parent: GraphQLObjectType, name: str, field: GraphQLField, depth: int) -> str:
        assert not any(map(is_required_argument, field.args.values())), f"{parent.name}.{name} needs an argument"
        # Types of one interface may have fields of one name and of different types.
        asked = f"{parent.name}_{name}: {name}"
        output = get_named_type(field.type)
        if is_leaf_type(output):
            return asked
        if is_part_of_list(parent):
            inner = "__typename" if name == "nodes" else self._spread(output, depth)
        elif not is_of_nodes(output):
            inner = self._spread(output, depth)
        elif depth == 0:
            return ""
        else:
            inner = self._spread(output, depth - 1)
        return f"{asked}{_page(field.args)} {{ {inner} }}"


def fields_of(type_name: str) -> dict[str, GraphQLField]:
    """The fields of an object type."""
    named = SCHEMA.type_map[type_name]
    assert isinstance(named, GraphQLObjectType), type_name
    fields: dict[str, GraphQLField] = named.fields
    return fields


def is_of_nodes(named: GraphQLNamedType) -> bool:
    """Whether a field of this type leads on to other nodes: to one, to one of several kinds, or to a list."""
    if isinstance(named, GraphQLUnionType):
        return all(map(is_of_nodes, named.types))
    return (
        named is NODE or is_part_of_list(named) or (isinstance(named, GraphQLObjectType) and NODE in named.interfaces)
    )


def is_part_of_list(named: GraphQLNamedType) -> bool:
    """Connections and their edges: what they hold is on their own level."""
    return named.name.endswith(("Connection", "Edge"))


def _page(arguments: dict[str, GraphQLArgument]) -> str:
    return f"(first: {PAGE})" if "first" in arguments else ""
