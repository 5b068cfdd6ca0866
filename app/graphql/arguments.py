"""The arguments that many fields share, and how an argument that was left out is told from one that wasn't."""

from typing import Annotated, TypeVar

import strawberry

from app.domain.input import LONGEST_NAME
from app.execution.request_errors import BadRequest

Value = TypeVar("Value")

First = Annotated[
    int | None,
    strawberry.argument(
        description="How many elements from the start, or after `after`: 1 to 100; 50 where neither `first` nor `last` is given."
    ),
]
After = Annotated[str | None, strawberry.argument(description="The cursor after which the page starts.")]
Last = Annotated[
    int | None,
    strawberry.argument(description="How many elements from the end, or before `before`: 1 to 100; without `first`."),
]
Before = Annotated[str | None, strawberry.argument(description="The cursor before which the page ends.")]
Search = Annotated[
    str | None,
    strawberry.argument(
        description="Only names that hold this text, upper and lower case alike; at most 255 characters, without the "
        "spaces around it."
    ),
]


def none_if_unset(value: Value | None) -> Value | None:
    """The caller's value; None where the argument was left out or null."""
    return None if value is strawberry.UNSET else value


def searched(search: str | None, argument: str = "search") -> str | None:
    """A search as it was meant, without the spaces around it; None where there is none.

    Refuses, as a bad request, what no name can hold: a NUL character, and more text than a name has.
    """
    wanted = (none_if_unset(search) or "").strip()
    if "\0" in wanted:
        raise BadRequest(f"`{argument}` holds a NUL character, which no name has.")
    if len(wanted) > LONGEST_NAME:
        raise BadRequest(f"`{argument}` has {len(wanted)} characters; no name has more than {LONGEST_NAME}.")
    return wanted or None
