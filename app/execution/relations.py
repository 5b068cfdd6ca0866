"""Relations as data: which loader a field asks for the thing that it leads to, and what is made of the answer.

The executor looks up a relation for all parents at once.
"""

from collections.abc import Awaitable, Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import strawberry
from strawberry.types.info import Info

from app.execution.execution_context import ExecutionContext
from app.execution.lookups import Loader, Lookup, Lookups

KEY = "relation"
"""Under which the metadata of a field have its relation."""

Field = Any
"""A field of a class, which stands where strawberry wants the type of its values."""


@dataclass(frozen=True, slots=True)
class One:
    """A field that leads to one thing, or to none."""

    loader: Callable[[Any], Loader[Any, Any]]
    key: Callable[[Any], Hashable | None]
    """What the loader is asked for on behalf of a parent; None where that refers to nothing."""
    make: Callable[[Any], object] | None
    """Makes an object of the schema of what was found; None where it is one, as rows are."""
    related: Hashable | None = None
    """Under which name it can be read with a page of its parents; None: it can't."""

    def lookup(self, loaders: object, parent: object) -> Lookup[Any] | None:
        key = self.key(parent)
        return None if key is None else Lookup(self.loader(loaders), key, self.make)


@dataclass(frozen=True, slots=True)
class Several:
    """A field that leads to several things, whose keys take some reading; those that aren't found are left out."""

    loader: Callable[[Any], Loader[Any, Any]]
    keys: Callable[[Any, Any], Awaitable[Sequence[Hashable]]]

    async def lookups(self, context: ExecutionContext, parent: object) -> Lookups:
        keys, loader = await self.keys(parent, context), self.loader(context.loaders)
        return Lookups([Lookup(loader, key) for key in keys], only_found=True)


def several(
    loader: Callable[[Any], Loader[Any, Any]],
    keys: Callable[[Any, Any], Awaitable[Sequence[Hashable]]],
    description: str,
    *,
    type_: type,
) -> Field:
    """A field that is a relation to several things of a type. Without an annotation it keeps its place among resolvers."""
    relation = Several(loader, keys)

    async def resolve(root: Any, info: Info[Any, Any]) -> Any:
        return await (await relation.lookups(info.context, root))

    return strawberry.field(
        resolver=resolve,
        description=description,
        metadata={KEY: relation},
        graphql_type=list[type_],  # type: ignore[valid-type]
    )


def one(
    loader: Callable[[Any], Loader[Any, Any]],
    key: Callable[[Any], Hashable | None],
    description: str,
    *,
    make: Callable[[Any], object] | None = None,
    name: str | None = None,
    related: Hashable | None = None,
) -> Field:
    """A field that is a relation; its type says whether there has to be something.

    `name` is for one that Python keeps for itself.
    """
    relation = One(loader, key, make, related)

    def resolve(root: Any, info: Info[Any, Any]) -> Any:
        return relation.lookup(info.context.loaders, root)

    return strawberry.field(resolver=resolve, name=name, description=description, metadata={KEY: relation})
