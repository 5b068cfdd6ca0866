"""How fields, arguments and enumerations get the descriptions that users read."""

import inspect
from collections.abc import Awaitable, Callable, Mapping
from enum import StrEnum
from functools import partial
from typing import Any, TypeVar, get_args, get_origin

import strawberry

from app.execution.relations import column

Values = TypeVar("Values", bound=StrEnum)


def about(description: str, of: str | None = None, *, type_: Any = None) -> Any:
    """A plain field with its description: the column of its name, or of another one, which may be dotted."""
    return (
        strawberry.field(description=description, graphql_type=type_) if of is None else column(of, description, type_)
    )


def optional(description: str) -> Any:
    """A plain field of an input that may be left out, with its description."""
    return strawberry.field(description=description, default=strawberry.UNSET)


def idempotency_key(more: str = "") -> Any:
    """The field of inputs that may be sent again."""
    return optional(
        "Any text of 1 to 255 characters, a new one for each call. The same key and input answer like the first time, "
        f"without doing anything again, as long as keys are kept (24 hours by default). Refusals may be tried again.{more}"
    )


def shown_as(type_: object) -> Callable[[Callable[..., Any]], Any]:
    """A field of a type that shows what its resolver returns; else it is like `field`."""
    return partial(field, type_=type_)


def field(resolver: Callable[..., Any], *, type_: Any = None) -> Any:
    """A field with a resolver, whose docstring is the description. The resolver may return an awaitable."""
    resolver = resolver.__func__ if isinstance(resolver, staticmethod) else resolver
    signature = inspect.signature(resolver)
    if get_origin(signature.return_annotation) is Awaitable:
        # Strawberry knows only coroutine functions.
        [awaited] = get_args(signature.return_annotation)
        resolver.__signature__ = signature.replace(return_annotation=awaited)  # type: ignore[attr-defined]
    return strawberry.field(resolver, description=inspect.getdoc(resolver), graphql_type=type_)


def mutation(resolver: Callable[..., Any]) -> Any:
    """A mutation, whose docstring is the description."""
    return strawberry.mutation(resolver, description=inspect.getdoc(resolver))


def enumeration(
    values: type[Values], description: str, descriptions: Mapping[str, str], *, name: str | None = None
) -> type[Values]:
    """An enumeration of the domain as a type of the schema; `descriptions` describes every one of its values."""
    strawberry.enum(values, name=name, description=description)
    describe_values(values, descriptions)
    return values


def describe_values(values: Any, descriptions: Mapping[str, str]) -> None:
    """Describe every value of an enumeration that is a type of the schema."""
    for value in values.__strawberry_definition__.values:
        value.description = descriptions[value.name]
