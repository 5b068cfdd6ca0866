"""The types of the schema whose objects are rows: instances of a class of the domain or of storage, as they are."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar

import strawberry
from graphql import GraphQLNamedType, GraphQLObjectType, GraphQLSchema
from strawberry.schema.schema_converter import GraphQLCoreConverter

Shown = TypeVar("Shown", bound=type)
DECLARED = GraphQLCoreConverter.DEFINITION_BACKREF
"""Where a part of the schema keeps what Strawberry has made it of."""


def shows(rows: type, description: str) -> Callable[[Shown], Shown]:
    """A type whose objects are the instances of a class: nothing is made for each of them."""

    def declare(type_: Shown) -> Shown:
        declared: Any = type_
        declared.rows = rows
        declared.is_type_of = staticmethod(lambda value, _: isinstance(value, rows))
        return strawberry.type(type_, description=description)

    return declare


def class_of(type_: GraphQLNamedType) -> type | None:
    """The class of the objects of a type: of its rows or, where objects are made for it, its own; None if there is none."""
    declared = type_.extensions.get(DECLARED)
    origin: type | None = getattr(declared, "origin", None)
    return getattr(origin, "rows", origin)


@cache
def types_of_rows(schema: GraphQLSchema) -> Mapping[type, GraphQLObjectType]:
    """By the class of an object: the type that it is of, where a field doesn't say it."""
    types = [each for each in schema.type_map.values() if isinstance(each, GraphQLObjectType)]
    return {class_: type_ for type_ in types if (class_ := class_of(type_)) is not None}


NARROW = "narrow"
"""Says that of the rows of a page no column is needed that only computed fields read."""
Layout = Mapping[Any, Any]
"""The indexes of values in a row, by their columns; and the layouts of objects, by their columns or the names of relations.

The first column of the layout of a relation is null where there is no related object.
"""


@dataclass(frozen=True, slots=True)
class RawRows:
    """The elements of a page as they were read: columns are taken of them by position, and no object is made for each."""

    rows: Sequence[Any]
    layout: Layout
    elements: Callable[[], Sequence[Any]]
    """The objects of the rows, for whatever isn't in the layout."""
    cursor: Callable[[Any], str]
    """Makes the cursor of a row."""

    def __iter__(self) -> Iterator[Any]:
        return iter(self.elements())

    def __len__(self) -> int:
        return len(self.rows)
