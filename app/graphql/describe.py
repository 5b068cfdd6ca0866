"""How fields, arguments and scalars are declared, with the descriptions that users read."""

import dataclasses
import inspect
import re
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from functools import partial, wraps
from typing import Annotated, Any, Generic, NewType, TypeVar, get_args, get_origin

import orjson
import strawberry
from graphql import ListValueNode, ObjectValueNode, Undefined, ValueNode, VariableNode
from graphql.utilities import value_from_ast_untyped
from strawberry.types.scalar import ScalarDefinition

from app.domain.input import LONGEST_NAME
from app.execution.plan import CoercedVariables
from app.execution.request_errors import UnacceptableInput
from app.execution.rows import column

Wish = TypeVar("Wish")

LEFT_OUT = (None, strawberry.UNSET)


def about(description: str, of: str | None = None, *, type_: Any = None) -> Any:
    """A plain field with its description: the column of its name, or of another one, which may be dotted."""
    return (
        strawberry.field(description=description, graphql_type=type_) if of is None else column(of, description, type_)
    )


def optional(description: str, *, default: Any = None, name: str | None = None) -> Any:
    """A plain field of an input that may be left out. With UNSET as its default null is told apart from that."""
    return strawberry.field(name=name, description=description, default=default)


def idempotency_key(more: str = "") -> Any:
    """The field of inputs that may be sent again."""
    return optional(
        "Any text of 1 to 255 characters, a new one for each call. The same key and input answer like the first time, "
        f"without doing anything again, as long as keys are kept (24 hours by default). Refusals may be tried again.{more}"
    )


class Input(Generic[Wish]):
    """An input that is read as a wish, whose fields have the same names."""

    def to_wish(self, **overrides: object) -> Wish:
        """Read the input. The wish has its own default for a field that is left out or null, unless null means more there."""
        declared: Any = type(self)
        [wish] = get_args(declared.__orig_bases__[0])
        values = {each: getattr(self, each.name) for each in dataclasses.fields(declared)}
        read = {
            each.name: _as_wished(value)
            for each, value in values.items()
            if value is not each.default or value not in LEFT_OUT
        }
        complete: Wish = wish(**(read | overrides))
        return complete


def _as_wished(value: object) -> object:
    if isinstance(value, list):
        # Not deeper: a JSON value may be nested as deeply as its reader allows.
        return tuple(each.to_wish() if isinstance(each, Input) else each for each in value)
    return value.to_wish() if isinstance(value, Input) else value


def shown_as(type_: object) -> Callable[[Callable[..., Any]], Any]:
    """A field of a type that shows what its resolver returns; else it is like `field`."""
    return partial(field, type_=type_)


def field(resolver: Callable[..., Any], *, type_: Any = None) -> Any:
    """A field with a resolver, whose docstring is the description. The resolver may return an awaitable.

    A connection has a resolver with the parameter `page`, a named tuple of the field's paging arguments.
    """
    resolver = resolver.__func__ if isinstance(resolver, staticmethod) else resolver
    signature = inspect.signature(resolver)
    if "page" in signature.parameters:
        resolver, signature = _with_paging_arguments(resolver, signature)
    if get_origin(signature.return_annotation) is Awaitable:
        # Strawberry knows only coroutine functions.
        [awaited] = get_args(signature.return_annotation)
        resolver.__signature__ = signature.replace(return_annotation=awaited)  # type: ignore[attr-defined]
    return strawberry.field(resolver, description=inspect.getdoc(resolver), graphql_type=type_)


def _with_paging_arguments(
    resolver: Callable[..., Any], signature: inspect.Signature
) -> tuple[Callable[..., Any], inspect.Signature]:
    page_arguments: Any = signature.parameters["page"].annotation

    @wraps(resolver)
    def resolve(
        *args: Any, first: Any = None, after: Any = None, last: Any = None, before: Any = None, **arguments: Any
    ) -> Any:
        return resolver(*args, **arguments, page=page_arguments(first, after, last, before))

    parameters = [parameter for name, parameter in signature.parameters.items() if name != "page"]
    parameters += [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=annotation)
        for name, annotation in page_arguments.__annotations__.items()
    ]
    signature = signature.replace(parameters=parameters)
    resolve.__signature__ = signature  # type: ignore[attr-defined]  # what inspect reads
    return resolve, signature


mutation = field
"""A mutation is a field like others, of the type `Mutation`."""


def describe_values(values: Any, descriptions: Mapping[str, str]) -> None:
    """Describe every value of an enumeration that is a type of the schema."""
    for value in values.__strawberry_definition__.values:
        value.description = descriptions[value.name]


Search = Annotated[
    str | None,
    strawberry.argument(
        description="Only names that hold this text, upper and lower case alike; at most 255 characters, without the "
        "spaces around it."
    ),
]


def searched(search: str | None, argument: str = "search") -> str | None:
    """A search as it was meant, without the spaces around it; None where there is none.

    Refuses, as a bad request, what no name can hold: a NUL character, and more text than a name has.
    """
    text = (search or "").strip()
    if "\0" in text:
        raise UnacceptableInput(f"`{argument}` holds a NUL character, which no name has.")
    if len(text) > LONGEST_NAME:
        raise UnacceptableInput(f"`{argument}` has {len(text)} characters; no name has more than {LONGEST_NAME}.")
    return text or None


RFC_3339 = re.compile(r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:\d{2})", re.ASCII)

NO_TIME = "a time of RFC 3339 with its offset from UTC is expected, such as 2026-12-03T00:00:00Z"

JSON = NewType("JSON", object)


def as_json(value: object) -> JSON:
    """A value that is answered as it is, as JSON text already."""
    # As text: what `dumps` returns takes 4 KB however short it is.
    return JSON(orjson.Fragment(orjson.dumps(value).decode()))


def _read_time(value: object) -> datetime:
    """A point in time as RFC 3339 writes it, its offset included. Raises ValueError for anything else."""
    if not isinstance(value, str) or not RFC_3339.fullmatch(value):
        raise ValueError(NO_TIME)
    try:
        return datetime.fromisoformat(value.upper()).astimezone(UTC)
    except (OverflowError, ValueError):
        raise ValueError(NO_TIME) from None


def _json_of_literal(node: ValueNode, variables: Mapping[str, Any] | None = None) -> object:
    """JSON that is written in a document: a variable that is left out isn't in an object, and null in a list."""
    if isinstance(node, VariableNode):
        name = node.name.value
        if isinstance(variables, CoercedVariables):
            return variables.as_sent(name)
        return (variables or {}).get(name, Undefined)
    if isinstance(node, ListValueNode):
        elements = [_json_of_literal(element, variables) for element in node.values]
        return [None if element is Undefined else element for element in elements]
    if isinstance(node, ObjectValueNode):
        members = ((member.name.value, _json_of_literal(member.value, variables)) for member in node.fields)
        return {name: value for name, value in members if value is not Undefined}
    return value_from_ast_untyped(node)


SCALARS: dict[object, ScalarDefinition] = {
    JSON: strawberry.scalar(
        name="JSON",
        description="Any JSON value (RFC 8259).",
        specified_by_url="https://www.rfc-editor.org/rfc/rfc8259",
        serialize=lambda value: value,
        parse_value=lambda value: value,
        parse_literal=_json_of_literal,
    ),
    datetime: strawberry.scalar(
        name="DateTime",
        description="A point in time: RFC 3339, in UTC.",
        specified_by_url="https://scalars.graphql.org/andimarek/date-time",
        serialize=lambda value: value,
        parse_value=_read_time,
    ),
}
