"""The scalars of the schema."""

from datetime import UTC, datetime
from typing import NewType

import orjson
import strawberry
from strawberry.types.scalar import ScalarDefinition

JSON = NewType("JSON", object)


def as_json(value: object) -> JSON:
    """A value that is answered as it is, as JSON text already."""
    # As text: what `dumps` returns takes 4 KB however short it is.
    return JSON(orjson.Fragment(orjson.dumps(value).decode()))


def _time(value: datetime) -> str:
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


SCALARS: dict[object, ScalarDefinition] = {
    JSON: strawberry.scalar(
        name="JSON",
        description="Any JSON value (RFC 8259).",
        specified_by_url="https://www.rfc-editor.org/rfc/rfc8259",
        serialize=lambda value: value,
        parse_value=lambda value: value,
    ),
    datetime: strawberry.scalar(
        name="DateTime",
        description="A point in time: RFC 3339, in UTC.",
        specified_by_url="https://scalars.graphql.org/andimarek/date-time",
        serialize=_time,
        parse_value=datetime.fromisoformat,
    ),
}
