"""Attacks by what is done with large flows: overriding them, changing them many times."""

from collections.abc import Callable, Iterable

import httpx

from scripts.benchmarks.hostile.demo import CODE, UPDATE, Attack, Demo, Json, aliased, expect, graph

EXPORT = "exportFlow(input: { flowId: $source, destination: { overrideFlowId: $onto } }) { errors { message } }"


def workspace_with_agent(demo: Demo) -> tuple[str, str]:
    """The ids of both."""
    query = "query($ids: [ID!]!) { nodes(ids: $ids) { ... on Workspace { id agents { nodes { id } } } } }"
    found = demo.ask(query, ids=demo.workspaces)["nodes"]
    return next((each["id"], agent["id"]) for each in found for agent in each["agents"]["nodes"])


def one_id(number: int, command: str, **more: Json) -> Iterable[Json]:
    return ({"id": "same", "command": command, **more} for _ in range(number))


def repeated_ids(demo: Demo) -> httpx.Request:
    workspace, agent = workspace_with_agent(demo)
    onto, _ = demo.create(graph(one_id(9_000, CODE, vpn_agent_id=agent)), workspace)
    source, _ = demo.create(graph(one_id(17_000, "nobody/nothing:run")), workspace)
    return demo.request(f"mutation($source: ID!, $onto: ID!) {{ {EXPORT} }}", source=source, onto=onto)


def many_changes(mutation: str) -> Callable[[Demo], httpx.Request]:
    """As many mutations of the largest flow as a request may have."""

    def prepare(demo: Demo) -> httpx.Request:
        flow, _ = demo.create(graph({"id": f"{index}", "command": f"t{index}/c:f"} for index in range(24_000)))
        changes = aliased(5, f"{mutation}(input: {{ flowId: $id }}) {{ errors {{ message }} }}")
        return demo.request(f"mutation($id: ID!) {{ {changes} }}", id=flow)

    return prepare


def bound_steps(demo: Demo, number: int) -> tuple[str, str]:
    """Two flows in one workspace, of which each step has an agent."""
    workspace, agent = workspace_with_agent(demo)
    nodes = [{"id": f"{index}", "command": "harbor/mailer:x"} for index in range(number)]
    flows = [demo.create(graph(nodes), workspace)[0] for _ in range(2)]
    for flow in flows:
        for start in range(0, number, 2_900):
            ends = min(number, start + 2_900)
            chosen = [{"stepId": f"{index}", "agentId": agent} for index in range(start, ends)]
            answer = demo.ask(UPDATE, input={"flowId": flow, "bindings": chosen})
            expect(not answer["updateFlowDraft"]["errors"], answer)
    return flows[0], flows[1]


def largest_overrides(answer: str, number: int = 1) -> Callable[[Demo], httpx.Request]:
    def prepare(demo: Demo) -> httpx.Request:
        source, onto = bound_steps(demo, 22_000)
        mutations = aliased(number, EXPORT.replace("errors", f"{answer} errors"))
        return demo.request(f"mutation($source: ID!, $onto: ID!) {{ {mutations} }}", source=source, onto=onto)

    return prepare


EXPORTS = (
    Attack("override, equal ids in both flows", repeated_ids),
    Attack("override, 22,000 bound steps", largest_overrides("draft { id }")),
    Attack("override, report of 22,000 bound steps", largest_overrides("references { stepId from { __typename } }")),
    Attack("five overrides, 22,000 bound steps", largest_overrides("draft { id }", 5)),
    Attack("five copies of 24,000 steps", many_changes("copyFlow")),
    Attack("five publishes of 24,000 steps", many_changes("publishFlowDraft")),
    Attack("five saves of 24,000 steps", many_changes("updateFlowDraft")),
)
