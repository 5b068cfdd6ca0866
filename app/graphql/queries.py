"""Queries: the objects that a caller can see, and the export dialog."""

from collections.abc import Awaitable
from functools import partial
from typing import Annotated

import strawberry

from app.domain import diff, model, world
from app.execution.lookups import Lookup
from app.graphql.connections import (
    Connection,
    ListPage,
    PageArguments,
    columns_of_page,
    connection_below,
)
from app.graphql.context import Info
from app.graphql.describe import Search, field, searched, shown_as
from app.graphql.export_dialog import (
    DestinationContractConnection,
    DestinationWorkspaceConnection,
    ExportPlan,
    ExportPlans,
    OverrideCandidateConnection,
    StepCredentialCandidates,
    TopicCandidateConnection,
    contracts_by_id,
)
from app.graphql.inputs import (
    ApplyWorldInput,
    ExportFlowInput,
    ExportFlowsInput,
    FlowSourceInput,
    FlowStateInput,
    source_wish,
)
from app.graphql.loading.loader_keys import OfFlow
from app.graphql.types.flow import Flow, FlowVersion, bounded
from app.graphql.types.graphs import GraphDiff
from app.graphql.types.records import EventConnection, Types, events_of
from app.graphql.types.resources import Contract, Node, User, node_by_id, nodes_by_id
from app.graphql.types.workspace import Workspace
from app.graphql.world_plans import WorldPlan
from app.storage.pages.destinations import DestinationSearch, contracts_to_export_to, workspaces_to_export_to
from app.storage.pages.events import OF_TENANT
from app.storage.pages.flow_filters import id_or_empty
from app.storage.pages.lists import ListName
from app.storage.reads.rows import UserView
from app.usecases.apply_world import plan_world
from app.usecases.copy_and_export import ExportPreviews, preview_exports
from app.usecases.find_candidates import OverrideSearch, TopicsInUse
from app.usecases.find_destinations import ExportableFlow

FlowId = Annotated[strawberry.ID, strawberry.argument(description="The id of the flow.")]
WorkspaceId = Annotated[strawberry.ID, strawberry.argument(description="The id of the destination workspace.")]
OfContract = Annotated[
    strawberry.ID | None, strawberry.argument(description="Only workspaces of the contract with this id.")
]
Source = Annotated[
    FlowSourceInput | None,
    strawberry.argument(description="The state of the flow that would be copied; the usual one if left out."),
]
Ineligible = Annotated[
    bool,
    strawberry.argument(description="Whether to list all other workspaces too, each with every reason against it."),
]
IneligibleContracts = Annotated[
    bool,
    strawberry.argument(description="Whether to list contracts too without such a workspace: all that you can see."),
]
THREE_KEYS = (int, str, str)


@strawberry.type(
    description="All queries. A query answers null for an object that you can't see, as for one that doesn't exist."
)
class Query:
    @shown_as(User | None)
    def viewer(self, info: Info) -> UserView | Lookup[UserView]:
        """The user that you are signed in as."""
        return info.context.user or Lookup(info.context.loaders.users, info.context.viewer)

    @shown_as(Node | None)
    def node(
        self,
        info: Info,
        id_: Annotated[strawberry.ID, strawberry.argument(description="The id of anything that implements `Node`.")],
    ) -> Lookup[Node] | None:
        """An object by its id."""
        return node_by_id(info, id_)

    @field
    async def nodes(
        self,
        info: Info,
        ids: Annotated[list[strawberry.ID], strawberry.argument(description="Any ids, at most 100.")],
    ) -> list[Node | None]:
        """Several objects by their ids, in the same order; null for an id without an object that you can see."""
        return await nodes_by_id(info, ids)

    @field
    def workspace(
        self,
        info: Info,
        id_: Annotated[strawberry.ID, strawberry.argument(description="The id of the workspace.")],
    ) -> Awaitable[Workspace | None]:
        """A workspace by its id."""
        return Lookup(info.context.loaders.workspaces, id_)

    @field
    def workspaces(
        self,
        info: Info,
        *,
        page: PageArguments,
        contract_id: OfContract = None,
        search: Search = None,
    ) -> Awaitable[Connection[Workspace] | None]:
        """The workspaces that you can see, by name."""
        return connection_below(
            info, ListName.WORKSPACES, info.context.viewer, page, search=search, contract_id=contract_id
        )

    @field
    def contracts(
        self, info: Info, *, page: PageArguments, search: Search = None
    ) -> Awaitable[Connection[Contract] | None]:
        """The contracts that you can see, by name."""
        return connection_below(info, ListName.CONTRACTS, info.context.viewer, page, search=search)

    @field
    def flow(
        self,
        info: Info,
        id_: Annotated[strawberry.ID, strawberry.argument(description="The id of the flow.")],
    ) -> Awaitable[Flow | None]:
        """A flow by its id."""
        return Lookup(info.context.loaders.flows, id_)

    @shown_as(DestinationContractConnection | None)
    def destination_contracts(
        self,
        info: Info,
        *,
        page: PageArguments,
        flow_id: FlowId,
        source: Source = None,
        search: Search = None,
        include_ineligible: IneligibleContracts = False,
    ) -> Lookup[ListPage]:
        """The contracts that hold at least one workspace that you may export this flow to, by name."""
        paging = page.of("destinationContracts", flow_id)
        destinations = DestinationSearch(searched(search), include_ineligible)

        async def page_of_contracts(flow: ExportableFlow) -> ListPage:
            contracts = await flow.page(contracts_to_export_to, destinations, paging.request)
            return ListPage(contracts, paging, partial(flow.count, contracts_to_export_to, destinations), "contract")

        return Lookup(info.context.loaders.exportable_flows, OfFlow(flow_id, source_wish(source)), page_of_contracts)

    @shown_as(DestinationWorkspaceConnection | None)
    def destination_workspaces(
        self,
        info: Info,
        *,
        page: PageArguments,
        flow_id: FlowId,
        source: Source = None,
        contract_id: OfContract = None,
        search: Search = None,
        include_ineligible: Ineligible = False,
    ) -> Lookup[ListPage]:
        """The workspaces that you may export this flow to, as a new flow or over an existing one, by name.

        With `includeIneligible` also all other workspaces, each with every reason. The flow's own workspace is listed too.
        """
        paging = page.of("destinationWorkspaces", flow_id)
        destinations = DestinationSearch(searched(search), include_ineligible)

        async def page_of_workspaces(flow: ExportableFlow) -> ListPage:
            workspaces = await flow.workspaces(destinations, paging.request, contract_id)
            # The statement of the page has read them: `contract { … }` needs no other one.
            info.context.loaders.contracts.know(partial(contracts_by_id, workspaces))
            in_contract = partial(workspaces_to_export_to, contract_id=contract_id)
            return ListPage(workspaces, paging, partial(flow.count, in_contract, destinations), "workspace")

        return Lookup(info.context.loaders.exportable_flows, OfFlow(flow_id, source_wish(source)), page_of_workspaces)

    @shown_as(OverrideCandidateConnection | None)
    async def override_candidates(
        self,
        info: Info,
        *,
        page: PageArguments,
        flow_id: FlowId,
        workspace_id: WorkspaceId,
        search: Search = None,
    ) -> ListPage | None:
        """Flows of the destination workspace that this flow could override: its copies, then flows of its name, then others."""
        paging = page.of("overrideCandidates", flow_id, workspace_id, key=THREE_KEYS)
        candidates = OverrideSearch(flow_id, workspace_id, searched(search))
        caller = info.context.database, info.context.viewer
        flows = await candidates.page(*caller, paging.request, columns_of_page(info).own)
        return None if flows is None else ListPage(flows, paging, lambda: candidates.count(*caller), "candidate")

    @shown_as(TopicCandidateConnection | None)
    def topic_candidates(
        self,
        info: Info,
        *,
        page: PageArguments,
        flow_id: FlowId,
        workspace_id: WorkspaceId,
        source: Source = None,
        from_topic_id: Annotated[
            strawberry.ID | None,
            strawberry.argument(description="The topic of the flow to replace; if left out, its only one."),
        ] = None,
        search: Search = None,
    ) -> Lookup[ListPage]:
        """Topics of the destination workspace that could replace one of this flow's, topics of the same name first.

        Empty where exportFlow would refuse any topic: the flow has no pub/sub step, or several topics without `fromTopicId`.
        """
        listed = ("topicCandidates", flow_id, workspace_id, *([] if from_topic_id is None else [from_topic_id]))
        paging, text = page.of(*listed, key=THREE_KEYS), searched(search)
        caller = info.context.database, info.context.viewer

        async def page_of_topics(in_use: TopicsInUse) -> ListPage | None:
            candidates = in_use.replacements_for(from_topic_id, workspace_id, text)
            topics = await candidates.page(*caller, paging.request)
            return None if topics is None else ListPage(topics, paging, lambda: candidates.count(*caller), "topic")

        return Lookup(info.context.loaders.topics_in_use, OfFlow(flow_id, source_wish(source)), page_of_topics)

    @field
    def credential_candidates(
        self, info: Info, flow_id: FlowId, workspace_id: WorkspaceId, source: Source = None
    ) -> Awaitable[list[StepCredentialCandidates] | None]:
        """The destination's credentials or secrets for each step that needs one, best match first."""
        return Lookup(info.context.loaders.steps_in_need, (OfFlow(flow_id, source_wish(source)), workspace_id))

    @field
    def export_plan(self, info: Info, input_: ExportFlowInput) -> Awaitable[ExportPlan | None]:
        """The result that `exportFlow` with this input would have, refusals included, without writing anything.

        The plan comes from the decision of a new export, never of a replay, and has the readiness of the future draft.
        """
        return Lookup(info.context.loaders.export_plans, input_.to_wish())

    @shown_as(ExportPlans | None)
    async def export_plans(self, info: Info, input_: ExportFlowsInput) -> ExportPreviews:
        """The result that `exportFlows` with this input would have, item by item, without writing anything.

        A plan also has the refusals that only the whole call shows: quotas, items onto one flow, and refused other items.
        """
        return await preview_exports(info.context.work, input_.to_wish())

    @shown_as(GraphDiff | None)
    def compare_flows(
        self,
        info: Info,
        from_: Annotated[FlowStateInput, strawberry.argument(name="from", description="The state before.")],
        to: Annotated[FlowStateInput, strawberry.argument(description="The state after.")],
    ) -> Lookup[diff.GraphDiff]:
        """The changes from one flow to another, or between two states of one flow.

        Null if you can't see both, or if a flow has no such state.
        """
        older, newer = (OfFlow(state.flow_id, source_wish(state.source)) for state in (from_, to))
        return Lookup(info.context.loaders.flow_comparisons, (older, newer), partial(bounded, info))

    @field
    def flow_history(
        self, info: Info, page: PageArguments, flow_id: FlowId
    ) -> Awaitable[Connection[FlowVersion] | None]:
        """The published versions of a flow, newest first."""
        flow, flows = id_or_empty(model.Kind.FLOW, flow_id), info.context.loaders.flows
        return connection_below(info, ListName.HISTORY, flow, page, parent_loader=flows)

    @field
    def tenant_events(
        self,
        info: Info,
        *,
        page: PageArguments,
        tenant_id: Annotated[strawberry.ID, strawberry.argument(description="The id of the tenant.")],
        types: Types = None,
    ) -> Awaitable[EventConnection | None]:
        """The events of all workspaces of a tenant, the oldest first, for its provisioners; null for other users.

        An event has ids everywhere, but names and objects only where you are a member.
        """
        return events_of(info, OF_TENANT, id_or_empty(model.Kind.TENANT, tenant_id), page, types=types)

    @shown_as(WorldPlan | None)
    async def world_plan(self, info: Info, input_: ApplyWorldInput) -> world.things.WorldPlan:
        """The result that `applyWorld` with this input would have, without writing anything."""
        return await plan_world(info.context.work, input_.to_wish())
