"""The export dialog: destinations, flows to override, topics and credentials to choose from, and plans of exports."""

from typing import Annotated

import strawberry

from app.domain import flow as flow_rules
from app.domain import references
from app.execution.lookups import Lookup
from app.execution.request_errors import UnacceptableInput
from app.execution.rows import relation, shows
from app.graphql.connections import LARGEST_PAGE, Counted, EdgeRow, EdgeWithCursor, ListPage
from app.graphql.context import Info
from app.graphql.describe import Search, about, searched, shown_as
from app.graphql.outcomes import Error, ExportFlowWarning
from app.graphql.payloads import ExportFlowPayload, ExportFlowsPayload
from app.graphql.types.flow import Flow
from app.graphql.types.graphs import DraftReadiness, GraphDiff
from app.graphql.types.records import ReferenceOutcome
from app.graphql.types.resources import Component, Contract, Credential, Secret, Topic
from app.graphql.types.workspace import Workspace
from app.storage.pages.candidates import MatchReason
from app.storage.pages.paging import Page
from app.storage.reads.rows import ContractView
from app.usecases.copy_and_export import ExportPreview, ExportPreviews
from app.usecases.find_candidates import CandidateSearch, RatedCredential
from app.usecases.find_destinations import RatedDestination


@shows(EdgeRow, "A contract as the destination of a flow.")
class DestinationContractEdge(EdgeWithCursor):
    node: Contract = about("The contract.", of="element.contract")
    eligible: bool = about(
        "Whether it holds a workspace that you may export the flow to, be it over a flow only.", of="element.eligible"
    )


@shows(ListPage, "A page of the contracts that a flow may be exported to.")
class DestinationContractConnection(Counted):
    edges: list[DestinationContractEdge] = about("The contracts of the page, each with whether it is a destination.")
    nodes: list[Contract] = about("The contracts of the page.")


@shows(EdgeRow, "A workspace as the destination of a flow.")
class DestinationWorkspaceEdge(EdgeWithCursor):
    node: Workspace = about("The workspace.", of="element.workspace")
    eligible: bool = about("Whether the flow can be exported here as a new flow.", of="element.eligible.as_new_flow")
    eligible_for_override: bool = about(
        "Whether it can be exported over a flow that is here; differs from `eligible` only where the quota "
        "admits no new flow.",
        of="element.eligible.over_a_flow",
    )
    blockers: list[Error] = relation(
        "refusals_of_destinations",
        "element",
        "Why it can't be exported here as a new flow; empty when eligible.",
        type_=list[ExportFlowPayload.interface],
    )


@shows(ListPage, "A page of the workspaces that a flow may be exported to.")
class DestinationWorkspaceConnection(Counted):
    edges: list[DestinationWorkspaceEdge] = about("The workspaces of the page, each with the reasons against it.")
    nodes: list[Workspace] = about("The workspaces of the page.")


def contracts_by_id(page: Page[RatedDestination]) -> dict[str, ContractView | None]:
    """The contracts of the workspaces, by id. A user who sees a workspace sees its contract too (A4)."""
    contracts = (destination.contract for _, destination in page.elements)
    return {contract.id: contract for contract in contracts}


@shows(EdgeRow, "A flow that could be overridden.")
class OverrideCandidateEdge(EdgeWithCursor):
    node: Flow = about("The flow.", of="element.candidate")
    match_reason: MatchReason = about("Why it stands where it stands in the list.", of="element.match_reason")


@shows(ListPage, "A page of the flows that a flow could override, best match first.")
class OverrideCandidateConnection(Counted):
    edges: list[OverrideCandidateEdge] = about("The flows of the page, each with why it is a candidate.")
    nodes: list[Flow] = about("The flows of the page.")


@shows(EdgeRow, "A topic that could take the place of the flow's.")
class TopicCandidateEdge(EdgeWithCursor):
    node: Topic = about("The topic.", of="element.topic")
    same_name: bool = about(
        "Whether it has the name of the flow's topic, upper and lower case alike.", of="element.same_name"
    )
    missing_properties: list[str] = about(
        "The properties that the flow would miss with this topic.", of="element.missing_properties"
    )


@shows(ListPage, "A page of the topics that could take the place of the flow's, those of its name first.")
class TopicCandidateConnection(Counted):
    edges: list[TopicCandidateEdge] = about("The topics of the page, each with how well it fits.")
    nodes: list[Topic] = about("The topics of the page.")


StepCredential = Annotated[
    Credential | Secret,
    strawberry.union("StepCredential", description="A credential or a secret, whichever the step's component needs."),
]
USUAL_CANDIDATES = 20


@shows(RatedCredential, "A credential or secret that a step could use at the destination.")
class CredentialCandidate:
    credential: StepCredential = about("The credential or secret.")
    match: references.CredentialMatch = about("Why it stands where it stands in the list.")


@shows(references.StepInNeed, "The credentials or secrets that a step could use at the destination.")
class StepCredentialCandidates:
    step_id: str = about("The id of the step.")
    step_name: str | None = about("The name that people gave the step, at most 255 characters of it.")
    component: Component = relation(
        "components",
        "component.id",
        "The component of the step. Its `requires` says whether it needs a credential or a secret.",
    )

    @shown_as(int)
    @staticmethod
    def total_count(step: strawberry.Parent[references.StepInNeed], info: Info) -> Lookup[int]:
        """Number of candidates, counted only when this field is selected."""
        return Lookup(info.context.loaders.numbers_of_candidates, step)

    @shown_as(list[CredentialCandidate])
    @staticmethod
    def candidates(
        step: strawberry.Parent[references.StepInNeed],
        info: Info,
        search: Search = None,
        first: Annotated[
            int, strawberry.argument(description="How many, from the best match on: 1 to 100.")
        ] = USUAL_CANDIDATES,
    ) -> Lookup[list[RatedCredential]]:
        """The credentials or secrets of the workspace that belong to the component, best match first, then by name."""
        if not 1 <= first <= LARGEST_PAGE:
            raise UnacceptableInput(f"`first` is {first}; it has to be 1 to {LARGEST_PAGE}.")
        return Lookup(info.context.loaders.credential_candidates, CandidateSearch(step, searched(search), first))


@shows(ExportPreview, "What `exportFlow` would do, from the same decision; nothing was written.")
class ExportPlan:
    fingerprint: str = about(
        "Hand it to `exportFlow` as `planFingerprint`: the export is then exactly this plan, or is refused with "
        "`PlanIsStale` if anything that it rests on has changed since."
    )
    destination_workspace: Workspace | None = relation(
        "workspaces",
        "facts.destination.workspace.id",
        "The workspace that would be written into; null if there is none that you can see.",
    )
    flow_to_override: Flow | None = relation(
        "flows",
        "facts.overridden.id",
        "The flow whose draft would be overridden; null if a new one would be made, or you can't see it.",
    )
    copied_from: flow_rules.CopiedFrom | None = about(
        "The state of the source that would be exported; null if there is none."
    )
    references: list[ReferenceOutcome] = about("The outcome of every reference, in the order of the steps.")
    warnings: list[ExportFlowWarning] = about("Warnings about an export that would go through.")
    blockers: list[Error] = about(
        "Every reason why nothing would be written; empty if it would go through.",
        type_=list[ExportFlowPayload.interface],
    )
    readiness: DraftReadiness | None = relation(
        "planned_readiness",
        "with_draft",
        "The readiness that the draft would have; null if there would be no draft.",
    )

    changes: GraphDiff | None = relation(
        "planned_changes",
        "with_draft",
        "The changes that the draft would make to the overridden flow: to its published version or, without one, its draft. "
        "Null if there is no such flow.",
    )


@shows(ExportPreviews, "What `exportFlows` with the same input would do.")
class ExportPlans:
    plans: list[ExportPlan] = about(
        "One plan for each item, in the order of the input; empty if the call has too many items, or none. A plan is whole "
        "also where only another item or the call itself is refused."
    )
    errors: list[Error] = about(
        "The refusals of the call as a whole, with their paths, as `exportFlows` would answer them.",
        type_=list[ExportFlowsPayload.interface],
    )
