"""Every example of the page runs as it stands against the demo world, and shows what its name says."""

import re
from typing import Any
from unittest.mock import ANY

import httpx
import pytest
from graphql import FieldNode, OperationDefinitionNode, parse

from app.domain.errors import ErrorCode
from app.graphql.schema import schema
from app.storage.world.demo import DEMO_TOKENS
from tests.explorer.examples import Example, read_examples

EXAMPLES = read_examples()
REFUSED = {name: example for name, example in EXAMPLES.items() if name.startswith("Refused")}
SEVERAL = {
    "RefusedForSeveralReasons": ["COMPONENT_NOT_ACCESSIBLE", "FLOW_HAS_NO_TOPIC", "QUOTA_EXCEEDED", "INVALID_INPUT"]
}
BESIDE = {"BatchNotApplied": "WORKSPACE_NOT_FOUND"}
"""What is refused besides, which is why it is refused."""

# What to find in the answer: a path into `data`, and what stands there.
SHOWN = {
    "Viewer": ("viewer.email", "demo-integrator@example.com"),
    "Workspaces": ("workspaces.totalCount", 8),
    "WorkspacesBySearch": ("workspaces.nodes.0.name", "Bakery Production"),
    "Contracts": ("contracts.nodes.0.flowsUsed", 1),
    "WhereUsed": ("nodes.1.flows.nodes.0.name", "Order confirmation"),
    "Workspace": ("workspace.credentials.nodes.0.name", "Mail sandbox"),
    "FlowsWithDraft": ("workspace.flows.nodes.0.draft.revision", ANY),
    "Flow": ("flow.publishedVersion.graph.steps.2.credential.name", "Mail sandbox"),
    "NativeGraph": ("flow.publishedVersion.graph.native.nodes.2.fields.priority", "normal"),
    "FlowHistory": ("flowHistory.nodes.2.publishedBy", None),
    "Events": ("workspace.events.pageInfo.hasPreviousPage", ANY),
    "TenantEvents": ("tenantEvents.pageInfo.hasPreviousPage", False),
    "Records": ("flow.copies.nodes.0.destinationWorkspace.name", "Retail Production"),
    "DestinationContracts": ("destinationContracts.nodes.1.name", "Northern Retail"),
    "DestinationContractsWithTheOthers": ("destinationContracts.edges.0.eligible", False),
    "DestinationWorkspaces": ("destinationWorkspaces.nodes.1.name", "Retail Production"),
    "DestinationWorkspacesWithReasons": ("destinationWorkspaces.edges.0.blockers.1.code", "QUOTA_EXCEEDED"),
    "OverrideCandidates": ("overrideCandidates.edges.0.node.name", "Order confirmation"),
    "TopicCandidates": ("topicCandidates.edges.1.missingProperties", ["currency", "customerId"]),
    "Node": ("node.workspace.name", "Retail Production"),
    "Nodes": ("nodes.1", None),
    "ExportFlow": ("exportFlow.draft.graph.steps.1.topic.workspace.name", "Retail Production"),
    "ExportOverAFlow": ("exportFlow.references.3.to.name", "Mail relay"),
    "ExportSetsADraftAside": ("exportFlow.setAside.author.firstName", "Demo"),
    "ExportClearsCredentials": ("exportFlow.references.3.action", "CLEARED"),
    "ExportTheDraft": ("exportFlow.copiedFrom", "DRAFT"),
    "ExportWarnsOfMultipleTopics": ("exportFlow.warnings.0.topics.1.name", "Shipments"),
    "ExportWarnsOfTheTopicsSchema": ("exportFlow.warnings.0.missingProperties", ["currency", "customerId"]),
    "ExportPlan": ("exportPlan.readiness.blockers.2.stepId", "error_all"),
    "CredentialCandidates": ("credentialCandidates.1.candidates.0.credential.name", "Mail relay"),
    "ExportPlans": ("exportPlans.plans.0.blockers.0.code", "DUPLICATE_OVERRIDE"),
    "ExportFlows": ("exportFlows.succeeded", 3),
    "ExportWithMappings": ("exportFlow.references.1.to.name", "Shipments"),
    "ExportWithBindings": ("exportFlow.draft.readiness.ready", True),
    "CopyFlow": ("copyFlow.flow.name", "Copy of Order confirmation"),
    "CopyFlowOnce": ("again.replayed", True),
    "CreateFlow": ("createFlow.draft.graph.steps.1.credential.name", "Mail sandbox"),
    "Draft": ("flow.draft.readiness", {"ready": True, "blockers": []}),
    "Changes": ("flowHistory.nodes.0.changes.changedSteps.0.fields.0.path", "/fields/subject"),
    "Drift": ("workspace.flows.nodes.1.drift", "DESTINATION_AHEAD"),
    "CompareFlows": ("compareFlows.sameContent", False),
    "DraftsSetAside": ("flow.draftsSetAside.totalCount", ANY),
    "UpdateFlowDraft": ("updateFlowDraft.draft.readiness.ready", True),
    "PublishFlowDraft": ("publishFlowDraft.flow.status", "ACTIVE"),
    "RevertFlow": ("revertFlow.flow.publishedVersion.number", 3),
    "DiscardFlowDraft": ("discardFlowDraft.flow.draft", None),
    "UndoExport": ("undoExport.deletedFlowId", "flow_01jgfjjz00f2qatjb9xnp4td0e"),
    "UndoExports": ("undoExports.succeeded", 0),
    "StartFlow": ("startFlow.flow.status", "ACTIVE"),
    "StopFlow": ("stopFlow.flow.status", "INACTIVE"),
    "PublishFlowDrafts": ("publishFlowDrafts.refused", ANY),
    "StartFlows": ("startFlows.succeeded", 2),
    "StopFlows": ("stopFlows.succeeded", 2),
    "DeleteFlow": ("deleteFlow.deletedFlowId", "flow_01jgfjjz00fkp9zsf40wmqy7cq"),
    "RequestRelease": ("requestRelease.request.isCurrent", True),
    "ReviewRelease": ("reviewRelease.request.state", "APPLIED"),
    "WithdrawRelease": ("withdrawRelease.request.withdrawnBy.firstName", "Demo"),
    "UndoRelease": ("undoRelease.request.state", "UNDONE"),
    "ReleaseRequests": ("workspace.publishPolicy", "REVIEWED"),
    "WorldPlan": ("worldPlan.things.0.key", "retail-test"),
    "ApplyWorld": ("applyWorld.things.1.key", "retail-staging/demo-integrator"),
    "RestoreFlowDraft": ("restoreFlowDraft.draft.id", "draft_01jgfjjz00etf87kad384eqmk5"),
}

PARTLY = {"PublishFlowDrafts": {"STALE_DRAFT"}, "UndoExports": {"BATCH_NOT_APPLIED", "CANNOT_UNDO"}}
"""Calls of many, of whose items some are refused: revisions have moved since, and a draft was published."""

ONLY_ONCE = {
    "DeleteFlow": "FLOW_NOT_FOUND",
    "UndoExport": "CANNOT_UNDO",
    "ReviewRelease": "RELEASE_IS_CLOSED",
    "WithdrawRelease": "RELEASE_IS_CLOSED",
    "UndoRelease": "RELEASE_IS_CLOSED",
}
"""What is gone afterwards, until the demo world is reset; with how it is refused then."""


async def data_of(example: Example, client: httpx.AsyncClient) -> dict[str, Any]:
    """What the example answers, which is never an error of the request or of ours."""
    response = await example.run(client)
    assert response.status_code == 200, response.text
    body = response.json()
    assert "errors" not in body, body["errors"]
    data: dict[str, Any] = body["data"]
    return data


def at(value: Any, path: str) -> object:
    for key in path.split("."):
        value = value[int(key)] if isinstance(value, list) else value[key]
    return value


def refusals_in(data: dict[str, Any]) -> list[dict[str, Any]]:
    payloads = [payload for payload in data.values() if isinstance(payload, dict)]
    items = [result for payload in payloads for result in payload.get("results", ())]
    return [error for payload in (*payloads, *items) for error in payload.get("errors", ())]


# Twice, since people run them as often as they like.
@pytest.mark.parametrize("_again", [False, True])
@pytest.mark.parametrize("name", sorted(EXAMPLES.keys() - REFUSED.keys()))
async def test_an_example_that_goes_through_shows_what_its_name_says(
    client: httpx.AsyncClient, name: str, _again: bool
) -> None:
    data = await data_of(EXAMPLES[name], client)
    if name in ONLY_ONCE and _again:
        assert [refusal["code"] for refusal in refusals_in(data)] == [ONLY_ONCE[name]]
        return
    assert {refusal["code"] for refusal in refusals_in(data)} <= PARTLY.get(name, set())
    path, value = SHOWN[name]
    assert at(data, path) == value


@pytest.mark.parametrize("name", REFUSED)
async def test_an_example_of_a_refusal_is_refused_for_what_its_name_says(client: httpx.AsyncClient, name: str) -> None:
    refusals = refusals_in(await data_of(EXAMPLES[name], client))
    if name in SEVERAL:
        assert [refusal["code"] for refusal in refusals] == SEVERAL[name]
        return
    kind = name.removeprefix("Refused")
    if kind in BESIDE:
        refusals = [refusal for refusal in refusals if refusal["code"] != BESIDE[kind]]
    assert {(refusal["__typename"], refusal["code"]) for refusal in refusals} == {(kind, code_of(kind))}


def code_of(kind: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", kind).upper()


def test_every_query_and_mutation_has_an_example() -> None:
    asked = set()
    for example in EXAMPLES.values():
        [operation] = parse(example.document).definitions
        assert isinstance(operation, OperationDefinitionNode)
        asked |= {field.name.value for field in operation.selection_set.selections if isinstance(field, FieldNode)}
    graphql_schema = schema._schema
    assert graphql_schema.query_type is not None
    assert graphql_schema.mutation_type is not None
    assert asked == {*graphql_schema.query_type.fields, *graphql_schema.mutation_type.fields}


def test_every_typed_error_has_an_example() -> None:
    assert {code_of(name.removeprefix("Refused")) for name in REFUSED.keys() - SEVERAL.keys()} == set(ErrorCode)


def test_every_example_names_a_demo_token_and_has_an_expectation() -> None:
    assert {example.token for example in EXAMPLES.values()} <= set(DEMO_TOKENS)
    assert EXAMPLES.keys() - REFUSED.keys() == SHOWN.keys()
