"""Pages of lists, by key: a page costs the same wherever it lies, since it is read off an index."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement, Select, Text, any_, bindparam, func, literal, select, true, tuple_
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection

from app.domain.input import name_key as fold

View = TypeVar("View")
Key = tuple[str | int | datetime, ...]
"""Where an element stands in its list: the values of the columns that the list is sorted by."""


@dataclass(frozen=True, slots=True)
class PageRequest:
    """Up to `size` elements after a key, or before it and `backwards`; without a key from the start, or the end."""

    size: int
    backwards: bool = False
    beyond: Key | None = None


@dataclass(frozen=True, slots=True)
class Page(Generic[View]):
    """Elements in the order of the list, each with its key."""

    elements: tuple[tuple[Key, View], ...] = ()
    has_next: bool = False
    has_previous: bool = False


@dataclass(frozen=True, slots=True)
class Order:
    """What a list is sorted by. The last column is unique, so that the order is total."""

    columns: tuple[ColumnElement[Any], ...]
    descending: bool = False

    def page(self, rows: Select[Any], request: PageRequest) -> Select[Any]:
        """One row more than the page has, to know whether there is a next one; the keys come last in each row."""
        downwards = self.descending != request.backwards
        if request.beyond is not None:
            here = tuple_(*self.columns)
            there = tuple_(*(literal(value, column.type) for value, column in self._valued(request.beyond)))
            rows = rows.where(here < there if downwards else here > there)
        directed = [column.desc() if downwards else column.asc() for column in self.columns]
        keys = [column.label(f"key_{index}") for index, column in enumerate(self.columns)]
        return rows.add_columns(*keys).order_by(*directed).limit(request.size + 1)

    def _valued(self, key: Key) -> list[tuple[str | int | datetime, ColumnElement[Any]]]:
        return list(zip(key, self.columns, strict=True))

    def cut(self, rows: Sequence[Sequence[Any]], request: PageRequest, view: Callable[[Any], View]) -> Page[View]:
        """The page in the rows that `page` selected."""
        width = len(self.columns)
        kept = [(tuple(row[-width:]), row) for row in rows]
        kept.sort(key=lambda element: element[0], reverse=self.descending != request.backwards)
        more = len(kept) > request.size
        elements = tuple((key, view(row)) for key, row in kept[: request.size])
        beyond = request.beyond is not None
        if request.backwards:
            return Page(elements[::-1], has_next=beyond, has_previous=more)
        return Page(elements, has_next=more, has_previous=beyond)


PARENTS = bindparam("parents", type_=ARRAY(Text))


@dataclass(frozen=True, slots=True)
class ListBelow(Generic[View]):
    """A list that each of several parents has: their pages are read in one statement, whatever their number."""

    rows: Select[Any]
    parent: ColumnElement[str]
    """The column of `rows` that names the parent."""
    order: Order
    view: Callable[[Any], View]
    """Makes an element of a row."""
    only: Callable[[ColumnElement[str]], ColumnElement[bool]] | None = None
    """Whether the viewer may see the list of the parent with this id; the others have none."""

    def where(self, *conditions: ColumnElement[bool]) -> "ListBelow[View]":
        return replace(self, rows=self.rows.where(*conditions))

    async def pages(
        self, connection: AsyncConnection, parents: Sequence[str], request: PageRequest, parameters: Mapping[str, Any]
    ) -> list[Page[View]]:
        """The same page for each of the parents, in their order."""
        above = select(func.unnest(PARENTS).label("id")).subquery("parents")
        page = self.order.page(self.rows.where(self.parent == above.c.id), request).lateral("page")
        statement = select(above.c.id, page).select_from(above.join(page, true()))
        if self.only is not None:
            statement = statement.where(self.only(above.c.id))
        below: dict[str, list[Sequence[Any]]] = {}
        for row in await connection.execute(statement, {**parameters, "parents": list(dict.fromkeys(parents))}):
            below.setdefault(row[0], []).append(row[1:])
        return [self.order.cut(below.get(parent, ()), request, self.view) for parent in parents]

    async def counts(
        self, connection: AsyncConnection, parents: Sequence[str], parameters: Mapping[str, Any]
    ) -> list[int]:
        """How long the list of each parent is, in their order."""
        only = () if self.only is None else (self.only(self.parent),)
        counted = self.rows.with_only_columns(self.parent.label("parent"), func.count().label("number"))
        statement = counted.where(self.parent == any_(PARENTS), *only).group_by(self.parent)
        rows = await connection.execute(statement, {**parameters, "parents": list(dict.fromkeys(parents))})
        numbers = {row.parent: row.number for row in rows}
        return [numbers.get(parent, 0) for parent in parents]


def matching(name_key: ColumnElement[str], search: str | None) -> tuple[ColumnElement[bool], ...]:
    """The names that hold a text, without regard to case; `%` and `_` are taken literally.

    Unlike LIKE, this doesn't let the planner hope that hardly any name matches, for which it would sort those that do.
    """
    return () if not search else (func.strpos(name_key, fold(search)) > 0,)
