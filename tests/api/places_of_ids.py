"""Every argument of the API that takes an id, and the kind of thing that it names."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from app.domain.model import Kind
from tests.api import documents as ask
from tests.api.client import Api, Json
from tests.api.world_builder import graph, step

Variables = Callable[[Api, str], Json]


@dataclass(frozen=True, slots=True)
class IdArgument:
    """An argument: how to ask with an id there, while everything else is in order."""

    name: str
    kind: Kind
    document: str
    variables: Variables


def _query(name: str, kind: Kind, document: str, argument: str, **others: str) -> IdArgument:
    """The others are named by their keys."""

    def variables(api: Api, given: str) -> Json:
        return {**{key: api.id(other) for key, other in others.items()}, argument: given}

    return IdArgument(name, kind, document, variables)


def _source(name: str, document: str, **others: str) -> IdArgument:
    """`source.versionId` of a query."""

    def variables(api: Api, given: str) -> Json:
        return {**{key: api.id(other) for key, other in others.items()}, "source": {"versionId": given}}

    return IdArgument(name, Kind.VERSION, document, variables)


def _filter(name: str, kind: Kind, argument: str) -> IdArgument:
    return IdArgument(
        f"flows.filter.{name}",
        kind,
        ask.FLOWS,
        lambda api, given: {"workspace": api.id("workshop"), "filter": {argument: given}},
    )


def _mutation(name: str, kind: Kind, document: str, wish: Variables) -> IdArgument:
    return IdArgument(name, kind, document, lambda api, given: {"input": wish(api, given)})


def _export(api: Api, **wish: Any) -> Json:
    return {"flowId": api.id("one-topic"), "destination": {"workspaceId": api.id("store")}, **wish}


def _create(api: Api, **binding: Any) -> Json:
    command = (
        "acme/pubsub:pub" if "topic" in binding else "acme/erp:get" if "secret_id" in binding else "acme/mailer:send"
    )
    node = step("1", command) | ({"fields": binding} if "topic" in binding else binding)
    return {"workspaceId": api.id("workshop"), "name": "Made", "graph": graph(node)}


FLOW_QUERY = f"query($id: ID!) {{ flow(id: $id) {{ ...flow }} }} {ask.FLOW}"
WORKSPACE_QUERY = f"query($id: ID!) {{ workspace(id: $id) {{ ...workspace }} }} {ask.WORKSPACE}"

QUERIES = [
    *(_query(f"node ({kind.value})", kind, ask.NODE, "id") for kind in Kind),
    IdArgument("nodes", Kind.FLOW, ask.NODES, lambda api, given: {"ids": [given, given, api.id("plain")]}),
    _query("flow", Kind.FLOW, FLOW_QUERY, "id"),
    _query("workspace", Kind.WORKSPACE, WORKSPACE_QUERY, "id"),
    _query("workspaces.contractId", Kind.CONTRACT, ask.WORKSPACES, "contractId"),
    _query("destinationContracts.flowId", Kind.FLOW, ask.DESTINATION_CONTRACTS, "flowId"),
    _source("destinationContracts.source", ask.DESTINATION_CONTRACTS, flowId="versions"),
    _query("destinationWorkspaces.flowId", Kind.FLOW, ask.DESTINATION_WORKSPACES, "flowId"),
    _query(
        "destinationWorkspaces.contractId", Kind.CONTRACT, ask.DESTINATION_WORKSPACES, "contractId", flowId="versions"
    ),
    _source("destinationWorkspaces.source", ask.DESTINATION_WORKSPACES, flowId="versions"),
    IdArgument(
        "destinationWorkspaces.source, includeIneligible",
        Kind.VERSION,
        ask.DESTINATION_WORKSPACES,
        lambda api, given: {
            "flowId": api.id("versions"),
            "source": {"versionId": given},
            "includeIneligible": True,
        },
    ),
    _query("overrideCandidates.flowId", Kind.FLOW, ask.OVERRIDE_CANDIDATES, "flowId", workspaceId="store"),
    _query("overrideCandidates.workspaceId", Kind.WORKSPACE, ask.OVERRIDE_CANDIDATES, "workspaceId", flowId="plain"),
    _query("topicCandidates.flowId", Kind.FLOW, ask.TOPIC_CANDIDATES, "flowId", workspaceId="store"),
    _query("topicCandidates.workspaceId", Kind.WORKSPACE, ask.TOPIC_CANDIDATES, "workspaceId", flowId="one-topic"),
    _source("topicCandidates.source", ask.TOPIC_CANDIDATES, flowId="versions", workspaceId="store"),
    _query("credentialCandidates.flowId", Kind.FLOW, ask.CREDENTIAL_CANDIDATES, "flowId", workspaceId="store"),
    _query(
        "credentialCandidates.workspaceId", Kind.WORKSPACE, ask.CREDENTIAL_CANDIDATES, "workspaceId", flowId="plain"
    ),
    _source("credentialCandidates.source", ask.CREDENTIAL_CANDIDATES, flowId="versions", workspaceId="store"),
    _query("flowHistory", Kind.FLOW, ask.HISTORY, "flowId"),
    _filter("createdById", Kind.USER, "createdById"),
    _filter("componentId", Kind.COMPONENT, "componentId"),
    _filter("usesId", Kind.AGENT, "usesId"),
    _query("credentials.componentId", Kind.COMPONENT, ask.CREDENTIALS, "componentId", workspace="workshop"),
    _query("secrets.componentId", Kind.COMPONENT, ask.SECRETS, "componentId", workspace="workshop"),
]

MUTATIONS = [
    _mutation("copyFlow.flowId", Kind.FLOW, ask.COPY, lambda _, given: {"flowId": given}),
    _mutation(
        "copyFlow.source",
        Kind.VERSION,
        ask.COPY,
        lambda api, given: {"flowId": api.id("versions"), "source": {"versionId": given}},
    ),
    _mutation("exportFlow.flowId", Kind.FLOW, ask.EXPORT, lambda api, given: _export(api, flowId=given)),
    _mutation(
        "exportFlow.workspaceId",
        Kind.WORKSPACE,
        ask.EXPORT,
        lambda api, given: _export(api, destination={"workspaceId": given}),
    ),
    _mutation(
        "exportFlow.overrideFlowId",
        Kind.FLOW,
        ask.EXPORT,
        lambda api, given: _export(api, destination={"overrideFlowId": given}),
    ),
    _mutation("exportFlow.topicId", Kind.TOPIC, ask.EXPORT, lambda api, given: _export(api, topicId=given)),
    *(
        _mutation(
            f"exportFlow.bindings.{name}",
            kind,
            ask.EXPORT,
            lambda api, given, step_id=step_id, name=name: _export(  # type: ignore[misc]
                api, bindings=[{"stepId": step_id, name: given}]
            ),
        )
        for name, kind, step_id in (("topicId", Kind.TOPIC, "2"), ("agentId", Kind.AGENT, "1"))
    ),
    _mutation(
        "exportFlow.source", Kind.VERSION, ask.EXPORT, lambda api, given: _export(api, source={"versionId": given})
    ),
    _mutation(
        "createFlow.workspaceId", Kind.WORKSPACE, ask.CREATE, lambda api, given: _create(api) | {"workspaceId": given}
    ),
    _mutation(
        "createFlow.credentials_id", Kind.CREDENTIAL, ask.CREATE, lambda api, given: _create(api, credentials_id=given)
    ),
    _mutation("createFlow.secret_id", Kind.SECRET, ask.CREATE, lambda api, given: _create(api, secret_id=given)),
    _mutation("createFlow.vpn_agent_id", Kind.AGENT, ask.CREATE, lambda api, given: _create(api, vpn_agent_id=given)),
    _mutation("createFlow.topic", Kind.TOPIC, ask.CREATE, lambda api, given: _create(api, topic=given)),
]
