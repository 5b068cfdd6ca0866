"""Pages of events, in the order of their positions in a feed (E3 to E6)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Integer,
    Select,
    Subquery,
    Text,
    bindparam,
    case,
    func,
    literal_column,
    select,
    true,
    tuple_,
    union,
)

from app.domain.model import EventType, Kind
from app.storage.connections.connection import CompiledStatement, ReadConnection, compile_statement, texts, views_of
from app.storage.facts.visibility import is_member, reads_tenant
from app.storage.pages.flow_filters import id_or_empty
from app.storage.pages.paging import PARENTS, Order, Page, PageRequest
from app.storage.reads.rows import EventView, columns
from app.storage.tables import EVENT, EVENT_REMOVAL

LAST_POSITION = 2**63 - 1
SHORT_PAGE, LARGEST_PAGE = 10, 100
"""Number of positions, plus one, that a short page reads of each part of an index."""

AFTER, BEFORE, CURSOR = (bindparam(name, type_=BigInteger) for name in ("after", "before", "cursor"))
VIEWS = views_of(EventView)
BY_POSITION = Order((EVENT.c.position,))


@dataclass(frozen=True, eq=False)
class Feed:
    """A kind of feed."""

    ends: tuple[ColumnElement[Any], ...]
    """The columns in which an event names its feeds, the feed of its own workspace or tenant first."""
    may_be_read: Callable[[ColumnElement[str]], ColumnElement[bool]]
    """Whether the viewer may read the feed with this id."""
    shows_name: Callable[[ColumnElement[Any]], ColumnElement[bool]] = is_member
    """Whether the viewer may see names of flows in the workspace with this id."""
    is_known: bool = True
    """Whether a feed that the viewer may not read looks empty; otherwise it looks like no feed."""


OF_WORKSPACE = Feed((EVENT.c.workspace_id, EVENT.c.other_workspace_id), is_member)
OF_TENANT = Feed((EVENT.c.tenant_id, EVENT.c.other_tenant_id), reads_tenant, is_known=False)
FOR_OPERATORS = Feed(OF_TENANT.ends, lambda _: true(), lambda _: true())
"""The feed of a tenant, for commands with access to the database."""


class FeedRequest(NamedTuple):
    """The request of a page: events of these types, of this flow of the workspace. None means no filter."""

    feed: Feed
    page: PageRequest
    types: frozenset[str] | None = None
    flow_id: str | None = None


class FeedPage(NamedTuple):
    """A page of a feed."""

    page: Page[EventView]
    is_expired: bool = False
    """Whether a later event than the cursor was removed (E4)."""


async def read_feeds(
    connection: ReadConnection, viewer: str, request: FeedRequest, ids: Sequence[str]
) -> dict[str, FeedPage]:
    """Read the same page of each feed, by its id. A feed that the viewer may not read has an empty page, or none."""
    statement = _statement(_shape_of(request))
    rows: dict[str, list[Any]] = {id_: [] for id_ in ids if request.feed.is_known}
    for row in await connection.rows(statement, {"viewer": viewer, "parents": [*ids], **_values(request)}):
        rows.setdefault(row.feed, []).append(row)
    return {
        id_: FeedPage(
            BY_POSITION.cut([row[2:] for row in of_feed if row.id is not None], request.page, VIEWS),
            any(row.is_expired for row in of_feed),
        )
        for id_, of_feed in rows.items()
    }


def _values(request: FeedRequest) -> Mapping[str, Any]:
    position, backwards = request.page.beyond and request.page.beyond[0], request.page.backwards
    return {
        "types": sorted(EventType if request.types is None else request.types),
        "flow": id_or_empty(Kind.FLOW, request.flow_id or ""),
        "after": -1 if position is None or backwards else position,
        "before": position if position is not None and backwards else LAST_POSITION,
        "cursor": LAST_POSITION if position is None else position,
        "most_rows": request.page.size + 1,
    }


def _shape_of(request: FeedRequest) -> FeedRequest:
    """The key of the cached statement, equal for requests that differ only in values of parameters.

    The size is that of the positions that are read, a constant: for a parameter the planner would expect a tenth of all
    events.
    """
    page = request.page
    size = SHORT_PAGE if page.size <= SHORT_PAGE else LARGEST_PAGE
    return FeedRequest(
        request.feed,
        PageRequest(size, page.backwards),
        None if request.types is None else frozenset(),
        None if request.flow_id is None else "",
    )


@cache
def _statement(shape: FeedRequest) -> CompiledStatement:
    """Select a row for each event of each page, and at least one for each feed that may be read."""
    feeds = select(func.unnest(PARENTS).label("id")).subquery("feeds")
    # A flow's events are in the workspace that it lives in: the feed of another workspace has none of that flow.
    feed = shape.feed
    ends = feed.ends if shape.flow_id is None else feed.ends[:1]
    positions = union(*(_positions(shape, end, feeds) for end in ends)).subquery("found")
    in_order = positions.c.position.desc() if shape.page.backwards else positions.c.position
    most = bindparam("most_rows", type_=Integer)
    page = select(positions.c.position).order_by(in_order).limit(most).lateral("page")
    name = case((feed.shows_name(EVENT.c.workspace_id), EVENT.c.flow_name))
    # Limited, so that the planner looks up each event by its key, however many it expects.
    of_page = (
        select(*columns(EVENT, EventView, release_id=EVENT.c.request_id, flow_name=name))
        .where(EVENT.c.position == page.c.position)
        .limit(1)
    )
    event = of_page.lateral("its_event")
    removed = select(EVENT_REMOVAL.c.position > CURSOR).where(EVENT_REMOVAL.c.feed == feeds.c.id).scalar_subquery()
    rows = feeds.outerjoin(page, true()).outerjoin(event, true())
    selected = select(feeds.c.id.label("feed"), removed.label("is_expired"), *event.c, page.c.position)
    return compile_statement(selected.select_from(rows).where(feed.may_be_read(feeds.c.id)))


def _positions(shape: FeedRequest, end: ColumnElement[Any], feeds: Subquery) -> Select[Any]:
    """Select the positions that may be on a page, of the events that name the feed in one column.

    The bounds are parameters, so that the planner can't estimate the range, and reads the index in its order.
    """
    types = select(func.unnest(texts("types")).label("type")).subquery("types")
    key: dict[ColumnElement[Any], ColumnElement[Any]] = {end: feeds.c.id}
    if shape.flow_id is not None:
        key[EVENT.c.flow_id] = bindparam("flow", type_=Text)
    by_type = shape.types is not None or shape.flow_id is not None
    if by_type:
        key[EVENT.c.type] = types.c.type
    *equal, (last, value) = key.items()
    place = tuple_(last, EVENT.c.position)
    bounds = place > tuple_(value, AFTER), place < tuple_(value, BEFORE)
    in_order = [column.desc() if shape.page.backwards else column for column in (last, EVENT.c.position)]
    # The index has no nulls: the condition lets the planner use it.
    equals = [column == known for column, known in equal]
    walk = select(EVENT.c.position).where(end.is_not(None), *equals, *bounds)
    walk = walk.order_by(*in_order).limit(literal_column(str(shape.page.size + 1)))
    if not by_type:
        return select(walk.correlate(feeds).lateral("walk").c.position)
    of_type = walk.correlate(feeds, types).lateral("of_type")
    return select(of_type.c.position).select_from(types.join(of_type, true()))
