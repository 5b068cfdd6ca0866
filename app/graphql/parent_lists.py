"""Connections of lists that belong to a parent, loaded together for all parents that ask for the same."""

from collections.abc import Awaitable
from datetime import datetime
from typing import Any

from app.execution.lookups import Loader, Lookup
from app.graphql.connections import Connection, Listed, PageArguments
from app.graphql.context import Info
from app.graphql.loader_keys import CountBelow, PageBelow
from app.storage.paging import Page
from app.storage.reads.lists import FlowOrder, ListName, WantedList


def connection_below(
    info: Info,
    wanted: WantedList,
    parent: str,
    page: PageArguments,
    *,
    parents: Loader[str, Any] | None = None,
    node: str | None = None,
) -> Awaitable[Connection[Any]]:
    """The lookup of a page of the list that a parent has.

    `parents` finds the parent, where it isn't known whether it is there: if it isn't, nor is its list.
    `node` names the column of an element that is its node; without it the element is.
    """
    paging = page.of(wanted.name, wanted.flow_order, parent, key=_key_of(wanted))
    loaders = info.context.loaders

    number_of_all: Awaitable[Any] = Lookup(loaders.counts, CountBelow(wanted, parent))

    # In quotes, or its types would be made anew for each connection.
    def connection(found: "Page[Any]") -> "Listed | Lookup[Listed]":
        made = Listed(found, paging, lambda: number_of_all, node)
        # What has elements is there.
        return made if found.rows or parents is None else Lookup(parents, parent, lambda _: made)

    key = PageBelow(wanted._replace(related=info.related), paging.request, parent)
    page_of_list: Awaitable[Any] = Lookup(loaders.pages, key, connection)
    # Of every list there is a page, if an empty one.
    return page_of_list


def _key_of(wanted: WantedList) -> tuple[type, ...]:
    """The kinds of the columns that a list is sorted by."""
    if wanted.name is ListName.HISTORY:
        return (int,)
    if wanted.name is ListName.MEMBERS:
        return (str, str, str)
    if wanted.name is ListName.COPIES:
        return (str,)
    if wanted.name is ListName.SET_ASIDE:
        return (datetime, str)
    by_name = wanted.flow_order in {FlowOrder.NAME_ASC, FlowOrder.NAME_DESC}
    return (str if by_name else datetime, str)
