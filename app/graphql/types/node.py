"""What everything with an id of its own has in common."""

from typing import Any, Self, cast

import strawberry

from app.execution.type_of_rows import TYPE_OF_ROWS
from app.graphql.describe import about


@strawberry.interface(description="Something with an id of its own: ask for it again with `node`.")
class Node:
    """Objects of these types are rows as they were read, which have fields of the same names: none is made for each."""

    id: strawberry.ID = about("The id: text with a prefix that says what it names. Treat the rest as opaque.")

    def __init_subclass__(cls, *, row: type | None = None) -> None:
        if row is not None:
            TYPE_OF_ROWS[row] = cls.__name__

    @classmethod
    def of(cls, row: tuple[Any, ...]) -> Self:
        """The row itself, which the executor takes for an object of this type."""
        return cast("Self", row)
