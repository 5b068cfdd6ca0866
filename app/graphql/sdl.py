"""The schema in GraphQL's own language (SDL), in the order in which people read it.

The roots come first; then what queries and mutations lead to, each type before those that it refers to; then pages of
lists; refusals, with what only they lead to; and scalars.
"""

from collections.abc import Collection, Iterable, Iterator

from graphql import (
    DirectiveDefinitionNode,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    TypeDefinitionNode,
    get_named_type,
    is_scalar_type,
    is_specified_scalar_type,
    parse,
)

REFUSALS = ("Error", "ExportFlowWarning")
"""The interfaces of everything that tells why something wasn't done, or not all of it."""
SEPARATE = ("Node", *REFUSALS)
"""The interfaces whose implementations are reached without them."""
LISTS = ("Connection", "Edge", "PageInfo")


def in_reading_order(printed: str, schema: GraphQLSchema) -> str:
    """The definitions of a printed schema in the order of reading, below one of the schema with its description."""
    directives, types = list[str](), dict[str, str]()
    for definition in parse(printed).definitions:
        text = printed[definition.loc.start : definition.loc.end] if definition.loc else ""
        if isinstance(definition, TypeDefinitionNode):
            types[definition.name.value] = text
        elif isinstance(definition, DirectiveDefinitionNode):
            directives.append(_described(definition, text, schema))
    roots = "".join(f"\n  {root.name.lower()}: {root.name}" for root in _roots(schema))
    about = f'"""\n{schema.description}\n"""\nschema {{{roots}\n}}'
    return "\n\n".join([about, *directives, *(types[name] for name in reading_order(schema))])


def reading_order(schema: GraphQLSchema) -> list[str]:
    """The names of all types but GraphQL's own."""
    roots, refusals = [root.name for root in _roots(schema)], _refusals(schema)
    reached = list(_reached(schema, _roots(schema), set(), but_not_beyond=refusals))
    told = [name for name in reached if name not in refusals]
    met = dict.fromkeys((*REFUSALS, *(name for name in reached if name in refusals), *refusals))
    refused = list(_reached(schema, (schema.type_map[name] for name in met), set(told)))
    lists = [name for name in told if name.endswith(LISTS)]
    scalars = [name for name in (*told, *refused) if is_scalar_type(schema.type_map[name])]
    return [*dict.fromkeys((*roots, *_without(told, lists, scalars), *lists, *_without(refused, scalars), *scalars))]


def _described(definition: DirectiveDefinitionNode, text: str, schema: GraphQLSchema) -> str:
    """A directive with its description, which Strawberry leaves out for `oneOf`."""
    directive = schema.get_directive(definition.name.value)
    if definition.description or directive is None or not directive.description:
        return text
    return f'"""{directive.description}"""\n{text}'


def _roots(schema: GraphQLSchema) -> list[GraphQLObjectType]:
    return [root for root in (schema.query_type, schema.mutation_type) if root is not None]


def _refusals(schema: GraphQLSchema) -> dict[str, None]:
    found = dict.fromkeys(REFUSALS)
    for name in REFUSALS:
        interface = schema.type_map[name]
        if isinstance(interface, GraphQLInterfaceType):
            implemented = schema.get_implementations(interface)
            found |= dict.fromkeys(type_.name for type_ in (*implemented.interfaces, *implemented.objects))
    return found


def _without(names: Iterable[str], *others: Collection[str]) -> list[str]:
    return [name for name in names if not any(name in other for other in others)]


def _reached(
    schema: GraphQLSchema,
    types: Iterable[GraphQLNamedType],
    seen: set[str],
    *,
    but_not_beyond: Collection[str] = (),
) -> Iterator[str]:
    """Types and what they lead to, each once, depth first."""
    for type_ in types:
        if type_.name in seen or is_specified_scalar_type(type_):
            continue
        seen.add(type_.name)
        yield type_.name
        if type_.name not in but_not_beyond:
            yield from _reached(schema, _next(schema, type_), seen, but_not_beyond=but_not_beyond)


def _next(schema: GraphQLSchema, type_: GraphQLNamedType) -> Iterator[GraphQLNamedType]:
    match type_:
        case GraphQLUnionType():
            yield from type_.types
        case GraphQLInputObjectType():
            yield from (get_named_type(field.type) for field in type_.fields.values())
        case GraphQLObjectType() | GraphQLInterfaceType():
            for field in type_.fields.values():
                yield from (get_named_type(argument.type) for argument in field.args.values())
                yield get_named_type(field.type)
            yield from type_.interfaces
            if isinstance(type_, GraphQLInterfaceType) and not type_.interfaces and type_.name not in SEPARATE:
                yield from schema.get_possible_types(type_)
        case _:
            pass
