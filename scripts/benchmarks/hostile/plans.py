"""Attacks by plans, by calls of many exports, and by what is given in them."""

from collections.abc import Callable

import httpx

from scripts.benchmarks.hostile.demo import CODE, Attack, Demo, Json, aliased, expect, graph, steps
from scripts.benchmarks.hostile.exports import bound_steps

Prepare = Callable[[Demo], httpx.Request]
MANY = "mutation($input: ExportFlowsInput!) { exportFlows(input: $input) { succeeded errors { message } } }"
PLANS = "query($input: ExportFlowsInput!) { exportPlans(input: $input) { plans { fingerprint blockers { message } } } }"
ONE = "mutation($input: ExportFlowInput!) { exportFlow(input: $input) { draft { id } errors { message path } } }"
PLAN = """exportPlan(input: { flowId: $source, destination: { overrideFlowId: $onto } }) {
  fingerprint readiness { blockers { message } } changes { bindings { stepId } } references { stepId } }"""
CANDIDATES = """credentialCandidates(flowId: $flow, workspaceId: $place) {
  stepId totalCount candidates(first: 100) { match } }"""


def of_items(document: str, number: int, largest: int, mode: str = "BEST_EFFORT") -> Prepare:
    """Exports of one flow with so many steps, all in one call."""

    def prepare(demo: Demo) -> httpx.Request:
        here = demo.workspaces[0]
        flow, _ = demo.create(graph({"id": f"{index}", "command": "a/b:c"} for index in range(largest)), here)
        items = [{"flowId": flow, "destination": {"workspaceId": here}} for _ in range(number)]
        return demo.request(document, input={"items": items, "mode": mode})

    return prepare


def of_unknown_flows(demo: Demo) -> httpx.Request:
    items = [{"flowId": f"x{index}", "destination": {"overrideFlowId": f"y{index}"}} for index in range(1000)]
    return demo.request(MANY, input={"items": items})


def planned_often(demo: Demo) -> httpx.Request:
    source, onto = bound_steps(demo, 22_000)
    plans = aliased(20, PLAN)
    return demo.request(f"query($source: ID!, $onto: ID!) {{ {plans} }}", source=source, onto=onto)


def given(what: Callable[[int], Json], name: str, number: int) -> Prepare:
    """As many mappings or bindings as there may be, for a flow of many bound steps."""

    def prepare(demo: Demo) -> httpx.Request:
        source, onto = bound_steps(demo, 10_000)
        wish = {"flowId": source, "destination": {"overrideFlowId": onto}, name: [what(each) for each in range(number)]}
        return demo.request(ONE, input=wish)

    return prepare


def candidates(demo: Demo) -> httpx.Request:
    here = demo.workspaces[0]
    nodes = [{"id": f"{index}", "command": "harbor/mailer:send"} for index in range(22_000)]
    flow, _ = demo.create(graph(nodes), here)
    document = f"query($flow: ID!, $place: ID!) {{ {aliased(20, CANDIDATES)} }}"
    return demo.request(document, flow=flow, place=here)


def keyed(demo: Demo) -> httpx.Request:
    here = demo.workspaces[0]
    wish = {"workspaceId": here, "name": "Once", "graph": graph(steps(15_000, CODE)), "idempotencyKey": "k" * 255}
    document = "mutation($input: CreateFlowInput!) { createFlow(input: $input) { replayed errors { message } } }"
    expect(not demo.ask(document, input=wish)["createFlow"]["errors"], document)
    return demo.request(document, input=wish)


PLANNED = (
    Attack("exportFlows, 1,000 unknown flows", of_unknown_flows),
    Attack("exportFlows, 1,000 of 24,000 steps", of_items(MANY, 1000, 24_000)),
    Attack("exportFlows, 100 small ones", of_items(MANY, 100, 5)),
    Attack("exportPlans, 1,000 of 24,000 steps", of_items(PLANS, 1000, 24_000)),
    Attack("exportPlan of 22,000 bound steps, 20 aliases", planned_often),
    Attack(
        "exportFlow, 2,900 mappings",
        given(lambda each: {"fromId": f"agent_{each}", "toId": f"agent_x{each}"}, "mappings", 2_900),
    ),
    Attack("exportFlow, 2,900 bindings", given(lambda each: {"stepId": f"{each}", "agentId": "no"}, "bindings", 2_900)),
    Attack("credentialCandidates of 22,000 steps, 20 aliases", candidates),
    Attack("createFlow, a repeated key with 15,000 steps", keyed),
)
