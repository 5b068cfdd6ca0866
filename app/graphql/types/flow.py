"""Flows, their drafts and their versions."""

from collections.abc import Awaitable
from datetime import datetime
from operator import attrgetter
from typing import Annotated

import strawberry

from app.domain import diff, model
from app.domain.drift import DriftStatus
from app.execution.lookups import Lookup, Vanished
from app.execution.rows import relation, shows
from app.graphql.connections import Connection, PageArguments, connection_below
from app.graphql.context import Info
from app.graphql.describe import about, field, shown_as
from app.graphql.types.graphs import DraftReadiness, FlowGraph, GraphDiff
from app.graphql.types.records import FlowExport, ReleaseRequest
from app.graphql.types.resources import Node, SomeWorkspace, User
from app.storage.pages.lists import ListName
from app.storage.pages.related import Related
from app.storage.reads.rows import DraftView, FlowView, VersionView

Since = Annotated[
    strawberry.ID | None,
    strawberry.argument(description="The id of a version of the same flow; of another flow, or unknown: null."),
]


@shows(FlowView, "An integration flow. It has a draft, a published version, or both.")
class Flow(Node):
    name: str = about("The name of the published version, or of the draft of a flow that was never published.")
    description: str | None = about("The description, likewise of the published version or the draft.")
    type: model.FlowType = about("How the flow runs.")
    status: model.FlowStatus = about("Whether the flow runs.")
    cron: str | None = about("When the flow starts, as a cron expression; likewise of the published version or draft.")
    created_at: datetime = about("When the flow was created.")
    updated_at: datetime = about("When the flow, its draft included, was changed last.")

    workspace: SomeWorkspace = relation(
        "workspaces",
        "workspace_id",
        "The workspace that the flow lives in.",
    )
    created_by: User | None = relation(
        "users", "created_by", "Who created the flow; null if the account is gone.", related=Related.CREATED_BY
    )
    draft: "FlowDraft | None" = relation(
        "active_drafts",
        "id",
        "The draft that is being edited; null if there is none.",
        related=Related.DRAFT,
    )

    @field
    @staticmethod
    def drafts_set_aside(
        flow: strawberry.Parent[FlowView], info: Info, *, page: PageArguments
    ) -> Awaitable[Connection["FlowDraft"]]:
        """Drafts that were set aside, the latest first: restore one with `restoreFlowDraft` before it is removed."""
        return connection_below(info, ListName.SET_ASIDE, flow.id, page)

    @field
    @staticmethod
    def history(
        flow: strawberry.Parent[FlowView], info: Info, *, page: PageArguments
    ) -> Awaitable[Connection["FlowVersion"]]:
        """The published versions, newest first, as `flowHistory`."""
        return connection_below(info, ListName.HISTORY, flow.id, page)

    published_version: "FlowVersion | None" = relation(
        "versions",
        "published_version_id",
        "The version that runs if the flow is active; null if the flow was never published.",
        related=Related.PUBLISHED_VERSION,
    )

    provenance: FlowExport | None = relation(
        "provenances",
        "id",
        "The copy or export that the content of the draft came from or, without a draft, that of the published version. Null "
        "if somebody edited the content, or reverted to such content.",
    )

    descends_from: FlowExport | None = relation(
        "descents",
        "id",
        "The copy or export that the flow descends from, whether edited since or not; null if it was created here.",
    )

    @field
    @staticmethod
    def drift(flow: strawberry.Parent[FlowView], info: Info) -> Awaitable[DriftStatus | None]:
        """How the flow differs from the flow that it descends from; null if you can't see both, or one is gone."""
        return Lookup(info.context.loaders.drifts, flow.id, attrgetter("status"))

    @field
    @staticmethod
    def copies(
        flow: strawberry.Parent[FlowView],
        info: Info,
        *,
        page: PageArguments,
        workspace_id: Annotated[
            strawberry.ID | None,
            strawberry.argument(description="Only copies and exports into the workspace with this id."),
        ] = None,
    ) -> Awaitable[Connection[FlowExport]]:
        """The latest copy or export of this flow to each destination flow that wasn't undone, the newest first."""
        return connection_below(info, ListName.COPIES, flow.id, page, workspace_id=workspace_id)


@shows(DraftView, "A draft of a flow: the one that is being edited, or one that was set aside.")
class FlowDraft(Node):
    name: str = about("The name that the flow gets when the draft is published.")
    description: str | None = about("The description that the flow gets when the draft is published.")
    cron: str | None = about("The schedule that the flow gets when the draft is published.")
    content_hash: str = about(
        "The SHA-256 of the canonical content, in hexadecimal: equal hashes mean an exact copy, bindings aside."
    )
    revision: int = about(
        "A number that grows by one with every save and every new draft of the flow, and never starts again."
    )
    created_at: datetime = about("When the draft was made.")
    updated_at: datetime = about("When the draft was saved last.")
    set_aside_at: datetime | None = about("When the draft was set aside; null for the one that is being edited.")

    @field
    @staticmethod
    def expires_at(draft: strawberry.Parent[DraftView], info: Info) -> datetime | None:
        """When the server removes a draft that was set aside; null for the one that is being edited."""
        return None if draft.set_aside_at is None else draft.set_aside_at + info.context.work.drafts_kept

    flow: Flow = relation("flows", "flow_id", "The flow that it is a draft of.")
    graph: FlowGraph = relation(
        "graphs",
        "id",
        "Its steps and links, and what they are bound to.",
    )
    readiness: DraftReadiness = relation(
        "readiness",
        "id",
        "Whether the draft can be published now, and every reason against it.",
    )

    provenance: FlowExport | None = relation(
        "exports",
        "export_id",
        "The copy or export that its content came from and that was not changed since; null for any other origin.",
    )

    @shown_as(GraphDiff | None)
    @staticmethod
    async def changes(
        draft: strawberry.Parent[DraftView], info: Info, since_version_id: Since = None
    ) -> diff.GraphDiff | None:
        """The changes since a version of the flow, by default the published one; null if there is no such version."""
        older = since_version_id
        if older is None:
            flow = await info.context.loaders.flows.load(draft.flow_id)
            if flow is None:
                raise Vanished(f"{draft.flow_id} is referred to but not found")
            older = flow.published_version_id
        return await changes_between(info, older, draft.id)

    release_request: ReleaseRequest | None = relation(
        "releases_of_drafts", "id", "The newest open request for a release that names this draft as it is."
    )
    author: User | None = relation(
        "users", "author_id", "Who made the draft; null if the account is gone.", related=Related.AUTHOR
    )


@shows(VersionView, "A published version of a flow. It never changes.")
class FlowVersion(Node):
    number: int = about("The number of the version, from 1 on.")
    name: str = about("The name of the flow in this version.")
    description: str | None = about("The description of the flow in this version.")
    cron: str | None = about("The schedule of the flow in this version.")
    content_hash: str = about(
        "The SHA-256 of the canonical content, in hexadecimal: equal hashes mean an exact copy, bindings aside."
    )
    published_at: datetime = about("When it was published.")
    origin: model.VersionOrigin = about("The origin of its content.")

    flow: Flow = relation("flows", "flow_id", "The flow that it is a version of.")
    graph: FlowGraph = relation(
        "graphs",
        "id",
        "Its steps and links, and what they are bound to.",
    )

    readiness: DraftReadiness = relation(
        "readiness",
        "id",
        "Whether the version could be published now: a credential or topic of it may be gone.",
    )
    provenance: FlowExport | None = relation(
        "exports",
        "export_id",
        "The copy or export that its content came from and that was not changed since; null for any other origin.",
    )

    @shown_as(GraphDiff | None)
    @staticmethod
    async def changes(
        version: strawberry.Parent[VersionView], info: Info, since_version_id: Since = None
    ) -> diff.GraphDiff | None:
        """The changes since a version of the flow, by default the version before; null for the first."""
        older = since_version_id
        if older is None:
            older = await info.context.loaders.previous_versions.load((version.flow_id, version.number))
        return await changes_between(info, older, version.id)

    published_by: User | None = relation(
        "users", "published_by", "Who published it; null if the account is gone.", related=Related.PUBLISHED_BY
    )
    revert_of: "FlowVersion | None" = relation(
        "versions", "revert_of", "The older version that was restored, if this one is a revert."
    )


async def changes_between(info: Info, older: str | None, newer: str) -> diff.GraphDiff | None:
    """Compare a version with a draft or version of the same flow; None if there is no such version."""
    if older is None or not model.is_id(model.Kind.VERSION, older):
        return None
    return bounded(info, await info.context.loaders.comparisons.load((older, newer)))


def bounded(info: Info, difference: diff.GraphDiff | None) -> diff.GraphDiff | None:
    """Pass a difference on, or refuse one whose entries would be too many for the answer."""
    if difference is not None:
        changed = [change for one in (*difference.changed_steps, *difference.changed_links) for change in one.fields]
        info.context.meter.expect(objects=len(changed) + len(difference.bindings) + len(difference.fields))
    return difference
