"""Connections of lists that belong to a parent, loaded together for all parents that ask for the same."""

from asyncio import shield
from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

from app.graphql.connections import Connection, PageArguments
from app.graphql.context import Info
from app.graphql.loaders import CountBelow, PageBelow
from app.storage.reads.lists import FlowOrder, ListName, Wanted

NodeType = TypeVar("NodeType")


async def connection_below(
    info: Info, wanted: Wanted, parent: str, page: PageArguments, node: Callable[[Any], NodeType]
) -> Connection[NodeType]:
    """A page of the list that a parent has; `node` makes a node of a view."""
    paging = page.of(wanted.name, wanted.flow_order, parent, key=_key_of(wanted))
    loaders = info.context.loaders
    found = await shield(loaders.pages.load(PageBelow(wanted, paging.request, parent)))
    return paging.connection(found, node, lambda: loaders.counts.load(CountBelow(wanted, parent)))


def _key_of(wanted: Wanted) -> tuple[type, ...]:
    """The kinds of the columns that a list is sorted by."""
    if wanted.name is ListName.HISTORY:
        return (int,)
    if wanted.name is ListName.SET_ASIDE:
        return (datetime, str)
    by_time = wanted.flow_order in {FlowOrder.CREATED_AT_DESC, FlowOrder.UPDATED_AT_DESC}
    return (datetime if by_time else str, str)
