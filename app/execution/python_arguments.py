"""Arguments as resolvers take them: graphql-core makes the objects of input types itself, with their names in Python.

Strawberry would ask anew for each value what its type is, which takes an item of a call as long as half of its rules.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

from graphql import GraphQLField, GraphQLInputObjectType, GraphQLObjectType, GraphQLResolveInfo, GraphQLSchema

from app.execution.rows import DECLARED


def take_python_arguments(schema: GraphQLSchema, info_class: Callable[..., Any]) -> None:
    """Have arguments coerced to what resolvers take, also by graphql-core's executor, with which ours is compared."""
    for type_ in schema.type_map.values():
        if isinstance(type_, GraphQLInputObjectType):
            # graphql-core means it to be set, and declares it as a method.
            input_type: Any = type_
            input_type.out_type = partial(_made, type_.extensions[DECLARED].origin)
            for member in type_.fields.values():
                member.out_name = member.extensions[DECLARED].python_name
        elif isinstance(type_, GraphQLObjectType):
            for field in type_.fields.values():
                if field.args and DECLARED in field.extensions:
                    _take(field, info_class)


def _take(field: GraphQLField, info_class: Callable[..., Any]) -> None:
    declared = field.extensions[DECLARED]
    for argument in field.args.values():
        argument.out_name = argument.extensions[DECLARED].python_name
    resolver = declared.base_resolver
    parameter = resolver.info_parameter

    def resolve(root: Any, info: GraphQLResolveInfo[Any], /, **arguments: Any) -> Any:
        own = {} if parameter is None else {parameter.name: info_class(_raw_info=info, _field=declared)}
        return resolver.wrapped_func(root, **arguments, **own)

    field.resolve = resolve


def _made(class_: Callable[..., Any], values: dict[str, Any]) -> Any:
    return class_(**values)
