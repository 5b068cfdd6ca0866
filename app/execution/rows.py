"""The types of the schema whose objects are rows: instances of a class of the domain or of storage, as they are."""

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple, TypeVar

import strawberry
from graphql import GraphQLNamedType, GraphQLObjectType, GraphQLSchema
from strawberry.schema.schema_converter import GraphQLCoreConverter

Shown = TypeVar("Shown", bound=type)
DECLARED = GraphQLCoreConverter.DEFINITION_BACKREF
"""The extension in which Strawberry keeps the Python definition of a part of the schema."""


def shows(rows: type, description: str) -> Callable[[Shown], Shown]:
    """Declare a type whose objects are the instances of a class, without an object of the type for each."""

    def declare(type_: Shown) -> Shown:
        declared: Any = type_
        declared.rows = rows
        declared.is_type_of = staticmethod(lambda value, _: isinstance(value, rows))
        return strawberry.type(type_, description=description)

    return declare


def class_of(type_: GraphQLNamedType) -> type | None:
    """The class of a type's objects: the class of its rows or, for a type without rows, its own."""
    declared = type_.extensions.get(DECLARED)
    origin: type | None = getattr(declared, "origin", None)
    return getattr(origin, "rows", origin)


@cache
def types_of_rows(schema: GraphQLSchema) -> Mapping[type, GraphQLObjectType]:
    """The object types by the class of their objects, for fields of an interface or union."""
    types = [each for each in schema.type_map.values() if isinstance(each, GraphQLObjectType)]
    return {class_: type_ for type_ in types if (class_ := class_of(type_)) is not None}


Columns = frozenset[str] | None
"""The columns of rows that are read; None: all of them."""


class PageColumns(NamedTuple):
    """The columns that a page reads of its rows, and of each relation that it reads with them."""

    own: Columns = None
    related: frozenset[tuple[Hashable, Columns]] = frozenset()


ALL_COLUMNS = PageColumns()
Layout = Mapping[Any, Any]
"""The indexes of values in a row, by their columns; and the layouts of objects, by their columns or the names of relations.

The first column of the layout of a relation is null where there is no related object.
"""


@dataclass(frozen=True, slots=True)
class RawRows:
    """The elements of a page as they were read. Columns are taken by position, without an object for each element."""

    rows: Sequence[Any]
    layout: Layout
    elements: Callable[[], Sequence[Any]]
    """The objects of the rows, for fields that the layout doesn't have."""
    cursor: Callable[[Any], str]
    """Makes the cursor of a row."""

    def __iter__(self) -> Iterator[Any]:
        return iter(self.elements())

    def __len__(self) -> int:
        return len(self.rows)
