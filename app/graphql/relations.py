"""Relations as data: which loader a field asks for the thing that it leads to, and what is made of the answer.

The executor reads relations ahead for whole lists, so that no task is needed for each of their elements.
"""

from asyncio import Future
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any, TypeVar

import strawberry
from aiodataloader import DataLoader

from app.graphql.loaders import Loaders

KEY = "relation"
"""Under which the metadata of a field have its relation."""

Field = Any
"""A field of a class, which stands where strawberry wants the type of its values."""

Key = TypeVar("Key", bound=Hashable)
Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class One:
    """A field that leads to one thing, or to none."""

    ask: Callable[[Loaders, Any], "Future[Any] | None"]
    """Asks a loader on behalf of a parent; None where the parent refers to nothing."""
    make: Callable[[Any], object]
    """Makes an object of the schema of what was found."""


def one(
    ask: Callable[[Loaders, Any], "Future[Any] | None"],
    make: Callable[[Any], object],
    description: str,
    *,
    name: str | None = None,
) -> Field:
    """A field that is a relation; its type says whether there has to be something.

    `name` is for one that Python keeps for itself.
    """

    def resolve() -> None:
        raise NotImplementedError("the executor reads relations itself")

    return strawberry.field(resolver=resolve, name=name, description=description, metadata={KEY: One(ask, make)})


def known(loader: "DataLoader[Key, Found]", key: Key | None) -> "Future[Found] | None":
    """What a loader is asked for, if a key is known."""
    return None if key is None else loader.load(key)
