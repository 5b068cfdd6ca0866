"""Connections: pages of lists, forwards and backwards, with cursors that say where an element stands."""

import hashlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache, cached_property, lru_cache, partial
from typing import Annotated, Any, Generic, NamedTuple, Self, TypeVar

import orjson
import strawberry
from pydantic import AwareDatetime, ConfigDict, Field, TypeAdapter

from app.execution.lookups import Loader, Lookup
from app.execution.request_errors import UnacceptableInput
from app.execution.rows import ALL_COLUMNS, PageColumns, RawRows, shows
from app.graphql.context import Info
from app.graphql.describe import about, field, searched
from app.storage.pages.lists import ListName, ListRequest
from app.storage.pages.paging import Key, Page, PageRequest

USUAL_PAGE = 50
LARGEST_PAGE = 100
PARTS_OF_KEYS: dict[type, Any] = {
    str: Annotated[str, Field(pattern="^[^\0]*$")],
    int: Annotated[int, Field(gt=-(2**63), lt=2**63)],
    datetime: AwareDatetime,
}
"""PostgreSQL takes these values of the columns that lists are sorted by."""

NodeType = TypeVar("NodeType")


class EdgeRow(NamedTuple):
    """An element of a list, with the key that says where it stands there."""

    paging: "Paging"
    key: Key
    element: Any

    @property
    def cursor(self) -> str:
        return self.paging.cursor(self.key)


@dataclass(frozen=True)
class ListPage:
    """A page of a list."""

    page: Page[Any]
    paging: "Paging"
    count: Callable[[], Awaitable[Any]]
    node: str | None = None
    """The column of an element that is its node; None: the element is it."""

    @property
    def edges(self) -> Iterable[EdgeRow]:
        return self._rows(lambda: self._positions, is_edge=True)

    @property
    def nodes(self) -> Iterable[Any]:
        return self._rows(lambda: self._nodes, is_edge=False)

    def _rows(self, elements: Callable[[], Sequence[Any]], *, is_edge: bool) -> Iterable[Any]:
        """The raw rows of the page if the page has a layout for them, otherwise its elements."""
        views = self.page.views
        if views is None:
            return elements()
        cursor, key_of = self.paging.cursor, self.page.key_of
        layout = views.layout if self.node is None or is_edge else views.layout[self.node]
        return RawRows(self.page.rows, layout, elements, lambda row: cursor(key_of(row)))

    @cached_property
    def _positions(self) -> list[EdgeRow]:
        """The elements with their positions, made once for all aliases of `edges`."""
        return [EdgeRow(self.paging, key, element) for key, element in self.page.elements]

    @cached_property
    def _nodes(self) -> list[Any]:
        elements = [element for _, element in self.page.elements]
        return elements if self.node is None else [getattr(element, self.node) for element in elements]

    @property
    def page_info(self) -> Self:
        return self

    @property
    def start_cursor(self) -> str | None:
        return self.paging.cursor(self.page.elements[0][0]) if self.page.elements else None

    @property
    def end_cursor(self) -> str | None:
        return self.paging.cursor(self.page.elements[-1][0]) if self.page.elements else None


@shows(ListPage, "Where a page lies in its list.")
class PageInfo:
    has_next_page: bool = about("Whether elements follow: ask for them with `after: endCursor`.", of="page.has_next")
    has_previous_page: bool = about(
        "Whether elements precede: ask for them with `before: startCursor`.", of="page.has_previous"
    )
    start_cursor: str | None = about("The cursor of the first element; null on an empty page.")
    end_cursor: str | None = about(
        "The cursor of the last element; null on an empty page, except for events, where it repeats `after`."
    )


def number_of_all(list_page: strawberry.Parent[ListPage]) -> Awaitable[int]:
    """Number of elements in the whole list, counted only when this field is selected."""
    return list_page.count()


@strawberry.type
class Counted:
    """Fields of all connections with edges of their own; no type of the schema."""

    page_info: PageInfo = about("The place of the page in the list.")
    total_count: int = field(number_of_all)


@strawberry.type
class EdgeWithCursor:
    """Fields of the edges of these connections; no type of the schema."""

    cursor: str = about("The place of the element in the list; opaque, and valid for this list only.")


@shows(EdgeRow, "An element of a list, and where it stands there.")
class Edge(Generic[NodeType]):
    cursor: str = about("The place of the element in the list; opaque, and valid for this list in this order only.")
    node: NodeType = about("The element.", of="element")


@shows(ListPage, "A page of a list.")
class Connection(Generic[NodeType]):
    edges: list[Edge[NodeType]] = about("The elements of the page, each with its cursor.")
    nodes: list[NodeType] = about("The elements of the page. Caches that put pages together want `edges`.")
    page_info: PageInfo = about("The place of the page in the list.")
    total_count: int = field(number_of_all)


class Paging(NamedTuple):
    """The paging arguments of a field, read; `listing` names the list and its order, so that cursors hold only here."""

    listing: str
    request: PageRequest

    def cursor(self, key: Key) -> str:
        return urlsafe_b64encode(orjson.dumps([_seal(self.listing), *key])).decode().rstrip("=")


class PageArguments(NamedTuple):
    """The four paging arguments of a field, as the caller gave them."""

    first: Annotated[
        int | None,
        strawberry.argument(
            description="How many elements from the start, or after `after`: 1 to 100; 50 where neither `first` nor `last` is given."
        ),
    ]
    after: Annotated[str | None, strawberry.argument(description="The cursor after which the page starts.")]
    last: Annotated[
        int | None,
        strawberry.argument(
            description="How many elements from the end, or before `before`: 1 to 100; without `first`."
        ),
    ]
    before: Annotated[str | None, strawberry.argument(description="The cursor before which the page ends.")]

    @property
    def backwards(self) -> bool:
        return self.last is not None or self.before is not None

    def check(self, largest: int = LARGEST_PAGE) -> None:
        """Refuse, as a bad request, both directions at once and a size below 1 or above the largest."""
        if self.backwards and (self.first is not None or self.after is not None):
            raise UnacceptableInput(
                "Page forwards with `first` and `after`, or backwards with `last` and `before`, not both."
            )
        for name, size in (("first", self.first), ("last", self.last)):
            if size is not None and not 1 <= size <= largest:
                raise UnacceptableInput(f"`{name}` is {size}; a page has 1 to {largest} elements.")

    def of(self, *listing: str, key: tuple[type, ...] = (str, str)) -> Paging:
        """Read them for a list in its order, which its name says; `key` tells the kinds of the columns it is sorted by.

        Refuses, as a bad request: both directions at once, a size below 1 or above 100, and a cursor that is not of
        this list in this order.
        """
        self.check()
        size, cursor = (self.last, self.before) if self.backwards else (self.first, self.after)
        name = "/".join(listing)
        beyond = None if cursor is None else _read_cursor(name, cursor, key)
        return Paging(name, PageRequest(USUAL_PAGE if size is None else size, self.backwards, beyond))


def _read_cursor(listing: str, cursor: str, kinds: tuple[type, ...]) -> Key:
    """Read the key of an element. The seal is no secret, and the database must not stumble over what a caller made up."""
    seal, key = None, tuple[Any, ...]()
    with suppress(ValueError, OverflowError):
        seal, *values = _cursor_of(kinds).validate_json(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        key = tuple(value.astimezone(UTC) if isinstance(value, datetime) else value for value in values)
    if not key or seal != _seal(listing):
        raise UnacceptableInput("The cursor is not one of this list in this order. Start again without it.")
    return key


@cache
def _cursor_of(kinds: tuple[type, ...]) -> TypeAdapter[Any]:
    """Checks the seal and the key in a cursor of these kinds."""
    cursor: Any = tuple.__class_getitem__((str, *(PARTS_OF_KEYS[kind] for kind in kinds)))
    return TypeAdapter(cursor, config=ConfigDict(strict=True))


@lru_cache(1000)
def _seal(listing: str) -> str:
    """Ties a cursor to its list; not a secret, only a check."""
    return hashlib.sha256(listing.encode()).hexdigest()[:12]


def columns_of_page(info: Info) -> PageColumns:
    """The columns that the page of a connection reads; graphql-core's info, which tests call resolvers with, lacks them."""
    return getattr(info, "page_columns", ALL_COLUMNS)


def connection_below(
    info: Info,
    name: ListName,
    parent: str,
    page: PageArguments,
    *,
    search: str | None = None,
    parent_loader: Loader[str, Any] | None = None,
    node: str | None = None,
    **narrowing: Any,
) -> Awaitable[Any]:
    """The lookup of a page of the list that a parent has; of an empty list the page is empty.

    `parent_loader` finds the parent, where it isn't known whether it is there: if it isn't, nor is its list.
    `node` names the column of an element that is its node; without it the element is.
    """
    list_request = ListRequest(name, searched(search), **narrowing)
    paging = page.of(name, list_request.flow_order, parent, key=list_request.order.types)
    loaders = info.context.loaders
    count = partial(Lookup, loaders.counts, (list_request, parent))

    # In quotes, or its types would be made anew for each connection.
    def connection(page_below: "Page[Any]") -> "ListPage | Lookup[ListPage]":
        list_page = ListPage(page_below, paging, count, node)
        # What has elements is there.
        return (
            list_page
            if page_below.rows or parent_loader is None
            else Lookup(parent_loader, parent, lambda _: list_page)
        )

    key = ((list_request._replace(columns=columns_of_page(info)), paging.request), parent)
    return Lookup(loaders.pages, key, connection)
