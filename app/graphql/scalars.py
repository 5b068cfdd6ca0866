"""The scalars of the schema."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NewType

import orjson
import strawberry
from graphql import ListValueNode, ObjectValueNode, Undefined, ValueNode, VariableNode
from graphql.utilities import value_from_ast_untyped
from strawberry.types.scalar import ScalarDefinition

from app.execution.plan import CoercedVariables

RFC_3339 = re.compile(r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:\d{2})", re.ASCII)

JSON = NewType("JSON", object)


def as_json(value: object) -> JSON:
    """A value that is answered as it is, as JSON text already."""
    # As text: what `dumps` returns takes 4 KB however short it is.
    return JSON(orjson.Fragment(orjson.dumps(value).decode()))


def _read_time(value: object) -> datetime:
    """A point in time as RFC 3339 writes it, its offset included. Raises ValueError for anything else."""
    if not isinstance(value, str) or not RFC_3339.fullmatch(value):
        raise ValueError("no time")
    try:
        return datetime.fromisoformat(value.upper()).astimezone(UTC)
    except OverflowError:
        raise ValueError("no time") from None


def _time(value: datetime) -> str:
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


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
        serialize=_time,
        parse_value=_read_time,
    ),
}
