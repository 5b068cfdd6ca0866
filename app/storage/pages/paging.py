"""Pages of lists, by key: a page costs the same wherever it lies, since it is read off an index."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property, lru_cache
from operator import itemgetter
from typing import Any, Generic, NamedTuple

from sqlalchemy import (
    BigInteger,
    ColumnClause,
    ColumnElement,
    FromClause,
    Integer,
    Select,
    Text,
    any_,
    bindparam,
    case,
    func,
    literal_column,
    select,
    true,
    tuple_,
    union_all,
)
from sqlalchemy.sql.util import ClauseAdapter

from app.domain.input import name_key as fold
from app.storage.connections.connection import (
    CompiledStatement,
    Element,
    ReadConnection,
    RowViews,
    compile_statement,
    texts,
)
from app.storage.pages.related import NOTHING_JOINED, Join, Joined, Related

Key = tuple[str | int | datetime, ...]
"""The place of an element in its list: the values of the columns that the list is sorted by."""


MOST_CACHED_LISTS = 200
"""Most callers ask for a handful of lists; a cached list takes a tenth of a megabyte."""
FEW = 1_000
"""Up to this many elements that meet a condition are collected and sorted; with more, the list is read in its order."""

_ABOVE_ALL_TEXT = chr(0x10FFFF) * 256
"""A text that sorts after every name and id: longer than all of them, and of the last character."""
ENDS: Mapping[type, tuple[str | int | datetime, str | int | datetime]] = {
    str: ("", _ABOVE_ALL_TEXT),
    int: (-1, 2**31 - 1),
    datetime: (datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)),
}
"""Values below and above every value of a column, by its type."""


class PageRequest(NamedTuple):
    """Up to `size` elements after a key, or before it and `backwards`; without a key from the start, or the end."""

    size: int
    backwards: bool = False
    beyond: Key | None = None


@dataclass(frozen=True)
class Page(Generic[Element]):
    """Elements in the order of the list, each with its key. Elements are made from rows at the first access."""

    rows: Sequence[Any] = ()
    has_next: bool = False
    has_previous: bool = False
    key_of: Callable[[Any], Key] = tuple
    """Makes the key from a row."""
    views: RowViews[Element] | None = None
    """Makes the elements; None for a page without any."""

    @cached_property
    def elements(self) -> tuple[tuple[Key, Element], ...]:
        return () if self.views is None else tuple((self.key_of(row), self.views.make(row)) for row in self.rows)


@dataclass(frozen=True, slots=True)
class Order:
    """The order of a list. The last column is unique, which makes the order total."""

    columns: tuple[ColumnElement[Any], ...]
    descending: bool = False

    @property
    def types(self) -> tuple[type, ...]:
        """The types of the values in a key."""
        return tuple(column.type.python_type for column in self.columns)

    def page(self, rows: Select[Any], *, backwards: bool, prefix: str = "") -> Select[Any]:
        """Select one row more than the page has, to know whether there is a next one; the keys come last in each row.

        Every page is a range after a key that is a parameter, the first page after a key beyond all. The planner can't
        estimate such a range, so it chooses the index that has the order. `values` has the parameters.
        """
        downwards = self.descending != backwards
        names = (f"{prefix}key_{index}" for index in range(len(self.columns)))
        # Numbers in cursors may be larger than those in the column.
        types = [BigInteger() if isinstance(column.type, Integer) else column.type for column in self.columns]
        parameters = [bindparam(name, type_=type_) for name, type_ in zip(names, types, strict=True)]
        key, beyond = tuple_(*self.columns), tuple_(*(select(value).scalar_subquery() for value in parameters))
        rows = rows.where(key < beyond if downwards else key > beyond)
        directed = [column.desc() if downwards else column.asc() for column in self.columns]
        keys = [column.label(f"key_{index}") for index, column in enumerate(self.columns)]
        return rows.add_columns(*keys).order_by(*directed).limit(bindparam("most_rows", type_=Integer))

    def values(self, request: PageRequest, *, prefix: str = "") -> dict[str, Any]:
        """Values for the parameters of a page."""
        downwards = self.descending != request.backwards
        key = request.beyond or tuple(ENDS[type_][downwards] for type_ in self.types)
        return {f"{prefix}key_{index}": value for index, value in enumerate(key)} | {"most_rows": request.size + 1}

    def cut(
        self,
        rows: Sequence[Any],
        request: PageRequest,
        views: RowViews[Element],
    ) -> Page[Element]:
        """The page in the rows that `page` selected."""
        key_of = itemgetter(slice(-len(self.columns), None))
        kept = sorted(rows, key=key_of, reverse=self.descending != request.backwards)
        more, beyond = len(kept) > request.size, request.beyond is not None
        kept = kept[request.size - 1 :: -1] if request.backwards else kept[: request.size]
        has_next, has_previous = (beyond, more) if request.backwards else (more, beyond)
        return Page(kept, has_next, has_previous, key_of, views)


PARENT: ColumnElement[str] = bindparam("parent", type_=Text)
PARENTS = texts("parents")


Where = Callable[[ColumnElement[str]], ColumnElement[bool]]
"""A condition on elements, by the id of their parent."""


@dataclass(frozen=True, slots=True)
class Narrowed:
    """The elements of a parent that meet one condition, or somewhat more of them; read off an index."""

    row: ColumnElement[Any]
    """The address of an element's row, or the id by which `look_up` finds the address."""
    where: Where
    order: tuple[ColumnElement[Any], ...]
    """The order of the index. A plan for any values may expect many matches, and would read the table without the order."""
    look_up: Callable[[ColumnElement[Any]], ColumnElement[Any]] | None = None


def few_of(narrowed: Sequence[Narrowed], parent: ColumnElement[str]) -> FromClause:
    """The rows that meet the first condition that only few rows meet; null if no condition is met by few."""

    def few(condition: Narrowed) -> ColumnElement[Any]:
        matches = select(condition.row.label("row")).where(condition.where(parent)).order_by(*condition.order)
        first = matches.limit(FEW + 1).correlate(*_tables_of(parent)).subquery("first")
        address = first.c.row if condition.look_up is None else condition.look_up(first.c.row)
        rows = func.coalesce(func.array_agg(address), literal_column("'{}'::tid[]"))
        counted = select(case((func.count() <= FEW, rows))).select_from(first)
        return counted.correlate(*_tables_of(parent)).scalar_subquery()

    # The offset keeps it one value, however often it is used.
    return select(func.coalesce(*map(few, narrowed)).label("rows")).offset(0).lateral("few")


def address_of(table: str) -> ColumnElement[Any]:
    """The addresses of a table's rows. An address holds within a statement; no index is searched for it."""
    return literal_column(f"{table}.ctid")


def _tables_of(column: ColumnElement[Any]) -> list[FromClause]:
    return [column.table] if isinstance(column, ColumnClause) and column.table is not None else []


@dataclass(frozen=True, slots=True, eq=False)
class ListBelow(Generic[Element]):
    """A list that each of several parents has: their pages are read in one statement, whatever their number.

    Statements are cached by the list: compiling one takes longer than running it.
    """

    rows: Select[Any]
    parent: ColumnElement[str]
    """The column of `rows` that names the parent."""
    order: Order
    views: RowViews[Element]
    """Makes the elements of rows."""
    only: Callable[[ColumnElement[str]], ColumnElement[bool]] | None = None
    """Whether the viewer may see the list of the parent with this id; the others have none."""
    joined: Joined = NOTHING_JOINED
    """The related rows that are read with the elements."""
    narrowed: "tuple[Narrowed, ...]" = ()
    """Conditions that may leave few elements, each with an index of its own."""

    def where(self, *conditions: ColumnElement[bool]) -> "ListBelow[Element]":
        return replace(self, rows=self.rows.where(*conditions))

    def joining(self, joins: Mapping[Related, Join]) -> "ListBelow[Element]":
        joined = Joined(joins, start=len(self.rows.selected_columns))
        views = self.views._replace(layout={**self.views.layout, **joined.layouts})
        return replace(self, joined=joined, views=views)

    async def pages(
        self, connection: ReadConnection, parents: Sequence[str], request: PageRequest, parameters: Mapping[str, Any]
    ) -> list[Page[Element]]:
        """Read a page with the same request below each parent, in the order of the parents."""
        different = list(dict.fromkeys(parents))
        parameters = {**parameters, **self.order.values(request)}
        if len(different) == 1:
            statement = self._page_of_one(backwards=request.backwards)
            rows = await connection.rows(statement, {**parameters, "parent": different[0]})
            return [self.order.cut(rows, request, self.views)] * len(parents)
        below: dict[str, list[Sequence[Any]]] = {}
        statement = self._pages_of_several(backwards=request.backwards)
        for row in await connection.rows(statement, {**parameters, "parents": different}):
            below.setdefault(row[0], []).append(row[1:])
        pages = {parent: self.order.cut(below.get(parent, ()), request, self.views) for parent in different}
        return [pages[parent] for parent in parents]

    def related_rows(self, related: Related, page: Page[Element]) -> dict[Any, Any]:
        """The rows that a page's elements refer to, by the keys of loaders, of a relation whose rows are read whole."""
        return self.joined.related_rows(related, page.rows, [element for _, element in page.elements])

    @lru_cache(MOST_CACHED_LISTS)  # noqa: B019 - a list that nobody asks for any more drops out
    def _page_of_one(self, *, backwards: bool) -> CompiledStatement:
        """Without the join to parents, which a page of several lists needs."""
        only = () if self.only is None else (self.only(PARENT),)
        page = self._page(self.rows.where(self.parent == PARENT, *only), PARENT, backwards=backwards)
        rows = page.subquery("page")
        return compile_statement(self.joined.to(rows, rows, keys=len(self.order.columns)))

    @lru_cache(MOST_CACHED_LISTS)  # noqa: B019 - as above
    def _pages_of_several(self, *, backwards: bool) -> CompiledStatement:
        above = select(func.unnest(PARENTS).label("id")).subquery("parents")
        only = () if self.only is None else (self.only(above.c.id),)
        page = self._page(self.rows.where(self.parent == above.c.id), above.c.id, backwards=backwards).lateral("page")
        rows = above.join(page, true())
        with_related = self.joined.to(rows, page, keys=len(self.order.columns))
        columns = with_related.with_only_columns(above.c.id, *with_related.selected_columns, maintain_column_froms=True)
        return compile_statement(columns.where(*only))

    def _page(self, rows: Select[Any], parent: ColumnElement[str], *, backwards: bool) -> Select[Any]:
        """One page, of which no more is read than FEW or than a walk takes where more than those match."""
        if not self.narrowed:
            return self.order.page(rows, backwards=backwards)
        few = few_of(self.narrowed, parent)
        table, outer = self.parent.table, (few, *_tables_of(parent))
        whole, walked = (
            self.order.page(each.correlate(*outer), backwards=backwards)
            for each in (rows, rows.where(few.c.rows.is_(None)))
        )
        # With the offset, the planner can't walk an index of the list to find the few rows.
        few_rows = select(table).where(address_of(table.name) == any_(few.c.rows)).correlate(few).offset(0)
        collected = ClauseAdapter(few_rows.lateral("collected")).traverse(whole)
        # One of the two is empty, and isn't begun.
        page = union_all(collected, walked).lateral("either")
        return select(*page.c).select_from(few.join(page, true()))

    async def counts(
        self, connection: ReadConnection, parents: Sequence[str], parameters: Mapping[str, Any]
    ) -> list[int]:
        """How long the list of each parent is, in their order."""
        rows = await connection.rows(self._counts(), {**parameters, "parents": [*dict.fromkeys(parents)]})
        numbers = {row.parent: row.number for row in rows}
        return [numbers.get(parent, 0) for parent in parents]

    @lru_cache(MOST_CACHED_LISTS)  # noqa: B019 - as above
    def _counts(self) -> CompiledStatement:
        only = () if self.only is None else (self.only(self.parent),)
        counted: Any = self.rows.with_only_columns(self.parent.label("parent"), func.count().label("number"))
        return compile_statement(counted.where(self.parent == any_(PARENTS), *only).group_by(self.parent))


def matching(name_key: ColumnElement[str], *, has_search: bool) -> tuple[ColumnElement[bool], ...]:
    """The names that hold the text that is searched for, without regard to case; `%` and `_` are taken literally.

    With LIKE, the planner would expect few matches, and sort all of them. `searching` has the parameter's value.
    """
    return () if not has_search else (func.strpos(name_key, bindparam("search", type_=Text)) > 0,)


def searching(search: str | None) -> dict[str, str]:
    """Value for the parameter of `matching`."""
    return {} if not search else {"search": fold(search)}
