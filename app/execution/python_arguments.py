"""Resolvers are called as they are declared: graphql-core makes the objects of input types itself, with their names in Python.

Strawberry would ask anew for each value what its type is, which takes an item of a call as long as half of its rules.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

from graphql import GraphQLField, GraphQLInputObjectType, GraphQLObjectType, GraphQLSchema

from app.execution.relations import getter_of
from app.execution.rows import DECLARED


def resolve_as_declared(schema: GraphQLSchema) -> None:
    """Have resolvers called by graphql-core's executor as by ours, which is compared with it."""
    for type_ in schema.type_map.values():
        if isinstance(type_, GraphQLInputObjectType):
            # graphql-core means it to be set, and declares it as a method.
            input_type: Any = type_
            input_type.out_type = partial(_instance_of, type_.extensions[DECLARED].origin)
            for member in type_.fields.values():
                member.out_name = member.extensions[DECLARED].python_name
        elif isinstance(type_, GraphQLObjectType):
            for field in type_.fields.values():
                if DECLARED in field.extensions:
                    field.resolve = _resolver_of(field)


def _resolver_of(field: GraphQLField) -> Callable[..., Any]:
    declared = field.extensions[DECLARED]
    for argument in field.args.values():
        argument.out_name = argument.extensions[DECLARED].python_name
    if declared.base_resolver is None:
        read = getter_of(declared.python_name)
        return lambda root, _: read(root)
    function = declared.base_resolver.wrapped_func
    takes_info = declared.base_resolver.info_parameter is not None
    return function if takes_info else lambda root, _, **arguments: function(root, **arguments)


def _instance_of(class_: Callable[..., Any], values: dict[str, Any]) -> Any:
    return class_(**values)
