"""Attacks by what has to be found out of graphs: comparisons, readiness, destinations."""

from collections.abc import Callable
from itertools import pairwise

import httpx

from scripts.benchmarks.hostile.demo import CODE, CREATE, Attack, Demo, Json, aliased, graph, steps

REPEATED = graph({"id": "same", "command": CODE} for _ in range(22_000))
UNKNOWN = graph(steps(16_000, "nobody/nothing:run"))
DANGLING = graph(steps(10), ({"source": "s0", "target": f"t{index}"} for index in range(25_000)))
INACCESSIBLE = "blockers { message ... on ComponentUnavailable { inaccessible { stepIds } } }"


def chained(nodes: list[Json]) -> Json:
    """A graph that can be published."""
    edges = [{"source": one["id"], "target": after["id"]} for one, after in pairwise(nodes)]
    return graph(nodes, edges)


def compared(demo: Demo, older: Json, newer: Json, fields: str = "changedSteps { fields { path } }") -> httpx.Request:
    flow, _ = demo.create(older)
    demo.publish(flow)
    demo.change(flow, newer)
    return demo.request(f"query($id: ID!) {{ flow(id: $id) {{ draft {{ changes {{ {fields} }} }} }} }}", id=flow)


def lists_compared(demo: Demo) -> httpx.Request:
    def listed(letter: str) -> Json:
        items = [text for index in range(499) for text in ("a", f"{letter}{index}")]
        return graph([{"id": "s", "command": CODE, "fields": {"list": items}}])

    return compared(demo, listed("x"), listed("y"))


def long_lists_compared(demo: Demo) -> httpx.Request:
    def listed(sign: int) -> Json:
        return graph(
            [{"id": "s", "command": CODE, "fields": {"list": [sign * (index % 7919) for index in range(90_000)]}}]
        )

    return compared(demo, listed(1), listed(-1))


def deep_lists_compared(demo: Demo) -> httpx.Request:
    def nested(letter: str) -> Json:
        value: Json = [letter * 4_000]
        for index in range(180):
            value = [value, letter, index]
        return chained([{"id": f"s{index}", "command": CODE, "fields": {"list": value}} for index in range(60)])

    return compared(demo, nested("x"), nested("y"))


def everything_compared(demo: Demo) -> httpx.Request:
    def many(value: int) -> Json:
        return chained(
            [
                {"id": f"s{index}", "command": CODE, "fields": {f"k{key}": value for key in range(90)}}
                for index in range(900)
            ]
        )

    return compared(demo, many(1), many(2), "changedSteps { stepId fields { path before after } }")


def many_comparisons(demo: Demo) -> httpx.Request:
    flow = ""
    for letter in "vwxyz":
        items = [text for index in range(499) for text in ("a", f"{letter}{index}")]
        made = graph([{"id": "s", "command": CODE, "fields": {"list": items}}])
        if flow:
            demo.change(flow, made)
        else:
            flow, _ = demo.create(made)
        demo.publish(flow)
    versions = demo.ask("query($id: ID!) { flowHistory(flowId: $id) { nodes { id } } }", id=flow)["flowHistory"][
        "nodes"
    ]
    pairs = " ".join(
        f'a{index}: changes(sinceVersionId: "{one["id"]}") {{ identical }}' for index, one in enumerate(versions * 4)
    )
    return demo.request(f"query($id: ID!) {{ flowHistory(flowId: $id) {{ nodes {{ {pairs} }} }} }}", id=flow)


def history_of_large_graphs(fields: str) -> Callable[[Demo], httpx.Request]:
    def prepare(demo: Demo) -> httpx.Request:
        flow = ""
        for number in range(12):
            made = chained(steps(7_000, fields={"number": number}))
            if flow:
                demo.change(flow, made)
            else:
                flow, _ = demo.create(made)
            demo.publish(flow)
        return demo.request(f"query($id: ID!) {{ flowHistory(flowId: $id) {{ nodes {{ {fields} }} }} }}", id=flow)

    return prepare


def readiness_of(made: Json, fields: str) -> Callable[[Demo], httpx.Request]:
    def prepare(demo: Demo) -> httpx.Request:
        flow, _ = demo.create(made)
        return demo.request(f"query($id: ID!) {{ flow(id: $id) {{ draft {{ readiness {{ {fields} }} }} }} }}", id=flow)

    return prepare


def publishing(made: Json) -> Callable[[Demo], httpx.Request]:
    def prepare(demo: Demo) -> httpx.Request:
        flow, _ = demo.create(made)
        query = "mutation($input: PublishFlowDraftInput!) { publishFlowDraft(input: $input) { errors { message ... on DraftNotReady { blockers { message stepId } } } } }"
        return demo.request(query, input={"flowId": flow})

    return prepare


def largest_graph(demo: Demo) -> httpx.Request:
    wish = {"workspaceId": demo.workspaces[0], "name": "Largest", "graph": graph(steps(24_000, "core/a:b"))}
    return demo.request(CREATE, input=wish)


def five_creations(demo: Demo) -> httpx.Request:
    wish = {"workspaceId": demo.workspaces[0], "name": "Largest", "graph": graph(steps(24_000, "core/a:b"))}
    created = aliased(5, "createFlow(input: $input) { flow { id } errors { message } }")
    return demo.request(f"mutation($input: CreateFlowInput!) {{ {created} }}", input=wish)


def five_mutations(mutation: str) -> Callable[[Demo], httpx.Request]:
    def prepare(demo: Demo) -> httpx.Request:
        flow, _ = demo.create(graph(steps(22_000, "core/a:b")))
        there = demo.workspaces[1]
        made = aliased(5, f"{mutation} {{ errors {{ message }} }}").replace("$there", f'"{there}"')
        return demo.request(f"mutation($id: ID!) {{ {made} }}", id=flow)

    return prepare


def many_commands(fields: str, times: int = 1) -> Callable[[Demo], httpx.Request]:
    def prepare(demo: Demo) -> httpx.Request:
        flow, _ = demo.create(graph({"id": f"{index}", "command": f"t{index}/c:f"} for index in range(24_000)))
        searched = f"destinationWorkspaces(flowId: $id, includeIneligible: true) {{ edges {{ {fields} }} }}"
        return demo.request(f"query($id: ID!) {{ {aliased(times, searched)} }}", id=flow)

    return prepare


def candidates(field: str) -> Callable[[Demo], httpx.Request]:
    def prepare(demo: Demo) -> httpx.Request:
        flow, _ = demo.create(graph(steps(18_000)))
        searched = aliased(50, f"{field}(flowId: $id, workspaceId: $there) {{ edges {{ cursor }} }}")
        return demo.request(f"query($id: ID!, $there: ID!) {{ {searched} }}", id=flow, there=demo.workspaces[1])

    return prepare


def repeated_places(field: str, flows: int = 1) -> Callable[[Demo], httpx.Request]:
    """One root field fifty times, of one large flow or of several."""

    def prepare(demo: Demo) -> httpx.Request:
        nodes = [{"id": f"{index}", "command": f"t{index}/c:f"} for index in range(24_000)]
        ids = [demo.create(graph(nodes))[0] for _ in range(flows)]
        asked = " ".join(
            f'a{index}: {field}(flowId: "{ids[index % flows]}" %) {{ nodes {{ id }} }}' for index in range(50)
        )
        there = f'workspaceId: "{demo.workspaces[1]}"' if field.endswith("Candidates") else ""
        return demo.request(f"{{ {asked.replace('%', there)} }}")

    return prepare


GRAPHS = (
    Attack("comparison of alternating lists", lists_compared),
    Attack("comparison of long lists", long_lists_compared),
    Attack("comparison of deep lists", deep_lists_compared),
    Attack("comparison of everything", everything_compared),
    Attack("comparisons, 100 pairs", many_comparisons),
    Attack("comparisons of 12 large graphs", history_of_large_graphs("changes { identical }")),
    Attack("native forms of 12 large graphs", history_of_large_graphs("graph { native }")),
    Attack("topics of 12 large graphs", history_of_large_graphs("graph { topics { id } }")),
    Attack("readiness, 17,000 equal ids", readiness_of(REPEATED, "blockers { message stepId }")),
    Attack("readiness, 16,000 unknown components", readiness_of(UNKNOWN, "ready")),
    Attack("readiness, all steps for each", readiness_of(UNKNOWN, INACCESSIBLE)),
    Attack("readiness, 22,000 dangling edges", readiness_of(DANGLING, "blockers { message stepId }")),
    Attack("readiness, 99 aliases", readiness_of(REPEATED, aliased(99, "ready"))),
    Attack("publish, 17,000 equal ids", publishing(REPEATED)),
    Attack("publish, 16,000 unknown components", publishing(UNKNOWN)),
    Attack("largest graph created", largest_graph),
    Attack("largest graph created five times", five_creations),
    Attack("copies of 22,000 steps, 5", five_mutations("copyFlow(input: {flowId: $id})")),
    Attack("publications of 22,000 steps, 5", five_mutations("publishFlowDraft(input: {flowId: $id})")),
    Attack(
        "exports of 22,000 steps, 5",
        five_mutations("exportFlow(input: {flowId: $id, destination: {workspaceId: $there}})"),
    ),
    Attack("override candidates of 18,000 steps, 50 aliases", candidates("overrideCandidates")),
    Attack("topic candidates of 18,000 steps, 50 aliases", candidates("topicCandidates")),
    Attack("destinations of 24,000 commands", many_commands("eligible")),
    Attack("destinations of 24,000 commands, 50 aliases", many_commands("eligible", 50)),
    Attack(
        "blockers of 24,000 commands",
        many_commands("blockers { message ... on ComponentNotAccessible { components { stepIds } } }"),
    ),
    Attack("destinations, 50 aliases", repeated_places("destinationWorkspaces")),
    Attack("destinations of 10 flows, 50 aliases", repeated_places("destinationWorkspaces", 10)),
    Attack("destination contracts, 50 aliases", repeated_places("destinationContracts")),
    Attack("topic candidates, 50 aliases", repeated_places("topicCandidates")),
    Attack("override candidates, 50 aliases", repeated_places("overrideCandidates")),
)
