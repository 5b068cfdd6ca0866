"""The lists of the export dialog: destinations of a flow, flows that it may override, topics that may replace its own."""

from collections.abc import Awaitable, Callable, Iterable
from functools import partial
from typing import Any, Self, TypeVar

import strawberry

from app.domain.export import ExportRefusal
from app.execution.lookups import Lookup
from app.graphql.connections import PageInfo, Paging
from app.graphql.context import Info
from app.graphql.describe import about, field
from app.graphql.errors.interfaces import ExportFlowError
from app.graphql.errors.table import error_of
from app.graphql.types.flow import Flow
from app.graphql.types.people import Contract
from app.graphql.types.resources import Topic
from app.graphql.types.workspace import Workspace
from app.storage.paging import Page
from app.storage.reads.candidates import MatchReason
from app.storage.reads.destinations import RatedContract
from app.storage.reads.rows import ContractView, FlowView, WorkspaceView
from app.usecases.find_candidates import TopicCandidate
from app.usecases.find_destinations import RatedDestination

Count = Callable[[], Awaitable[int]]
Element = TypeVar("Element")
MakeCursor = Callable[[], str]
"""What makes the cursor of an element, if it is selected."""


@strawberry.type
class Counted:
    """What the connections here have in common; no type of the schema."""

    page_info: PageInfo = about("Where the page lies in the list.")
    count: strawberry.Private[Count]

    @field
    def total_count(self) -> Awaitable[int]:
        """How long the whole list is. It is counted only when this field is selected."""
        return self.count()

    @classmethod
    def made_of(
        cls, edge: Callable[[MakeCursor, Element], Any], paging: Paging, page: Page[Element], count: Count
    ) -> Self:
        """The connection whose edges are made of the place in the list and the element by `edge`."""
        edges = [edge(partial(paging.cursor, key), element) for key, element in page.elements]
        make: Callable[..., Self] = cls
        return make(edges=edges, nodes=[each.node for each in edges], page_info=paging.info(page), count=count)


@strawberry.type
class EdgeWithCursor:
    """What the edges here have in common; no type of the schema."""

    make_cursor: strawberry.Private[MakeCursor]

    @field
    def cursor(self) -> str:
        """Where the element stands; opaque, and valid for this list only."""
        return self.make_cursor()


@strawberry.type(description="A contract as the destination of a flow.")
class DestinationContractEdge(EdgeWithCursor):
    node: Contract = about("The contract.")
    eligible: bool = about("Whether it holds a workspace that you may export the flow to, be it over a flow only.")

    @classmethod
    def of(cls, make_cursor: MakeCursor, there: RatedContract) -> "DestinationContractEdge":
        return cls(make_cursor=make_cursor, node=Contract.of(there.contract), eligible=there.eligible)


@strawberry.type(description="A page of the contracts that a flow may be exported to.")
class DestinationContractConnection(Counted):
    edges: list[DestinationContractEdge] = about("The contracts of the page, each with whether it is a destination.")
    nodes: list[Contract] = about("The contracts of the page.")

    @classmethod
    def of(cls, paging: Paging, page: Page[RatedContract], count: Count) -> Self:
        return cls.made_of(DestinationContractEdge.of, paging, page, count)


@strawberry.type(description="A workspace as the destination of a flow.")
class DestinationWorkspaceEdge(EdgeWithCursor):
    node: Workspace = about("The workspace.")
    eligible: bool = about("Whether the flow can be exported here as a new flow.")
    eligible_for_override: bool = about(
        "Whether it can be exported over a flow that is here; differs from `eligible` only where the quota "
        "admits no new flow."
    )
    there: strawberry.Private[RatedDestination]

    @field
    def blockers(self, info: Info) -> Awaitable[list[ExportFlowError]]:
        """Why it can't be exported here as a new flow; empty when eligible."""
        found: Awaitable[Any] = Lookup(info.context.loaders.refusals_of_destinations, self.there, errors_of)
        return found

    @classmethod
    def of(cls, make_cursor: MakeCursor, there: RatedDestination) -> "DestinationWorkspaceEdge":
        return cls(
            make_cursor=make_cursor,
            node=Workspace.of(WorkspaceView.of(there.access)),
            eligible=there.eligible.as_new_flow,
            eligible_for_override=there.eligible.over_a_flow,
            there=there,
        )


@strawberry.type(description="A page of the workspaces that a flow may be exported to.")
class DestinationWorkspaceConnection(Counted):
    edges: list[DestinationWorkspaceEdge] = about("The workspaces of the page, each with the reasons against it.")
    nodes: list[Workspace] = about("The workspaces of the page.")

    @classmethod
    def of(cls, paging: Paging, page: Page[RatedDestination], count: Count) -> Self:
        return cls.made_of(DestinationWorkspaceEdge.of, paging, page, count)


def errors_of(refusals: Iterable[ExportRefusal]) -> list[ExportFlowError]:
    return [error_of(refusal) for refusal in refusals]


def contracts_of(page: Page[RatedDestination]) -> dict[str, ContractView | None]:
    """The contracts of the workspaces, by id: rules had to know them, and who sees a workspace sees its contract (A4)."""
    contracts = (there.access.workspace.contract for _, there in page.elements)
    return {contract.id: ContractView.of(contract) for contract in contracts}


@strawberry.type(description="A flow that could be overridden.")
class OverrideCandidateEdge(EdgeWithCursor):
    node: Flow = about("The flow.")
    match_reason: MatchReason = about("Why it stands where it stands in the list.")

    @classmethod
    def of(cls, make_cursor: MakeCursor, candidate: tuple[FlowView, int]) -> "OverrideCandidateEdge":
        flow, rank = candidate
        return cls(make_cursor=make_cursor, node=Flow.of(flow), match_reason=list(MatchReason)[rank])


@strawberry.type(description="A page of the flows that a flow could override, best match first.")
class OverrideCandidateConnection(Counted):
    edges: list[OverrideCandidateEdge] = about("The flows of the page, each with why it is a candidate.")
    nodes: list[Flow] = about("The flows of the page.")

    @classmethod
    def of(cls, paging: Paging, page: Page[tuple[FlowView, int]], count: Count) -> Self:
        return cls.made_of(OverrideCandidateEdge.of, paging, page, count)


@strawberry.type(description="A topic that could take the place of the flow's.")
class TopicCandidateEdge(EdgeWithCursor):
    node: Topic = about("The topic.")
    same_name: bool = about("Whether it has the name of the flow's topic, upper and lower case alike.")
    missing_properties: list[str] = about("The properties that the flow would miss with this topic.")

    @classmethod
    def of(cls, make_cursor: MakeCursor, candidate: TopicCandidate) -> "TopicCandidateEdge":
        return cls(
            make_cursor=make_cursor,
            node=Topic.of(candidate.topic),
            same_name=candidate.same_name,
            missing_properties=list(candidate.missing_properties),
        )


@strawberry.type(description="A page of the topics that could take the place of the flow's, those of its name first.")
class TopicCandidateConnection(Counted):
    edges: list[TopicCandidateEdge] = about("The topics of the page, each with how well it fits.")
    nodes: list[Topic] = about("The topics of the page.")

    @classmethod
    def of(cls, paging: Paging, page: Page[TopicCandidate], count: Count) -> Self:
        return cls.made_of(TopicCandidateEdge.of, paging, page, count)
