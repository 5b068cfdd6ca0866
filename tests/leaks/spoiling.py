"""Inputs of mutations that are wrong in one thing, so that nothing is written: with every other refusal beside it."""

from collections.abc import Callable, Mapping
from typing import Any

from tests.api.world_builder import graph, step

Inputs = list[dict[str, Any]]
BAD_NAME = "\n"
NEVER = -1
"""No draft has this revision."""
KEYED = {"idempotencyKey": "a key"}
ANOTHER_PLAN = "1" + "0" * 128
"""What can be a fingerprint, and is none of a plan."""


def graph_of_everything(ids: Mapping[str, str], home: str) -> dict[str, Any]:
    """Steps of components that few may see, bound to what lives here and elsewhere."""
    return graph(
        step("1", "oven-makers/oven:bake", fields={"tray": ids["harbour-orders"]}, credential=ids[f"{home}-mail"]),
        step("2", "acme/oven:bake", topic=ids["store-orders"], secret=ids["kitchen-erp"]),
        step("3", "acme/pubsub:sub", topic=ids["kitchen-items"], credential=ids["kitchen-oven"]),
        step("4", "acme/erp:get", secret=ids["harbour-erp"], agent=ids["depot-agent"]),
        step("5", "nobody/nothing:run", topic=ids["depot-orders"]),
    )


def copies(ids: Mapping[str, str], flow: str, place: str) -> Inputs:
    wish = {"flowId": ids[flow], "name": BAD_NAME, **KEYED}
    return [
        wish,
        *({**wish, "source": source} for source in ({"state": "DRAFT"}, {"versionId": ids[f"{place}-history/1"]})),
    ]


def exports(ids: Mapping[str, str], flow: str, place: str) -> Inputs:
    wish = {"flowId": ids[flow], "name": BAD_NAME}
    onto = {
        **wish,
        "existingDraft": "REFUSE",
        "destinationChanges": "REFUSE",
        "destination": {"overrideFlowId": ids[f"{place}-strays"]},
    }
    into = {**wish, "destination": {"workspaceId": ids[place]}}
    used = [f"{flow.partition('-')[0]}-{name}" for name in ("mail", "erp", "agent", "orders")]
    mapped = [{"fromId": ids[old], "toId": ids[f"{place}-{old.rpartition('-')[2]}"]} for old in used]
    hidden = [
        {"fromId": ids["kitchen-oven"], "toId": ids["depot-mail"]},
        {"fromId": ids[used[0]], "toId": ids["kitchen-oven"]},
    ]
    chosen = {"topicId": ids["depot-orders"], "credentialId": ids["kitchen-oven"], "agentId": ids[f"{place}-agent"]}
    secret = {"secretId": ids["harbour-erp"]}
    given = {**into, "bindings": [{"stepId": number, **chosen, **secret} for number in "12345"]}
    stale = {"planFingerprint": ANOTHER_PLAN, **KEYED}
    return [
        {**into, "mappings": mapped},
        {**onto, "mappings": hidden, **stale},
        given,
        {**into, "source": {"state": "DRAFT"}},
        onto,
        {**into, "topicId": ids[f"{place}-orders"], **stale},
        {**into, "topicId": ids["depot-items"]},
        {**into, "source": {"versionId": ids["depot-history/1"]}},
    ]


def batches(ids: Mapping[str, str], flow: str, place: str) -> Inputs:
    """Two items onto one flow among them, and a mapping of the call."""
    items = exports(ids, flow, place)
    onto = [each for each in items if "overrideFlowId" in each["destination"]]
    mapped = [{"fromId": ids[f"{flow.partition('-')[0]}-mail"], "toId": ids["depot-mail"]}]
    call = {"items": [*items, *onto], "mappings": mapped, **KEYED}
    return [{**call, "mode": mode} for mode in ("ATOMIC", "BEST_EFFORT")]


def updates(ids: Mapping[str, str], flow: str, place: str) -> Inputs:
    wish = {"flowId": ids[flow], "name": BAD_NAME}
    chosen = {"topicId": ids[f"{place}-orders"], "credentialId": ids["kitchen-oven"], "secretId": ids["harbour-erp"]}
    return [
        {
            **wish,
            "description": BAD_NAME,
            "cron": BAD_NAME,
            "bindings": [{"stepId": "1", "agentId": ids["depot-agent"]}],
        },
        {**wish, "expectedRevision": NEVER, "graph": graph_of_everything(ids, place)},
        {**wish, "bindings": [{"stepId": number, **chosen} for number in "12345"]},
    ]


def reverts(ids: Mapping[str, str], flow: str, place: str) -> Inputs:
    """Only of flows that have a draft, which stands in the way."""
    version = ids.get(f"{flow}/1")
    if version is None or f"{flow}/draft" not in ids or flow.endswith("-stashed"):
        return [{"flowId": ids[flow], "versionId": ids[f"{place}-bound/1"]}] if not flow.endswith("-bound") else []
    return [{"flowId": ids[flow], "versionId": version, "publish": True, "existingDraft": "REFUSE", **KEYED}]


def active_drafts(ids: Mapping[str, str], flow: str, _: str) -> Inputs:
    found = f"{flow}/draft" in ids and not flow.endswith("-stashed")
    return [{"draftId": ids[f"{flow}/draft"]}] if found else []


def documents(ids: Mapping[str, str], flow: str, place: str) -> Inputs:
    """Of tenants that nobody here provisions, about things that the caller sees or not."""
    things: dict[str, Any] = {
        "workspaces": [{"id": ids[place], "name": BAD_NAME}],
        "credentials": [{"id": ids[f"{place}-mail"], "remove": True}],
        "flows": [{"id": ids[flow], "suspended": True}],
    }
    wish = {"document": {"format": "flowport-world/1", **things}, "prune": ["AGENTS"], "planFingerprint": "0"}
    return [wish, *({**wish, "tenantId": ids[tenant]} for tenant in ("north", "south"))]


SPOILED: dict[str, Callable[[Mapping[str, str], str, str], Inputs]] = {
    "copyFlow": copies,
    "exportFlow": exports,
    "exportPlan": exports,
    "exportFlows": batches,
    "exportPlans": batches,
    "createFlow": lambda ids, _, place: [
        {"workspaceId": ids[place], "name": BAD_NAME, "graph": graph_of_everything(ids, place), **KEYED},
        {"workspaceId": ids[place], "name": "", "graph": [], "type": "REAL_TIME", "description": "\0", "cron": ""},
    ],
    "updateFlowDraft": updates,
    "publishFlowDraft": lambda ids, flow, _: [{"flowId": ids[flow], "expectedRevision": NEVER, "start": True, **KEYED}],
    "revertFlow": reverts,
    "discardFlowDraft": lambda ids, flow, _: [{"flowId": ids[flow], "expectedRevision": NEVER}],
    "undoExport": lambda ids, flow, place: [
        {"exportId": ids[key]} for key in (f"{flow} to {place}-history", f"{place}-bound to {flow}") if key in ids
    ],
    "publishFlowDrafts": lambda ids, flow, _: [
        {"items": [{"flowId": ids[flow], "expectedRevision": NEVER}] * 2, "start": True, "mode": mode, **KEYED}
        for mode in ("ATOMIC", "BEST_EFFORT")
    ],
    "undoExports": lambda ids, flow, place: [
        {"exportIds": [*wish.values()] * 2, "mode": mode}
        for wish in SPOILED["undoExport"](ids, flow, place)
        for mode in ("ATOMIC", "BEST_EFFORT")
    ],
    "startFlows": lambda ids, flow, _: [{"flowIds": [ids[flow]] * 2, "mode": "ATOMIC"}],
    "stopFlows": lambda ids, flow, _: [{"flowIds": [ids[flow]] * 2, "mode": "ATOMIC"}],
    "startFlow": lambda ids, flow, _: [{"flowId": ids[flow]}] if flow.endswith(("-draft", "-history")) else [],
    "stopFlow": lambda ids, flow, _: [] if flow.endswith("-history") else [{"flowId": ids[flow]}],
    "deleteFlow": lambda ids, flow, _: [{"flowId": ids[flow]}] if flow.endswith("-history") else [],
    "restoreFlowDraft": active_drafts,
    "requestRelease": lambda ids, flow, _: [
        {
            "title": BAD_NAME,
            "comment": "\0",
            "items": [{"flowId": ids[flow], "expectedRevision": NEVER}] * 2,
            "start": True,
            **KEYED,
        }
    ],
    "reviewRelease": lambda ids, _, place: [
        {"releaseId": ids[f"{place}-release"], "decision": decision, "comment": "\0"}
        for decision in ("APPROVE", "REJECT")
    ],
    "withdrawRelease": lambda ids, _, place: [{"releaseId": ids[f"{place}-rejected"]}],
    "undoRelease": lambda ids, _, place: [{"releaseId": ids[f"{place}-release"]}],
    "applyWorld": documents,
    "worldPlan": documents,
}
"""For each mutation and plan its inputs with a flow and a workspace, by their keys."""
