"""Attacks by calls of a thousand exports: refused whole, planned, or done with mappings."""

from collections.abc import Callable, Iterable

import httpx

from scripts.benchmarks.hostile.demo import GUEST, Attack, Demo, Json, expect, graph, steps

Prepare = Callable[[Demo], httpx.Request]
ITEMS = 1_000
MAILER = "harbor/mailer:send"
EXPORTS = (
    "mutation($input: ExportFlowsInput!) { exportFlows(input: $input) { "
    "succeeded results { flow { id } exportRecord { id } errors { message path } } } }"
)
PLANS = "query($input: ExportFlowsInput!) { exportPlans(input: $input) { plans { fingerprint copiedFrom blockers { message path } } } }"
PUBLISH = (
    "mutation($input: PublishFlowDraftsInput!) { publishFlowDrafts(input: $input) { "
    "succeeded results { flow { id } errors { message path } } } }"
)
UNDO = (
    "mutation($input: UndoExportsInput!) { undoExports(input: $input) { "
    "succeeded results { flow { id } errors { message path } } } }"
)
SMALL = steps(3)
KINDS = ("topics", "credentials", "secrets", "agents")


def places(demo: Demo) -> tuple[str, str, list[Json]]:
    """The ids of a workspace and of one to release to, with mappings of all that has the same kind in both."""
    lists = " ".join(f"{kind} {{ nodes {{ id }} }}" for kind in KINDS)
    query = f"{{ workspaces {{ nodes {{ id name {lists} }} }} }}"
    by_name = {each["name"]: each for each in demo.ask(query)["workspaces"]["nodes"]}
    source, destination = by_name["Retail Development"], by_name["Retail Production"]
    pairs = ((source[kind]["nodes"][0], destination[kind]["nodes"][0]) for kind in KINDS)
    return source["id"], destination["id"], [{"fromId": before["id"], "toId": after["id"]} for before, after in pairs]


def bound(number: int, mappings: list[Json], first: int = 0) -> Json:
    """A graph of so many steps, each with a credential."""
    [credential] = [each["fromId"] for each in mappings if each["fromId"].startswith("credential")]
    return graph(steps(number, MAILER, credentials_id=credential, name=f"Mail {first}"))


def chain(number: int, mappings: list[Json], first: int = 0) -> Json:
    """Such a graph that is ready to be published: each step leads to the next."""
    edges = [{"source": f"s{each}", "target": f"s{each + 1}"} for each in range(number - 1)]
    return graph(bound(number, mappings, first)["nodes"], edges)


def different(demo: Demo, graphs: Iterable[Json], workspace: str) -> list[str]:
    """As many flows as graphs, five in a request."""
    document = "mutation({}) {{ {} }}"
    sent, flows = [*graphs], []
    for start in range(0, len(sent), 5):
        some = {
            f"v{index}": {"workspaceId": workspace, "name": f"Flow {start + index}", "graph": each}
            for index, each in enumerate(sent[start : start + 5])
        }
        declared = ", ".join(f"${name}: CreateFlowInput!" for name in some)
        created = " ".join(f"{name}: createFlow(input: ${name}) {{ flow {{ id }} }}" for name in some)
        answer = demo.ask(document.format(declared, created), **some)
        flows += [each["flow"]["id"] for each in answer.values()]
    return flows


def copied(demo: Demo, flow: str, workspace: str) -> list[str]:
    """A thousand copies of a flow in its workspace."""
    items = [{"flowId": flow, "destination": {"workspaceId": workspace}} for _ in range(ITEMS)]
    answer = demo.ask(EXPORTS, input={"items": items})["exportFlows"]
    expect(answer["succeeded"] == ITEMS, answer)
    return [each["flow"]["id"] for each in answer["results"]]


def refused(document: str, nodes: list[Json], *, mapped: bool = False, named: bool = False) -> Prepare:
    """A call by a guest about one flow: of equal items, or each with mappings or a name of its own."""

    def prepare(demo: Demo) -> httpx.Request:
        source, destination, _ = places(demo)
        flow, _ = demo.create(graph(nodes), source)
        wish = {"flowId": flow, "destination": {"workspaceId": destination}}
        items: list[Json] = [
            wish
            | ({"name": f"Flow {number}"} if named else {})
            | (
                {"mappings": [{"fromId": f"agent_{each}", "toId": f"agent_{number}"} for each in range(7)]}
                if mapped
                else {}
            )
            for number in range(ITEMS)
        ]
        return demo.request(document, headers=GUEST, input={"items": items})

    return prepare


def refused_of_different_flows(document: str, number: int) -> Prepare:
    def prepare(demo: Demo) -> httpx.Request:
        source, destination, mappings = places(demo)
        flows = different(demo, (bound(number, mappings, first) for first in range(ITEMS)), source)
        items = [{"flowId": flow, "destination": {"workspaceId": destination}} for flow in flows]
        return demo.request(document, headers=GUEST, input={"items": items, "mappings": mappings})

    return prepare


def honest(document: str, flows: Callable[[Demo, str, list[Json]], list[str]]) -> Prepare:
    """A release of a thousand flows with 300 references each."""

    def prepare(demo: Demo) -> httpx.Request:
        source, destination, mappings = places(demo)
        items = [
            {"flowId": flow, "destination": {"workspaceId": destination}} for flow in flows(demo, source, mappings)
        ]
        return demo.request(document, input={"items": items, "mappings": mappings, "mode": "BEST_EFFORT"})

    return prepare


def one_flow(demo: Demo, workspace: str, mappings: list[Json]) -> list[str]:
    return [demo.create(bound(300, mappings), workspace)[0]] * ITEMS


def copies(demo: Demo, workspace: str, mappings: list[Json]) -> list[str]:
    return copied(demo, demo.create(bound(300, mappings), workspace)[0], workspace)


def flows_of_their_own(demo: Demo, workspace: str, mappings: list[Json]) -> list[str]:
    return different(demo, (bound(300, mappings, first) for first in range(ITEMS)), workspace)


def chained_copies(demo: Demo, workspace: str, mappings: list[Json]) -> list[str]:
    return copied(demo, demo.create(chain(150, mappings), workspace)[0], workspace)


def chains(demo: Demo, workspace: str, mappings: list[Json]) -> list[str]:
    return different(demo, (chain(150, mappings, first) for first in range(ITEMS)), workspace)


def planned(number: int) -> Prepare:
    def prepare(demo: Demo) -> httpx.Request:
        source, destination, mappings = places(demo)
        flow, _ = demo.create(bound(number, mappings), source)
        items = [
            {"flowId": flow, "destination": {"workspaceId": destination}, "name": f"Flow {each}"}
            for each in range(ITEMS)
        ]
        return demo.request(PLANS, input={"items": items, "mappings": mappings})

    return prepare


def published(flows: Callable[[Demo, str, list[Json]], list[str]], *, by: Json | None = None) -> Prepare:
    """The drafts of a thousand flows, published and started."""

    def prepare(demo: Demo) -> httpx.Request:
        source, _, mappings = places(demo)
        drafts = [{"flowId": flow, "expectedRevision": 1} for flow in flows(demo, source, mappings)]
        wish = {"items": drafts, "mode": "BEST_EFFORT", "start": True}
        return demo.request(PUBLISH, headers=by, input=wish) if by else demo.request(PUBLISH, input=wish)

    return prepare


def undone(exports: Callable[[Demo, str], list[str]], *, by: Json | None = None) -> Prepare:
    """A thousand exports, in the order in which they were made."""

    def prepare(demo: Demo) -> httpx.Request:
        source, _, _ = places(demo)
        wish = {"exportIds": exports(demo, source), "mode": "BEST_EFFORT"}
        return demo.request(UNDO, headers=by, input=wish) if by else demo.request(UNDO, input=wish)

    return prepare


def of_new_flows(demo: Demo, workspace: str) -> list[str]:
    flow, _ = demo.create(graph(SMALL), workspace)
    return exported(demo, [{"flowId": flow, "destination": {"workspaceId": workspace}}] * ITEMS)


def onto_one_flow(demo: Demo, workspace: str) -> list[str]:
    """Each sets the draft of the one before it aside."""
    flow, onto = [demo.create(graph(SMALL), workspace)[0] for _ in range(2)]
    item = {"flowId": flow, "destination": {"overrideFlowId": onto}}
    return [record for _ in range(ITEMS) for record in exported(demo, [item])]


def exported(demo: Demo, items: list[Json]) -> list[str]:
    answer = demo.ask(EXPORTS, input={"items": items})["exportFlows"]
    expect(answer["succeeded"] == len(items), answer)
    return [each["exportRecord"]["id"] for each in answer["results"]]


KNOWN, UNKNOWN = steps(1_000), steps(1_600, "a/b:c")

BULK = (
    Attack("refused whole, 3 steps", refused(EXPORTS, SMALL), cpu_seconds=1.0),
    Attack("refused whole, 1,000 steps", refused(EXPORTS, KNOWN), cpu_seconds=1.0),
    Attack("refused whole, 1,600 unknown steps", refused(EXPORTS, UNKNOWN, named=True), cpu_seconds=1.0),
    Attack("refused whole, 7 mappings for each item", refused(EXPORTS, KNOWN, mapped=True), cpu_seconds=1.0),
    Attack("refused whole, different flows of 300 steps", refused_of_different_flows(EXPORTS, 300), cpu_seconds=1.0),
    Attack("refused whole, plans of 1,000 steps", refused(PLANS, KNOWN, named=True), cpu_seconds=1.0),
    Attack("refused whole, plans of 1,600 unknown steps", refused(PLANS, UNKNOWN, named=True), cpu_seconds=1.0),
    Attack("publishing refused, different flows", published(flows_of_their_own, by=GUEST), megabytes=200.0),
    Attack("publishing of flows that aren't ready", published(flows_of_their_own), megabytes=200.0),
    Attack("publishing of copies, 150 references", published(chained_copies), cpu_seconds=3.0),
    Attack("publishing of different flows, 150 references", published(chains), cpu_seconds=3.0),
    Attack("undoing refused, exports onto one flow", undone(onto_one_flow, by=GUEST), cpu_seconds=1.0),
    Attack("undoing of exports onto one flow", undone(onto_one_flow), cpu_seconds=1.0),
    Attack("undoing of exports of new flows", undone(of_new_flows), cpu_seconds=1.0),
    Attack("plans of 1,700 bound steps", planned(1_700)),
    Attack("release of one flow, 300 references", honest(EXPORTS, one_flow), cpu_seconds=3.0, megabytes=200.0),
    Attack("release of copies, 300 references", honest(EXPORTS, copies), cpu_seconds=3.0, megabytes=200.0),
    Attack(
        "release of different flows, 300 references",
        honest(EXPORTS, flows_of_their_own),
        cpu_seconds=3.0,
        megabytes=200.0,
    ),
)
