"""Fields as data: columns of rows, and relations that a loader looks up for all rows at once."""

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from functools import cached_property
from operator import attrgetter
from typing import Any

import strawberry
from strawberry.types.info import Info

from app.execution.lookups import Lookup

COLUMN, RELATION = "column", "relation"
"""Under which the metadata of a field have its column, or its relation."""

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
class One:
    """A field that leads to one thing, or to none."""

    loader: str
    """The name of the loader."""
    keys: tuple[str, ...]
    """The columns that the loader is asked for on behalf of a row; where one is None, the row refers to nothing."""
    related: Hashable | None = None
    """Under which name it can be read with a page of its parents; None: it can't."""

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
    """A field that is a relation; its type says whether there has to be something.

    `key` is the dotted name of a column, or several.
    """
    to_one = One(loader, (key,) if isinstance(key, str) else key, related)

    def resolve(root: Any, info: Info[Any, Any]) -> Any:
        key = to_one.key(root)
        return None if key is None else Lookup(getattr(info.context.loaders, loader), key)

    return strawberry.field(resolver=resolve, description=description, metadata={RELATION: to_one}, graphql_type=type_)
