"""One call of each kind that takes an idempotency key, a thousand times over: what it sends, and what its answer names."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tests.api.world_builder import LIMITED, WorldBuilder, graph, step

Json = dict[str, Any]

FLOW = "flow { id name status draft { id revision } publishedVersion { id number } }"
DRAFT = "draft { id revision contentHash }"
EXPORTED = f"{FLOW} {DRAFT} copiedFrom references {{ stepId kind action }} exportRecord {{ id }}"
REFUSED = "replayed errors { code path }"
COPY = f"mutation($input: CopyFlowInput!) {{ copyFlow(input: $input) {{ {EXPORTED} {REFUSED} }} }}"
EXPORT = (
    f"mutation($input: ExportFlowInput!) {{ exportFlow(input: $input) {{ {EXPORTED} setAside {{ id }} {REFUSED} }} }}"
)
EXPORT_ALL = f"""mutation($input: ExportFlowsInput!) {{
  exportFlows(input: $input) {{ succeeded refused {REFUSED} results {{ {EXPORTED} setAside {{ id }} {REFUSED} }} }}
}}"""
CREATE = f"mutation($input: CreateFlowInput!) {{ createFlow(input: $input) {{ {FLOW} {DRAFT} {REFUSED} }} }}"
PUBLISH = f"""mutation($input: PublishFlowDraftInput!) {{
  publishFlowDraft(input: $input) {{ {FLOW} version {{ id number }} {REFUSED} }}
}}"""
REVERT = f"""mutation($input: RevertFlowInput!) {{
  revertFlow(input: $input) {{ {FLOW} {DRAFT} version {{ id number }} setAside {{ id }} {REFUSED} }}
}}"""
SAVE = "mutation($input: UpdateFlowDraftInput!) { updateFlowDraft(input: $input) { draft { id } errors { code } } }"

OVERRIDDEN = ("target", "target-of-all", "target-of-each")


def world_of_ada() -> WorldBuilder:
    """Ada develops flows in the workshop, and releases them to the store."""
    world = WorldBuilder()
    world.user("ada")
    world.tenant("north")
    world.contract("retail", "north")
    world.workspace("workshop", "retail", LIMITED)
    world.workspace("store", "retail")
    for workspace in ("workshop", "store"):
        world.members(workspace, ada="integrator")
    world.team("core", "retail")
    world.component("code", "core")
    return world


def workshop_and_store() -> WorldBuilder:
    """A flow for each of the calls."""
    world = world_of_ada()
    world.component("mailer", "core", requires="CREDENTIAL")
    world.credential("mail", "workshop", "mailer")
    code = step("1", "core/code:run", fields={"language": "js"})
    world.flow("source", "workshop", published=graph(code, step("2", "core/mailer:send", credential="mail")))
    for key in OVERRIDDEN:
        world.flow(key, "store", published=graph(code), draft=graph(code, note="a draft"))
    world.flow("published", "workshop", published=graph(code), draft=graph(code, note="next"))
    world.flow("reverted", "workshop", published=[graph(code, note=note) for note in ("old", "new")])
    return world


@dataclass(frozen=True, slots=True)
class RepeatableCall:
    """A mutation with an idempotency key."""

    kind: str
    document: str
    input: Mapping[str, Any]

    @property
    def key(self) -> str:
        return str(self.input["idempotencyKey"])

    @property
    def body(self) -> Json:
        return {"query": self.document, "variables": {"input": self.input}}


def preparations(ids: Mapping[str, str], number: int) -> Json:
    """What is done before, without a key: there is something to publish."""
    return {"query": SAVE, "variables": {"input": {"flowId": ids["published"], "description": f"Round {number}"}}}


def calls(ids: Mapping[str, str], number: int) -> list[RepeatableCall]:
    """One of each kind, none of which is in the way of another. Odd and even rounds differ where there are two ways."""
    is_odd = number % 2 == 1
    into = {"workspaceId": ids["store"]}
    target, of_all, of_each = ({"overrideFlowId": ids[key]} for key in OVERRIDDEN)

    def export(to: Mapping[str, str], name: str) -> Json:
        return {"flowId": ids["source"], "destination": to, "name": f"{name} {number}"}

    all_or_none = [*(export(into, f"All {item}") for item in range(3)), export(of_all, "All")]
    each = [export(into, "Each 0"), {**export(into, "Nobody"), "flowId": "flow_nobody"}, export(of_each, "Each")]
    created = {
        "workspaceId": ids["workshop"],
        "name": f"Created {number}",
        "graph": {"nodes": [], "edges": [], "n": number},
    }
    reverted = {"flowId": ids["reverted"], "versionId": ids["reverted/1"], "publish": is_odd}
    sent: list[tuple[str, str, Json]] = [
        ("copyFlow", COPY, {"flowId": ids["source"], "name": f"Copied {number}"}),
        ("exportFlow", EXPORT, export(target if is_odd else into, "Exported")),
        ("exportFlows_atomic", EXPORT_ALL, {"items": all_or_none, "mode": "ATOMIC"}),
        ("exportFlows_best_effort", EXPORT_ALL, {"items": each, "mode": "BEST_EFFORT"}),
        ("createFlow", CREATE, created),
        ("publishFlowDraft", PUBLISH, {"flowId": ids["published"], "start": is_odd}),
        ("revertFlow", REVERT, reverted),
    ]
    return [
        RepeatableCall(kind, document, {**given, "idempotencyKey": f"crash-{number}-{kind}"})
        for kind, document, given in sent
    ]


def payload_of(answer: Json) -> Json:
    [payload] = answer["data"].values()
    return dict(payload)


def exported_or_made(payload: Json) -> Iterator[str]:
    """The ids of everything that an answer names."""
    for value in payload.values():
        for each in value if isinstance(value, list) else [value]:
            if isinstance(each, dict):
                yield from [each["id"]] if "id" in each else []
                yield from exported_or_made(each)


def as_first(payload: Json) -> Json:
    """A payload but for whether it is a replay, to be compared with that of another attempt."""
    results = payload.get("results")
    kept = {name: value for name, value in payload.items() if name not in {"replayed", "results"}}
    return kept if results is None else {**kept, "results": [as_first(result) for result in results]}


def mistakes_in(call: RepeatableCall, payload: Json) -> Iterator[str]:
    """What a payload says that can't be: everything goes through but the flow that nobody has."""
    codes = [error["code"] for error in payload["errors"]]
    results = payload.get("results", [])
    if call.kind == "exportFlows_best_effort":
        if [[error["code"] for error in result["errors"]] for result in results] != [[], ["FLOW_NOT_FOUND"], []]:
            yield f"{call.key}: refused {[result['errors'] for result in results]}"
    elif codes or any(result["errors"] for result in results):
        yield f"{call.key}: refused {codes} {[result['errors'] for result in results]}"
    if payload.get("flow", payload.get("results")) is None:
        yield f"{call.key}: nothing came of it"
