"""Types of the schema whose objects are rows, as they are: their classes, their columns, and relations to other rows."""

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from operator import attrgetter
from typing import Any, NamedTuple, TypeVar

import strawberry
from graphql import GraphQLNamedType, GraphQLObjectType, GraphQLSchema
from strawberry.schema.schema_converter import GraphQLCoreConverter
from strawberry.types.info import Info

from app.execution.lookups import Lookup

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


COLUMN, RELATION = "column", "relation"
"""The keys of a field's metadata for its column and its relation."""

Field = Any
"""A field of a class, which stands where strawberry wants the type of its values."""


def getter_of(path: str) -> Callable[[Any], Any]:
    """Reads a column by its dotted name; None where something on the way is None."""
    if "." not in path:
        return attrgetter(path)
    *outer, last = path.split(".")

    def read(source: Any) -> Any:
        for name in outer:
            source = getattr(source, name)
            if source is None:
                return None
        return getattr(source, last)

    return read


def column(path: str, description: str, type_: Any = None) -> Field:
    """A field that is a column of another name than its own, which may be dotted."""
    read = getter_of(path)

    def resolve(root: Any) -> Any:
        return read(root)

    return strawberry.field(resolver=resolve, description=description, metadata={COLUMN: path}, graphql_type=type_)


@dataclass(frozen=True)
class ToOne:
    """A relation of a row to one other row, or to none."""

    loader: str
    """The name of the loader."""
    keys: tuple[str, ...]
    """The columns that the loader is asked for on behalf of a row; where one is None, the row refers to nothing."""
    related: Hashable | None = None
    """The name under which a page of the parents reads it too; None: no page does."""

    @cached_property
    def key(self) -> Callable[[Any], Any]:
        """Reads the key of a row: the column, or a tuple of several."""
        if len(self.keys) == 1:
            return getter_of(self.keys[0])
        columns = [getter_of(each) for each in self.keys]

        def read(source: object) -> tuple[Any, ...] | None:
            values = tuple(column(source) for column in columns)
            return None if None in values else values

        return read


def relation(
    loader: str,
    key: str | tuple[str, ...],
    description: str,
    *,
    related: Hashable | None = None,
    type_: Any = None,
) -> Field:
    """A field that is a relation; its type says whether the other row has to exist.

    `key` is the dotted name of a column, or several.
    """
    to_one = ToOne(loader, (key,) if isinstance(key, str) else key, related)

    def resolve(root: Any, info: Info[Any, Any]) -> Any:
        key = to_one.key(root)
        return None if key is None else Lookup(getattr(info.context.loaders, loader), key)

    return strawberry.field(resolver=resolve, description=description, metadata={RELATION: to_one}, graphql_type=type_)
