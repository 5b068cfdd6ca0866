"""Records: copies and exports, releases, and events with the feeds that they are read from."""

from collections.abc import Awaitable
from datetime import datetime
from typing import Annotated, Any

import strawberry
from graphql import GraphQLError

from app.domain import flow as flow_rules
from app.domain import model, references, release
from app.domain.drift import DriftStatus
from app.execution.lookups import Lookup
from app.execution.rows import relation, shows
from app.graphql.connections import (
    Connection,
    EdgeRow,
    ListPage,
    PageArguments,
    PageInfo,
    Paging,
    connection_below,
)
from app.graphql.context import Info
from app.graphql.describe import about, field
from app.graphql.types.resources import (
    Binding,
    Node,
    SomeDraft,
    SomeFlow,
    SomeVersion,
    SomeWorkspace,
    User,
    binding,
    in_workspace,
)
from app.storage.facts.mirrored_rules import Drift
from app.storage.pages.events import Feed, FeedPage, FeedRequest
from app.storage.pages.lists import ListName
from app.storage.reads.rows import EventView, ExportView, ReleaseView


@shows(references.ReferenceOutcome, "What became of one reference: none vanishes without being reported.")
class ReferenceOutcome:
    step_id: str = about("The step that has the reference.")
    step_name: str | None = about("The name that people gave the step, at most 255 characters of it.")
    kind: model.ReferenceKind = about("The kind of object that the step refers to.")
    action: references.ReferenceAction = about("Whether the result has the same, another one, or none.")
    from_id: strawberry.ID | None = about("The reference of the source; null if it had none, and for data samples.")
    to_id: strawberry.ID | None = about("The reference of the result; null if it has none, and for data samples.")
    from_: Binding | None = binding(
        "from_id",
        "What the source had; null if it had none or you can't see it.",
    )
    to: Binding | None = binding(
        "to_id",
        "What the result has; null if it has none or you can't see it.",
    )


@shows(
    ExportView,
    "The record of a copy or export. It never changes, but for `undoneAt` and `destinationVersion`, and outlives what it names: what is "
    "gone, or what you can't see, is null.",
)
class FlowExport(Node):
    created_at: datetime = about("When the flow was copied or exported.")
    copied_from: flow_rules.CopiedFrom = about("The state of the source that was copied.")
    undone_at: datetime | None = about("When it was undone; null if it wasn't.")

    actor: User | None = relation("visible_users", "actor_id", "Who copied or exported it.")
    source_flow: SomeFlow | None = relation("flows", "source_flow_id", "The flow that was copied or exported.")
    source_version: SomeVersion | None = relation(
        "versions",
        "source_version_id",
        "The version that was copied; null where it was the draft.",
    )
    destination_flow: SomeFlow | None = relation(
        "flows", "destination_flow_id", "The flow that was made or overridden."
    )
    destination_version: SomeVersion | None = relation(
        "destination_versions",
        "id",
        "The version that the result was published as; null if it is unpublished, or was edited first.",
    )
    destination_workspace: SomeWorkspace | None = relation(
        "workspaces", "destination_workspace_id", "The workspace that it went to."
    )

    @field
    @staticmethod
    def drift(record: strawberry.Parent[ExportView], info: Info) -> Awaitable[DriftStatus | None]:
        """How the destination differs from the source now.

        Null if you can't see both, if one is gone, or if the destination descends from another flow by now.
        """

        def of_source(drift: Drift) -> DriftStatus | None:
            return drift.status if drift.source_flow_id == record.source_flow_id else None

        return Lookup(info.context.loaders.drifts, record.destination_flow_id or "", of_source)

    references: list[ReferenceOutcome] = relation(
        "export_references",
        "id",
        "What became of every reference, in the order of the steps; without ids of what lives where you are no member.",
    )


@shows(release.ReleaseItem, "One draft of a release.")
class ReleaseItem:
    flow_id: strawberry.ID = about("The id of the draft's flow.")
    flow_name: str = about("The name of the flow when the release was requested.")
    flow: SomeFlow | None = relation("flows", "flow_id", "The flow; null if it is gone.")
    draft: SomeDraft | None = relation(
        "drafts",
        "draft_id",
        "The draft as it is now, with `changes` and `readiness`; null once it is published or gone.",
    )
    author: User | None = relation(
        "users",
        "author_id",
        "The user who made the draft; null if the account is gone, and in releases that are older than this field.",
    )
    revision: int = about("The revision that was requested.")
    moved: list[release.ReleaseBasis] = about(
        "The parts that have changed since the request; empty once it is closed.", of="moved_bases"
    )
    version: SomeVersion | None = relation("versions", "version_id", "The version that the draft was published as.")


@shows(
    ReleaseView,
    "A request to publish drafts of one workspace together, at the revisions that it names, once another user has approved; "
    "or the drafts that one call of `publishFlowDrafts` published. A release outlives its flows and accounts.",
)
class ReleaseRequest(Node):
    title: str = about("The title that the requester gave; without a request, the names of the flows.")
    comment: str | None = about("The comment of the requester.")
    workspace: SomeWorkspace = in_workspace("The workspace of all its drafts.")
    state: release.ReleaseState = about("Whether the request is open, or how it ended.")
    start: bool = about("Whether the flows are started as well.")
    requested_by: User | None = relation(
        "users",
        "requested_by",
        "The user who requested the release, or published its drafts; null if the account is gone.",
    )
    requested_at: datetime = about("When it was requested.")
    reviewed_by: User | None = relation(
        "users",
        "reviewed_by",
        "The user who approved or rejected the request; null if nobody did, and if the account is gone.",
    )
    review_comment: str | None = about("The comment of the reviewer.")
    withdrawn_by: User | None = relation(
        "users", "withdrawn_by", "The user who withdrew the request; null if nobody did, or the account is gone."
    )
    closed_at: datetime | None = about("When it was applied, rejected or withdrawn.")
    undone_at: datetime | None = about("When the applied release was undone.")

    is_current: bool = relation(
        "current_releases",
        "id",
        "Whether the request can still be applied, because no item has moved. False once it is closed.",
    )

    @field
    @staticmethod
    def items(
        request: strawberry.Parent[ReleaseView], info: Info, *, page: PageArguments
    ) -> Awaitable[Connection[ReleaseItem]]:
        """The drafts of the release, in the order of the request."""
        return connection_below(info, ListName.RELEASE_ITEMS, request.id, page)


CURSOR_EXPIRED = "CURSOR_EXPIRED"
EXPIRED = "Events after this cursor were removed. Read the present state, then start again without the cursor."
"""A reader could miss an event that was removed after the cursor (E4)."""
Types = Annotated[
    list[model.EventType] | None, strawberry.argument(description="Only events of these types; all if left out.")
]


@shows(
    EventView,
    "An event, written in one transaction with the change that it reports. Events never change, and keep their ids when an "
    "object is gone; an object that is gone, or that you can't see, is null beside its id.",
)
class Event(Node):
    type: model.EventType = about("The type of the event.")
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
    release: ReleaseRequest | None = relation("releases", "release_id", "The release.")
    without_review: bool = about(
        "Whether somebody published in a reviewed workspace alone, or deleted a published flow there; false for a version "
        "that `undoRelease` restores."
    )


class EventPage(ListPage):
    """A page of a feed, which has an end cursor even without events, so that its reader can go on."""

    @property
    def end_cursor(self) -> str | None:
        _, backwards, beyond = self.paging.request
        after = None if backwards or beyond is None else self.paging.cursor(beyond)
        return super().end_cursor or after


@shows(EdgeRow, "An event, and its place in the feed.")
class EventEdge:
    cursor: str = about(
        "The opaque place of the event in this feed, whichever types you select. The cursor is valid until a later event is "
        "removed: 400 days by default."
    )
    node: Event = about("The event.", of="element")


@shows(EventPage, "A page of events. Without new events, `endCursor` repeats `after`: send it again later.")
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
    types: list[model.EventType] | None,
    flow_id: str | None = None,
) -> Awaitable[Any]:
    """The lookup of a page of a feed, which answers None where the viewer may not read the feed."""
    paging, only = feed_paging(feed_id, page), None if types is None else frozenset(types)
    request = FeedRequest(feed, paging.request, only, flow_id)

    def listed(read: FeedPage) -> EventPage:
        if read.is_expired:
            raise GraphQLError(EXPIRED, extensions={"code": CURSOR_EXPIRED})
        return EventPage(read.page, paging, uncounted)

    return Lookup(info.context.loaders.feeds, (request, feed_id), listed)
