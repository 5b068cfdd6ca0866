"""Attacks by what is sent: long texts, long documents, deep values, many elements."""

from collections.abc import Callable

import httpx

from scripts.benchmarks.hostile.demo import CREATE, INTEGRATOR, Attack, Demo, Json, aliased, graph, steps


def marks(length: int) -> str:
    """Normalising it once took time by the square of its length."""
    return "a" + "\u0301\u0323" * (length // 2)


def search(demo: Demo, length: int) -> httpx.Request:
    return demo.request("query($a: String) { workspaces(search: $a) { nodes { id } } }", a=marks(length))


def normalised_name(demo: Demo) -> httpx.Request:
    wish = {"workspaceId": demo.workspaces[0], "name": marks(400_000), "graph": graph(steps(1))}
    return demo.request(CREATE, input=wish)


def late_errors(demo: Demo) -> httpx.Request:
    fields = aliased(95, 'workspaces(after: "x") { nodes { id } }')
    return demo.request(
        "\n" * 240_000 + "{ " + aliased(50, 'workspaces(after: "x") { nodes { id } }') + " }" if fields else ""
    )


def late_variables(demo: Demo) -> httpx.Request:
    declared = ", ".join(f"$v{index}: Int!" for index in range(50))
    return demo.request(
        "\n" * 240_000 + f"query({declared}) {{ __typename }}", headers={}, **{f"v{index}": "x" for index in range(50)}
    )


def newlines(demo: Demo) -> httpx.Request:
    return demo.request("\n" * 500_000 + "{ __typename }", headers={})


def escapes(demo: Demo) -> httpx.Request:
    return demo.request('{ workspaces(search: "' + "\\n" * 130_000 + '") { nodes { id } } }')


def echoed(demo: Demo) -> httpx.Request:
    answers = aliased(10, "errors { ... on InvalidInput { path message } }")
    query = f"mutation($input: CreateFlowInput!) {{ createFlow(input: $input) {{ {answers} }} }}"
    wish = {"workspaceId": "x", "name": "x", "graph": {"nodes": [], "edges": [], "k" * 500_000: "\0"}}
    return demo.request(query, input=wish)


def nested_numbers(demo: Demo) -> httpx.Request:
    value: Json = [1] * 500_000
    for _ in range(190):
        value = [value]
    wish = {"workspaceId": "x", "name": "x", "graph": {"nodes": [], "edges": [], "more": value}}
    return demo.request(CREATE, input=wish)


def long_accept(demo: Demo) -> httpx.Request:
    headers = {**INTEGRATOR, "Accept": ",".join(["a/b;q=0.1"] * 5_800)}
    return demo.request("{ viewer { id } }", headers=headers)


def many_errors(demo: Demo) -> httpx.Request:
    [workspace, *_] = demo.workspaces
    fields = aliased(90, 'flows(after: "x") { nodes { id } }')
    query = f"query($ids: [ID!]!) {{ nodes(ids: $ids) {{ ... on Workspace {{ {fields} }} }} }}"
    return demo.request(query, ids=[workspace] * 5)


def many_inputs(demo: Demo) -> httpx.Request:
    return demo.request("query($ids: [ID!]!) { nodes(ids: $ids) { id } }", ids=["x"] * 250_000)


def introspections(demo: Demo) -> httpx.Request:
    nested = "name fields { name args { name } type { name fields { name type { name } } } }"
    return demo.request(f"{{ __schema {{ types {{ {nested} }} }} }}", headers={})


def introspections_of_values(demo: Demo) -> httpx.Request:
    selected = "name kind description isOneOf __typename fields { name description isDeprecated __typename }"
    return demo.request(f"{{ {aliased(50, f'__schema {{ types {{ {selected} }} }}')} }}", headers={})


def wrong_bindings(number: int) -> Callable[[Demo], httpx.Request]:
    def prepare(demo: Demo) -> httpx.Request:
        flow, _ = demo.create(graph(steps(1)))
        answers = aliased(99, "message")
        query = (
            f"mutation($input: UpdateFlowDraftInput!) {{ updateFlowDraft(input: $input) {{ errors {{ {answers} }} }} }}"
        )
        bindings = [{"stepId": f"no{index}", "credentialId": "x"} for index in range(number)]
        return demo.request(query, input={"flowId": flow, "bindings": bindings})

    return prepare


TEXTS = (
    Attack("search of combining marks, 160 KB", lambda demo: search(demo, 80_000)),
    Attack("search of combining marks, 1 MB", lambda demo: search(demo, 500_000)),
    Attack("name of combining marks", normalised_name),
    Attack("errors after 240,000 lines", late_errors),
    Attack("wrong variables after 240,000 lines", late_variables),
    Attack("half a million lines", newlines),
    Attack("document of escapes", escapes),
    Attack("echo of a key of 500 KB", echoed),
    Attack("3,000 wrong bindings, 99 aliases", wrong_bindings(3_000)),
    Attack("20,000 wrong bindings", wrong_bindings(20_000)),
    Attack("500,000 numbers, 190 levels deep", nested_numbers),
    Attack("64 KB of Accept", long_accept),
    Attack("450 wrong cursors", many_errors),
    Attack("250,000 ids", many_inputs),
    Attack("introspection", introspections),
    Attack("introspection, 50 aliases", introspections_of_values),
)
