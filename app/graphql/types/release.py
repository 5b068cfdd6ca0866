"""Releases that were requested in a workspace, and their items."""

from collections.abc import Awaitable
from datetime import datetime

import strawberry
from strawberry import Parent

from app.domain import release
from app.domain.release import ReleaseBasis, ReleaseState
from app.execution.lookups import Lookup
from app.execution.relations import relation
from app.execution.rows import shows
from app.graphql.connections import Connection, PageArguments, connection_below, connection_field
from app.graphql.context import Info
from app.graphql.describe import about, shown_as
from app.graphql.types.flow import Flow, FlowDraft, FlowVersion
from app.graphql.types.resources import Node, SomeWorkspace, User, in_workspace
from app.storage.pages.lists import ListName, WantedList
from app.storage.reads.rows import ReleaseView


@shows(release.ReleaseItem, "One draft of a release.")
class ReleaseItem:
    flow_id: strawberry.ID = about("The id of the draft's flow.")
    flow_name: str = about("The name of the flow when the release was requested.")
    flow: Flow | None = relation("flows", "flow_id", "The flow; null if it is gone.")
    draft: FlowDraft | None = relation(
        "drafts",
        "draft_id",
        "The draft as it is now, with `changes` and `readiness`; null once it is published or gone.",
    )
    revision: int = about("The revision that was requested.")
    moved: list[ReleaseBasis] = about("The parts that have changed since the request; empty once it is closed.")
    version: FlowVersion | None = relation("versions", "version_id", "The version that the draft was published as.")


@shows(
    ReleaseView,
    "A request to publish drafts of one workspace together, at the revisions that it names, once another user has approved; "
    "or the drafts that one call of `publishFlowDrafts` published. A release outlives its flows and accounts.",
)
class ReleaseRequest(Node):
    title: str = about("The title that the requester gave; without a request, the names of the flows.")
    comment: str | None = about("The comment of the requester.")
    workspace: SomeWorkspace = in_workspace("The workspace of all its drafts.")
    state: ReleaseState = about("Whether the request is open, or how it ended.")
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

    @shown_as(bool)
    @staticmethod
    def is_current(request: Parent[ReleaseView], info: Info) -> Lookup[bool]:
        """Whether the request can still be applied, because no item has moved. False once it is closed."""
        return Lookup(info.context.loaders.current_releases, request.id)

    @connection_field
    @staticmethod
    def items(request: Parent[ReleaseView], info: Info, *, page: PageArguments) -> Awaitable[Connection[ReleaseItem]]:
        """The drafts of the release, in the order of the request."""
        return connection_below(info, WantedList(ListName.RELEASE_ITEMS), request.id, page)
