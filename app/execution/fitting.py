"""Fits the schema when it is built: holds types to the rows that they show, and has resolvers called as declared."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from enum import Enum
from functools import cached_property, partial
from itertools import permutations
from types import NoneType, UnionType
from typing import Any, ClassVar, NewType, Self, TypeVar, Union, get_args, get_origin, get_type_hints

from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    is_abstract_type,
)
from graphql.pyutils import Undefined
from strawberry.types.fields.resolver import PARENT_PARAMSPEC

from app.execution.rows import COLUMN, DECLARED, RELATION, ToOne, class_of, getter_of

LEAVES: dict[str, type] = {"String": str, "ID": str, "Int": int, "Boolean": bool, "DateTime": datetime}
LISTS = (list, tuple, Sequence, Iterable)


def check_rows(schema: GraphQLSchema, loaders: type) -> None:
    """Raise TypeError where a column, a relation or the parent of a resolver doesn't fit the rows of its type.

    And where rows of one type pass for those of another one, if a field may have either.
    """
    mistakes = [
        f"{type_.name}.{name}: {mistake}"
        for type_ in schema.type_map.values()
        if isinstance(type_, GraphQLObjectType)
        for name, field in type_.fields.items()
        for mistake in _mistakes(schema, class_of(type_), field, loaders)
    ]
    mistakes += [
        f"{type_.name}: {one.__name__} passes for {other.__name__}"
        for type_ in schema.type_map.values()
        if is_abstract_type(type_)
        for one, other in permutations(filter(None, map(class_of, schema.get_possible_types(type_))), 2)
        if issubclass(one, other)
    ]
    if mistakes:
        raise TypeError("; ".join(mistakes))


def _mistakes(schema: GraphQLSchema, rows: Any, field: GraphQLField, loaders: type) -> Iterator[str]:
    declared = field.extensions.get(DECLARED)
    if declared is None or rows is None:
        return
    relation, column = declared.metadata.get(RELATION), declared.metadata.get(COLUMN)
    if isinstance(relation, ToOne):
        if relation.loader not in dir(loaders):
            yield f"there is no loader {relation.loader}"
        for key in relation.keys:
            if not hints_of(rows, key):
                yield f"{rows.__name__} has no {key}"
    elif column is not None or declared.base_resolver is None:
        hints = hints_of(rows, column or declared.python_name)
        if not hints:
            yield f"{rows.__name__} has no {column or declared.python_name}"
        elif not _fits(schema, hints, field.type):
            yield f"it is {field.type}, and the column {' | '.join(map(str, hints))}"
    else:
        parent = declared.base_resolver.reserved_parameters[PARENT_PARAMSPEC]
        class_ = None if parent is None else get_args(parent.annotation)[0]
        of = class_ if isinstance(class_, UnionType) else get_origin(class_) or class_
        if of is not None and not issubclass(rows, of):
            yield f"its resolver takes {getattr(class_, '__name__', class_)}, and not {rows.__name__}"


def hints_of(class_: Any, path: str) -> list[Any]:
    """The classes that annotations allow for a column; none if there is no such column."""
    hints, may_be_none = [class_], False
    for name in path.split("."):
        may_be_none = may_be_none or NoneType in hints
        owners = [hint for hint in hints if hint is not NoneType]
        hints = [each for owner in owners for each in _members(_annotation(owner, name), owner)]
    return [*hints, NoneType] if may_be_none and hints and NoneType not in hints else hints


def _annotation(owner: Any, name: str) -> Any:
    """The annotation of an attribute; None if the class has no such attribute, Any if the class is unknown."""
    class_ = get_origin(owner) or owner
    if owner is Any:
        return Any
    attribute = getattr(class_, name, None)
    if isinstance(attribute, property | cached_property):
        function = attribute.fget if isinstance(attribute, property) else attribute.func
        return get_type_hints(function)["return"]
    hint = get_type_hints(class_).get(name)
    return type(attribute) if get_origin(hint) is ClassVar else hint


def _members(hint: Any, owner: Any) -> Iterator[Any]:
    """Resolve a hint: a union to its members, a type variable to its argument, a NewType to its supertype."""
    if get_origin(hint) in {Union, UnionType}:
        for each in get_args(hint):
            yield from _members(each, owner)
    elif isinstance(hint, NewType):
        yield from _members(hint.__supertype__, owner)
    elif isinstance(hint, TypeVar):
        bases = getattr(owner, "__orig_bases__", ())
        arguments = {
            each: of for base in bases for each, of in zip(get_origin(base).__parameters__, get_args(base), strict=True)
        }
        yield from _members(arguments.get(hint, Any), owner)
    elif hint is Self:
        yield owner
    elif hint is not None:
        yield hint


def _fits(schema: GraphQLSchema, hints: Sequence[Any], type_: Any) -> bool:
    if isinstance(type_, GraphQLNonNull):
        return NoneType not in hints and _fits(schema, hints, type_.of_type)
    present = [hint for hint in hints if hint is not NoneType and hint is not Any]
    if isinstance(type_, GraphQLList):
        return all(
            get_origin(hint) in LISTS and _fits(schema, [*_members(get_args(hint)[0], hint)], type_.of_type)
            for hint in present
        )
    return all(_is_of(schema, get_origin(hint) or hint, type_) for hint in present)


def _is_of(schema: GraphQLSchema, class_: Any, type_: GraphQLNamedType) -> bool:
    if not isinstance(class_, type):
        return False
    if isinstance(type_, GraphQLEnumType):
        # Rows have the names of members, rules have members, which are equal to their names.
        return issubclass(class_, str) and (
            not issubclass(class_, Enum) or set(class_.__members__) <= set(type_.values)
        )
    if type_.name in LEAVES:
        return issubclass(class_, LEAVES[type_.name]) and (class_ is bool) == (type_.name == "Boolean")
    types = schema.get_possible_types(type_) if is_abstract_type(type_) else [type_]
    return type_.name == "JSON" or any(issubclass(class_, class_of(each) or object) for each in types)


def resolve_as_declared(schema: GraphQLSchema) -> None:
    """Have graphql-core make the objects of input types, and call resolvers as our executor, which is compared with it."""
    # Strawberry would ask anew for each value what its type is: half as long as the rules take for an item of a call.
    for type_ in schema.type_map.values():
        if isinstance(type_, GraphQLInputObjectType):
            # graphql-core means it to be set, and declares it as a method.
            input_type: Any = type_
            input_type.out_type = partial(_instance_of, type_.extensions[DECLARED].origin)
            # Strawberry leaves it to rules of its own; graphql-core checks it too, and tells of it in introspection.
            type_.is_one_of = type_.extensions[DECLARED].is_one_of
            _name_in_python(type_.fields.values())
        elif isinstance(type_, GraphQLObjectType):
            for field in type_.fields.values():
                if DECLARED in field.extensions:
                    _name_in_python(field.args.values())
                    field.resolve = _resolver_of(field.extensions[DECLARED])


def _name_in_python(values: Iterable[GraphQLArgument | GraphQLInputField]) -> None:
    """Hand arguments, or fields of an input, over by their names in Python, which has None for what may be left out.

    One without a description of its own has that of its type.
    """
    for value in values:
        value.out_name = value.extensions[DECLARED].python_name
        value.description = value.description or get_named_type(value.type).description
        if value.default_value is None:
            value.default_value = Undefined


def _resolver_of(declared: Any) -> Callable[..., Any]:
    if declared.base_resolver is None:
        read = getter_of(declared.python_name)
        return lambda root, _: read(root)
    function = declared.base_resolver.wrapped_func
    takes_info = declared.base_resolver.info_parameter is not None
    return function if takes_info else lambda root, _, **arguments: function(root, **arguments)


def _instance_of(class_: Callable[..., Any], values: dict[str, Any]) -> Any:
    return class_(**values)
