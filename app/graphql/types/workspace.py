"""Workspaces, and the lists of what lives in them."""

from collections.abc import Awaitable
from datetime import datetime
from typing import Annotated

import strawberry

from app.domain import model, release
from app.domain.drift import DriftStatus
from app.execution.rows import relation, shows
from app.graphql.connections import (
    Connection,
    Counted,
    EdgeRow,
    EdgeWithCursor,
    ListPage,
    PageArguments,
    connection_below,
)
from app.graphql.context import Info
from app.graphql.describe import Input, Search, about, field, optional, searched
from app.graphql.types.flow import Flow
from app.graphql.types.records import EventConnection, FlowExport, ReleaseRequest, Types, events_of
from app.graphql.types.resources import Agent, Contract, Credential, Node, Secret, Topic, User
from app.storage.pages.events import OF_WORKSPACE
from app.storage.pages.flow_filters import ANY_FLOW, FlowFilter, FlowOrder
from app.storage.pages.lists import ListName
from app.storage.pages.related import Related
from app.storage.reads.rows import WorkspaceView

OfComponent = Annotated[
    strawberry.ID | None, strawberry.argument(description="Only those that belong to the component with this id.")
]


@strawberry.input(
    name="FlowFilter", description="Only flows that fit all of this. What is left out or null doesn't filter."
)
class FlowFilterInput(Input[FlowFilter]):
    status: model.FlowStatus | None = optional("Only flows of this status.")
    type: model.FlowType | None = optional("Only flows of this type.")
    has_draft: bool | None = optional("Only flows with a draft, or only those without.")
    created_by: strawberry.ID | None = optional("Only flows that this user created.", name="createdById")
    component_id: strawberry.ID | None = optional(
        "Only flows that use this component, in their published version or their draft."
    )
    is_published: bool | None = optional("Only flows with a published version, or only those without.")
    updated_since: datetime | None = optional("Only flows that were changed at this time or later.")

    uses_id: strawberry.ID | None = optional(
        "Only flows that use this topic, credential, secret or agent, in their published version or their draft."
    )

    drift: DriftStatus | None = optional(
        "Only flows that stand so to the flow that they came from, as far as you see both."
    )


@shows(EdgeRow, "A member of a workspace.")
class WorkspaceMemberEdge(EdgeWithCursor):
    node: User = about("The member.", of="element.user")
    role: str = about("The name of the role.", of="element.role")


@shows(ListPage, "A page of the members of a workspace.")
class WorkspaceMemberConnection(Counted):
    edges: list[WorkspaceMemberEdge] = about("The members of the page, each with the name of the role.")
    nodes: list[User] = about("The members of the page.")


@shows(WorkspaceView, "A workspace. A user who is no member sees its name and contract only.")
class Workspace(Node):
    name: str = about("The name of the workspace.")
    type: model.WorkspaceType = about("Whether it is for production or for development.")
    viewer_is_member: bool = about(
        "Whether you are a member; if not, you see its name and contract, and its lists are empty."
    )
    viewer_permissions: list[str] = about("Your permissions here; empty if you are no member.")
    viewer_can_edit_flows: bool = about(
        "Whether you may create, copy to and edit flows here now: you hold workspaces.flow.edit and the contract is "
        "not suspended."
    )
    publish_policy: model.PublishPolicy = about("Whether an editor may publish alone, or needs a reviewer.")
    viewer_can_publish: bool = about(
        "Whether you may publish here alone now: you may edit flows and, where the workspace is reviewed, hold "
        "workspaces.flow.release."
    )
    viewer_can_review: bool = about("Whether you may review releases of others: you hold workspaces.flow.review.")
    contract: Contract = relation(
        "contracts",
        "contract_id",
        "The contract that owns the workspace.",
        related=Related.CONTRACT,
    )

    @field
    @staticmethod
    def flows(
        workspace: strawberry.Parent[WorkspaceView],
        info: Info,
        *,
        page: PageArguments,
        search: Search = None,
        filter_by: Annotated[
            FlowFilterInput | None,
            strawberry.argument(name="filter", description="Only flows that fit this; all if left out."),
        ] = None,
        order_by: Annotated[
            FlowOrder | None, strawberry.argument(description="The order of the list; by name if left out.")
        ] = None,
    ) -> Awaitable[Connection[Flow]]:
        """The flows of the workspace; none if you are no member."""
        flow_filter = ANY_FLOW if filter_by is None else filter_by.to_wish()
        order = order_by or FlowOrder.NAME_ASC
        return connection_below(
            info, ListName.FLOWS, workspace.id, page, search=search, flow_filter=flow_filter, flow_order=order
        )

    @field
    @staticmethod
    def topics(
        workspace: strawberry.Parent[WorkspaceView], info: Info, *, page: PageArguments, search: Search = None
    ) -> Awaitable[Connection[Topic]]:
        """The topics of the workspace, by name; none if you are no member."""
        return connection_below(info, ListName.TOPICS, workspace.id, page, search=search)

    @field
    @staticmethod
    def credentials(
        workspace: strawberry.Parent[WorkspaceView],
        info: Info,
        *,
        page: PageArguments,
        component_id: OfComponent = None,
        search: Search = None,
    ) -> Awaitable[Connection[Credential]]:
        """The credentials of the workspace, by name; none if you are no member."""
        return connection_below(
            info, ListName.CREDENTIALS, workspace.id, page, search=search, component_id=component_id
        )

    @field
    @staticmethod
    def secrets(
        workspace: strawberry.Parent[WorkspaceView],
        info: Info,
        *,
        page: PageArguments,
        component_id: OfComponent = None,
        search: Search = None,
    ) -> Awaitable[Connection[Secret]]:
        """The secrets of the workspace, by name; none if you are no member."""
        return connection_below(info, ListName.SECRETS, workspace.id, page, search=search, component_id=component_id)

    @field
    @staticmethod
    def agents(
        workspace: strawberry.Parent[WorkspaceView], info: Info, *, page: PageArguments, search: Search = None
    ) -> Awaitable[Connection[Agent]]:
        """The agents of the workspace, by name; none if you are no member."""
        return connection_below(info, ListName.AGENTS, workspace.id, page, search=search)

    @field
    @staticmethod
    def exports(
        workspace: strawberry.Parent[WorkspaceView], info: Info, *, page: PageArguments
    ) -> Awaitable[Connection[FlowExport]]:
        """The copies and exports into this workspace, the newest first; empty if you are no member."""
        return connection_below(info, ListName.EXPORTS, workspace.id, page)

    @field
    @staticmethod
    def release_requests(
        workspace: strawberry.Parent[WorkspaceView],
        info: Info,
        *,
        page: PageArguments,
        state: Annotated[
            release.ReleaseState | None, strawberry.argument(description="Only requests in this state.")
        ] = None,
    ) -> Awaitable[Connection[ReleaseRequest]]:
        """The requested releases of this workspace, the newest first; empty if you are no member."""
        return connection_below(info, ListName.RELEASES, workspace.id, page, release_state=state)

    @field
    @staticmethod
    def members(
        workspace: strawberry.Parent[WorkspaceView],
        info: Info,
        *,
        page: PageArguments,
        holding: Annotated[
            str | None,
            strawberry.argument(description="Only those whose role has this permission, such as workspaces.flow.edit."),
        ] = None,
        search: Search = None,
    ) -> Awaitable[WorkspaceMemberConnection]:
        """The active members, by last name and first name; empty if you are no member."""
        return connection_below(
            info, ListName.MEMBERS, workspace.id, page, node="user", search=search, holding=searched(holding, "holding")
        )

    @field
    @staticmethod
    def events(
        workspace: strawberry.Parent[WorkspaceView],
        info: Info,
        *,
        page: PageArguments,
        types: Types = None,
        flow_id: Annotated[
            strawberry.ID | None,
            strawberry.argument(description="Only events of the flow with this id, which must live here."),
        ] = None,
    ) -> Awaitable[EventConnection]:
        """The events of the workspace, the oldest first; empty if you are no member.

        Read on with `after`, or read the latest with `last`. An event appears within a second of its change. An error
        CURSOR_EXPIRED says that events after the cursor were removed.
        """
        return events_of(info, OF_WORKSPACE, workspace.id, page, types=types, flow_id=flow_id)
