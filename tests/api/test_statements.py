"""How many SQL statements a request takes: the same for a page of two and of a hundred, and for every size of flow."""

from collections.abc import AsyncIterator

import pytest

from tests.api import documents as ask
from tests.api.client import Api, Json
from tests.api.crowd import crowd
from tests.api.documents import COPY, CREATE, EXPORT
from tests.api.world_builder import GLOBAL, LIMITED, WorldBuilder, graph, step
from tests.databases import Databases


@pytest.fixture(scope="module")
async def crowded(databases: Databases) -> AsyncIterator[Api]:
    async with databases.loaded(crowd()) as loaded, databases.serving(loaded, max_cost=10_000_000) as served:
        yield served


AUTHOR = "createdBy { id email }"
STEP = "component { id name } credential { id name component { id } } secret { id name } agent { id name } topic { id }"
GRAPH = f"graph {{ steps {{ stepId {STEP} }} topics {{ id }} components {{ id }} native }}"
STATES = f"draft {{ id author {{ id }} flow {{ id }} {GRAPH} }} publishedVersion {{ id publishedBy {{ id }} {GRAPH} }}"
WORKSPACE = "workspace { id name contract { id name } }"
COMMON = "totalCount pageInfo { endCursor }"


def page(field: str, node: str, arguments: str = "", edge: str = "") -> str:
    return f"{field}({arguments} first: $first) {{ {COMMON} edges {{ cursor {edge} node {{ id {node} }} }} }}"


def below(field: str, node: str, arguments: str = "") -> str:
    return f"query($first: Int!, $place: ID!) {{ workspace(id: $place) {{ id {page(field, node, arguments)} }} }}"


def of_flow(field: str, node: str, arguments: str = "", edge: str = "") -> str:
    wanted = page(field, node, f"flowId: $flow, {arguments}", edge)
    return f"query($first: Int!, $flow: ID!, $place: ID!) {{ {wanted} place: workspace(id: $place) {{ id }} }}"


FLOWS_OF_EACH = f"contract {{ id }} {page('flows', f'{AUTHOR} draft {{ id }}')} {page('topics', 'name')}"
REFUSALS = "eligible blockers { ...refusals }"

QUERIES: list[tuple[str, str, int]] = [
    ("workspaces", f"query($first: Int!) {{ {page('workspaces', 'name contract { id name }')} }}", 3),
    ("workspaces with their flows", f"query($first: Int!) {{ {page('workspaces', FLOWS_OF_EACH)} }}", 7),
    ("flows", below("flows", f"{AUTHOR} {WORKSPACE}"), 5),
    ("flows with all that is in them", below("flows", f"{AUTHOR} {STATES}"), 14),
    ("flows by time, filtered", below("flows", "name", "orderBy: UPDATED_AT_DESC, filter: {status: INACTIVE},"), 4),
    ("flows with their histories", below("flows", page("history", "number publishedBy { id } revertOf { id }")), 6),
    ("flows with their drift", below("flows", "drift descendsFrom { drift }"), 6),
    ("flows by drift", below("flows", "name", "filter: {drift: IN_SYNC},"), 4),
    ("topics", below("topics", WORKSPACE), 5),
    ("topics with the flows that use them", below("topics", page("flows", f"{AUTHOR} draft {{ id }}")), 6),
    ("credentials", below("credentials", f"component {{ id name }} {WORKSPACE}"), 6),
    ("secrets", below("secrets", f"component {{ id name }} {WORKSPACE}"), 6),
    ("agents", below("agents", WORKSPACE), 5),
    ("destinationContracts", of_flow("destinationContracts", "name"), 5),
    (
        "destinationContracts, includeIneligible",
        of_flow("destinationContracts", "name", "includeIneligible: true,", "eligible"),
        5,
    ),
    ("destinationWorkspaces", of_flow("destinationWorkspaces", "name contract { id }", "", REFUSALS) + ask.REFUSALS, 5),
    (
        "destinationWorkspaces, includeIneligible",
        of_flow("destinationWorkspaces", "name", "includeIneligible: true,", REFUSALS) + ask.REFUSALS,
        5,
    ),
    (
        "overrideCandidates",
        of_flow("overrideCandidates", f"{AUTHOR} draft {{ id }}", "workspaceId: $place,", "matchReason"),
        6,
    ),
    ("topicCandidates", of_flow("topicCandidates", WORKSPACE, "workspaceId: $place,", "sameName missingProperties"), 6),
    ("flowHistory", of_flow("flowHistory", f"publishedBy {{ id }} revertOf {{ id }} flow {{ id }} {GRAPH}"), 9),
    ("flowHistory with readiness", of_flow("flowHistory", "readiness { ready } provenance { id }"), 6),
    ("contracts", f"query($first: Int!) {{ {page('contracts', 'name flowQuota flowsUsed')} }}", 5),
    (
        "contracts with their workspaces",
        f"query($first: Int!) {{ {page('contracts', page('workspaces', 'name'))} }}",
        5,
    ),
]


@pytest.mark.parametrize(("document", "number"), [query[1:] for query in QUERIES], ids=[query[0] for query in QUERIES])
async def test_a_page_takes_as_many_statements_whatever_its_size(crowded: Api, document: str, number: int) -> None:
    mia = crowded.caller("mia")
    flow = "publisher" if "topicCandidates" in document else "long"
    wanted: Json = {"place": crowded.id("place-0"), "flow": crowded.id(flow)}
    used = {name: value for name, value in wanted.items() if f"${name}" in document}
    counted = {first: await mia.statements(document, first=first, **used) for first in (2, 3, 100)}
    assert counted == dict.fromkeys((2, 3, 100), number)


async def test_the_viewer_is_read_with_its_token(crowded: Api) -> None:
    mia = crowded.caller("mia")
    assert await mia.statements("{ viewer { id firstName lastName email } }") == 1
    body = await mia.answer(
        "{ viewer { id } node(id: $id) { ... on User { id firstName lastName email } } }".replace(
            "$id", f'"{crowded.id("mia")}"'
        )
    )
    assert body["data"]["viewer"]["id"] == body["data"]["node"]["id"] == crowded.id("mia")


async def test_it_is_always_the_same_number_however_long_each_statement_takes(crowded: Api) -> None:
    mia, document = crowded.caller("mia"), QUERIES[3][1]
    wanted = {"first": 20, "place": crowded.id("place-0")}
    assert {await mia.statements(document, **wanted) for _ in range(15)} == {14}


async def test_a_later_page_takes_as_many_statements_as_the_first(crowded: Api) -> None:
    mia = crowded.caller("mia")
    for document, variables in (
        (ask.WORKSPACES, {}),
        (ask.FLOWS, {"workspace": crowded.id("place-0")}),
        (ask.HISTORY, {"flowId": crowded.id("long")}),
    ):
        first = await mia.statements(document, first=10, **variables)
        [found] = (await mia.ask(document, first=90, **variables)).values()
        its = found.get("flows", found)["pageInfo"]["endCursor"]
        assert await mia.statements(document, first=10, after=its, **variables) == first
        assert await mia.statements(document, last=10, before=its, **variables) == first


async def test_nodes_take_as_many_statements_as_there_are_kinds_of_them(crowded: Api) -> None:
    mia = crowded.caller("mia")
    kinds = ("flow", "topic", "credential", "secret", "agent", "place", "contract", "author", "part")
    for many in (1, 11):
        ids = [crowded.id(f"{kind}-{number}") for kind in kinds for number in range(many)]
        assert await mia.statements("query($ids: [ID!]!) { nodes(ids: $ids) { id } }", ids=ids) == 1 + len(kinds)


@pytest.mark.parametrize("first", [1, 2, 50, 100])
async def test_a_list_that_is_not_counted_takes_one_statement_less(crowded: Api, first: int) -> None:
    uncounted = "query($first: Int!) { workspaces(first: $first) { nodes { id } } }"
    assert await crowded.caller("mia").statements(uncounted, first=first) == 2


ONLY_IDS = "flow { id } draft { id } errors { code }"
MUTATIONS = [
    ("copyFlow", COPY[: COPY.index("(input: $input)")] + f"(input: $input) {{ {ONLY_IDS} }} }}", 6),
    ("exportFlow", EXPORT[: EXPORT.index("(input: $input)")] + f"(input: $input) {{ {ONLY_IDS} }} }}", 6),
]


@pytest.mark.parametrize(("name", "document", "number"), MUTATIONS, ids=[each[0] for each in MUTATIONS])
@pytest.mark.parametrize("size", [1, 2000])
async def test_copies_and_exports_take_as_many_statements_whatever_the_size_of_the_flow(
    crowded: Api, name: str, document: str, number: int, size: int
) -> None:
    wish: Json = {"flowId": crowded.id(f"of-{size}-steps")}
    if name == "exportFlow":
        wish["destination"] = {"workspaceId": crowded.id("place-2")}
    assert await crowded.caller("mia").statements(document, input=wish) == number


@pytest.mark.parametrize("size", [1, 2000])
async def test_an_override_takes_as_many_statements_whatever_the_size_of_the_flow(crowded: Api, size: int) -> None:
    document = MUTATIONS[1][1]
    wish = {
        "flowId": crowded.id(f"of-{size}-steps"),
        "destination": {"overrideFlowId": crowded.id(f"of-{2001 - size}-steps")},
    }
    assert await crowded.caller("mia").statements(document, input=wish) == 6


NEEDS = """query($flow: ID!, $place: ID!) {
  credentialCandidates(flowId: $flow, workspaceId: $place) {
    totalCount component { id } candidates { match credential { ... on Credential { id } ... on Secret { id } } }
  }
}"""


async def test_candidates_for_steps_take_as_many_statements_for_one_step_as_for_many(databases: Databases) -> None:
    world = WorldBuilder()
    world.user("mia")
    world.tenant("town")
    world.contract("town-hall", "town")
    world.team("tools", "town-hall")
    for place in ("here", "there"):
        world.workspace(place, "town-hall", LIMITED)
        world.members(place, mia="integrator")
    for number in range(40):
        world.component(f"part-{number}", "tools", GLOBAL, requires="CREDENTIAL")
        world.credential(f"there-{number}", "there", f"part-{number}")
        world.credential(f"here-{number}", "here", f"part-{number}")
    for size in (1, 40):
        steps = (step(f"{n}", f"tools/part-{n}:run", credential=f"here-{n}") for n in range(size))
        world.flow(f"of-{size}", "here", published=graph(*steps), author="mia")
    async with databases.loaded(world) as loaded, databases.serving(loaded) as api:
        mia, there = api.caller("mia"), api.id("there")
        counted = [await mia.statements(NEEDS, flow=api.id(f"of-{size}"), place=there) for size in (1, 40)]
    assert counted == [9, 9]


@pytest.mark.parametrize("size", [1, 3, 2000])
async def test_a_creation_takes_as_many_statements_whatever_the_size_of_the_graph(crowded: Api, size: int) -> None:
    document = CREATE[: CREATE.index("(input: $input)")] + f"(input: $input) {{ {ONLY_IDS} }} }}"
    made = graph(*(step(f"{index}", f"tools/part-{index % 100}:run") for index in range(size)), new=size)
    wish = {"workspaceId": crowded.id("place-3"), "name": "Made", "graph": made}
    assert await crowded.caller("mia").statements(document, input=wish) == 9
