"""Events, and the feeds that they are read from."""

from collections.abc import Awaitable
from datetime import datetime
from typing import Annotated, Any

import strawberry
from graphql import GraphQLError

from app.domain.events import EventType
from app.execution.lookups import Lookup
from app.execution.relations import relation
from app.execution.rows import shows
from app.graphql.arguments import none_if_unset
from app.graphql.connections import Listed, PageArguments, PageInfo, Paging, Position
from app.graphql.context import Info
from app.graphql.describe import about
from app.graphql.loading.loader_keys import PageOfFeed
from app.graphql.types.export import FlowExport, SomeFlow, SomeVersion
from app.graphql.types.flow import SomeRelease
from app.graphql.types.resources import Node, SomeWorkspace, User, in_workspace
from app.storage.pages.events import Feed, FeedPage, FeedRequest
from app.storage.reads.rows import EventView

CURSOR_EXPIRED = "CURSOR_EXPIRED"
Types = Annotated[
    list[EventType] | None, strawberry.argument(description="Only events of these types; all if left out.")
]


class CursorExpired(GraphQLError):
    """The cursor is expired: a reader could miss an event that was removed after it (E4)."""

    def __init__(self) -> None:
        super().__init__(
            "Events after this cursor were removed. Read the present state, then start again without the cursor.",
            extensions={"code": CURSOR_EXPIRED},
        )


@shows(
    EventView,
    "An event, written in one transaction with the change that it reports. Events never change, and keep their ids when an "
    "object is gone; an object that is gone, or that you can't see, is null beside its id.",
)
class Event(Node):
    type: EventType = about("The type of the event.")
    at: datetime = about("The time of the change.")
    actor_id: strawberry.ID | None = about("The id of the user who made the change; null if the platform did.")
    actor: User | None = relation("visible_users", "actor_id", "The user who made the change.")
    workspace_id: strawberry.ID | None = about(
        "The id of the workspace; of copies and exports, the destination. Null for WORLD_APPLIED."
    )
    workspace: SomeWorkspace | None = in_workspace("The workspace of the event.")
    flow_id: strawberry.ID | None = about("The id of the flow; of copies and exports, the flow at the destination.")
    flow: SomeFlow | None = relation("flows", "flow_id", "The flow of the event.")
    flow_name: str | None = about("The name of the flow at that time; null if you are no member of the workspace.")
    version_id: strawberry.ID | None = about("The id of the version that was published.")
    version: SomeVersion | None = relation("versions", "version_id", "The version that was published.")
    export_id: strawberry.ID | None = about("The id of the record of the copy or export.")
    export_record: FlowExport | None = relation("exports", "export_id", "The record of the copy or export.")
    release_id: strawberry.ID | None = about("The id of the release that was requested, decided about or undone.")
    release: SomeRelease | None = relation("releases", "release_id", "The release.")
    without_review: bool = about("Whether somebody published into a reviewed workspace alone.")


class ListedEvents(Listed):
    """A page of a feed, which has an end cursor even without events, so that its reader can go on."""

    @property
    def end_cursor(self) -> str | None:
        _, backwards, beyond = self.paging.request
        after = None if backwards or beyond is None else self.paging.cursor(beyond)
        return super().end_cursor or after


@shows(Position, "An event, and its place in the feed.")
class EventEdge:
    cursor: str = about(
        "The opaque place of the event in this feed, whichever types you select. The cursor is valid until a later event is "
        "removed: 400 days by default."
    )
    node: Event = about("The event.", of="element")


@shows(ListedEvents, "A page of events. Without new events, `endCursor` repeats `after`: send it again later.")
class EventConnection:
    edges: list[EventEdge] = about("The events of the page, each with its cursor.")
    nodes: list[Event] = about("The events of the page.")
    page_info: PageInfo = about("The place of the page in the feed.")


def uncounted() -> Awaitable[int]:
    raise TypeError("events aren't counted")


def feed_paging(feed_id: str, page: PageArguments) -> Paging:
    """Read the paging arguments for a feed. Cursors are valid with any types and flow."""
    return page.of("events", feed_id, key=(int,))


def events_of(
    info: Info,
    feed: Feed,
    feed_id: str,
    page: PageArguments,
    *,
    types: list[EventType] | None,
    flow_id: str | None = None,
) -> Awaitable[Any]:
    """The lookup of a page of a feed, which answers None where the viewer may not read the feed."""
    paging, chosen = feed_paging(feed_id, page), none_if_unset(types)
    only = None if chosen is None else frozenset(chosen)
    request = FeedRequest(feed, paging.request, only, none_if_unset(flow_id))

    def listed(read: FeedPage) -> ListedEvents:
        if read.is_expired:
            raise CursorExpired
        return ListedEvents(read.page, paging, uncounted)

    return Lookup(info.context.loaders.feeds, PageOfFeed(request, feed_id), listed)
