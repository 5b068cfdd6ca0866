"""Attacks by what is asked for: the same things again and again, by aliases or ids."""

from collections.abc import Callable
from itertools import product

import httpx

from scripts.benchmarks.hostile.demo import CODE, Attack, Demo, Json, aliased, graph, steps


def repeated_fields(demo: Demo) -> httpx.Request:
    flow, _ = demo.create(graph([{"id": "s", "command": CODE, "fields": {"text": "x" * 100_000}}]))
    selected = aliased(50, "fields")
    query = f"query($ids: [ID!]!) {{ nodes(ids: $ids) {{ ... on Flow {{ draft {{ graph {{ steps {{ {selected} }} }} }} }} }} }}"
    return demo.request(query, ids=[flow] * 60)


def repeated_texts(aliases: int, times: int) -> Callable[[Demo], httpx.Request]:
    def prepare(demo: Demo) -> httpx.Request:
        flow, _ = demo.create(graph([{"id": "s", "command": CODE, "description": "x" * 900_000}]))
        selected = aliased(aliases, "description")
        query = f"query($ids: [ID!]!) {{ nodes(ids: $ids) {{ ... on Flow {{ draft {{ graph {{ steps {{ {selected} }} }} }} }} }} }}"
        return demo.request(query, ids=[flow] * times)

    return prepare


def steps_of_components(number: int, aliases: int) -> Callable[[Demo], httpx.Request]:
    """Steps with long ids that run one unknown component: what keeps each of them from being published names all of them."""

    def prepare(demo: Demo) -> httpx.Request:
        length = 800_000 // number
        flow, _ = demo.create(
            graph({"id": f"{index:x<{length}}", "command": "nobody/any:f"} for index in range(number))
        )
        selected = f"... on ComponentUnavailable {{ inaccessible {{ {aliased(aliases, 'stepIds')} }} }}"
        query = f"query($id: ID!) {{ flow(id: $id) {{ draft {{ readiness {{ blockers {{ {selected} }} }} }} }} }}"
        return demo.request(query, id=flow)

    return prepare


def repeated_graphs(selection: str, times: int) -> Callable[[Demo], httpx.Request]:
    def prepare(demo: Demo) -> httpx.Request:
        flow, _ = demo.create(
            graph(steps(9_000), ({"source": f"s{index}", "target": f"s{index + 1}"} for index in range(8_999)))
        )
        query = (
            f"query($ids: [ID!]!) {{ nodes(ids: $ids) {{ ... on Flow {{ draft {{ graph {{ {selection} }} }} }} }} }}"
        )
        return demo.request(query, ids=[flow] * times)

    return prepare


def nested_graphs(demo: Demo) -> httpx.Request:
    flows = []
    for number in range(15):
        empty: Json = [[] for _ in range(300_000)]
        flows.append(demo.create(graph([{"id": f"s{number}", "command": CODE, "fields": {"list": empty}}]))[0])
    query = "query($ids: [ID!]!) { nodes(ids: $ids) { ... on Flow { draft { graph { steps { stepId component { id } } } } } } }"
    return demo.request(query, ids=flows)


def aliases_in_steps(number: int, times: int, selection: str = "component { id }") -> Callable[[Demo], httpx.Request]:
    def prepare(demo: Demo) -> httpx.Request:
        flow, _ = demo.create(graph(steps(number)))
        query = (
            f"query($id: ID!) {{ flow(id: $id) {{ draft {{ graph {{ steps {{ {aliased(times, selection)} }} }} }} }} }}"
        )
        return demo.request(query, id=flow)

    return prepare


def many_connections(selection: str, times: int, first: int = 1) -> Callable[[Demo], httpx.Request]:
    """One workspace a hundred times, with aliases of connections or of what connections have."""

    def prepare(demo: Demo) -> httpx.Request:
        connections = aliased(times, f'flows(first: {first}, search: "no such name") {{ {selection} }}')
        query = f"query($ids: [ID!]!) {{ nodes(ids: $ids) {{ ... on Workspace {{ {connections} }} }} }}"
        return demo.request(query, ids=demo.workspaces[:1] * 100)

    return prepare


def many_searches(demo: Demo) -> httpx.Request:
    wanted = 'orderBy: UPDATED_AT_DESC, filter: {componentId: "component_01jz0000000000000000000000"}'
    lists = " ".join(
        f'a{index}: flows(first: 1, search: "{index}", {wanted}) {{ nodes {{ id }} }}' for index in range(75)
    )
    return demo.request(f"{{ workspaces(first: 100) {{ nodes {{ {lists} }} }} }}")


def many_filters(demo: Demo) -> httpx.Request:
    """Lists that differ in what they are filtered and sorted by, so that each is a statement of a form of its own."""
    conditions = ("status: ACTIVE", "type: ORDINARY", f'createdById: "{demo.workspaces[0]}"', "isPublished: true")
    chosen = [
        [each for each, is_in in zip(conditions, wanted, strict=True) if is_in]
        for wanted in product((True, False), repeat=len(conditions))
    ]
    orders = ("NAME_ASC", "NAME_DESC", "CREATED_AT_DESC", "UPDATED_AT_DESC")
    lists = [
        f"l{number}: flows(first: 1, orderBy: {order}, filter: {{{', '.join(filters)}}}) {{ nodes {{ id }} }}"
        for number, (order, filters) in enumerate(product(orders, chosen))
    ]
    query = f"query($id: ID!) {{ workspace(id: $id) {{ {' '.join(lists)} }} }}"
    return demo.request(query, id=demo.workspaces[0])


def many_selections(demo: Demo) -> httpx.Request:
    """Lists that differ in the columns that are selected, so that each is a statement of a form of its own."""
    columns = ("name", "description", "cron", "status", "type", "createdAt", "updatedAt")
    chosen = [
        [each for each, is_in in zip(columns, wanted, strict=True) if is_in]
        for wanted in product((True, False), repeat=len(columns))
    ]
    lists = [
        f"l{number}: flows(first: 1) {{ nodes {{ id {' '.join(fields)} }} }}"
        for number, fields in enumerate(chosen[:99])
    ]
    query = f"query($id: ID!) {{ workspace(id: $id) {{ {' '.join(lists)} }} }}"
    return demo.request(query, id=demo.workspaces[0])


def many_flows(selection: str, times: int = 100) -> Callable[[Demo], httpx.Request]:
    """A full page of flows, asked for again and again by one id."""

    def prepare(demo: Demo) -> httpx.Request:
        [workspace, *_] = demo.workspaces
        there = demo.ask("query($id: ID!) { workspace(id: $id) { flows(first: 100) { nodes { id } } } }", id=workspace)
        for _ in range(100 - len(there["workspace"]["flows"]["nodes"])):
            demo.create(graph(steps(1)))
        query = f"query($ids: [ID!]!) {{ nodes(ids: $ids) {{ ... on Workspace {{ flows(first: 100) {{ nodes {{ {selection} }} }} }} }} }}"
        return demo.request(query, ids=[workspace] * times)

    return prepare


ANSWERS = (
    Attack("fields of 100 KB, 3,000 times", repeated_fields),
    Attack("descriptions of 900 KB, 3,000 times", repeated_texts(50, 60)),
    Attack("descriptions of 900 KB, 99 times", repeated_texts(99, 1)),
    Attack("long ids of 250 steps, 250 times", steps_of_components(250, 1)),
    Attack("long ids of 250 steps, 3,750 times", steps_of_components(250, 15)),
    Attack("steps of one flow, 60 times", repeated_graphs("steps { stepId }", 60)),
    Attack("components of one flow, 60 times", repeated_graphs("components { id } topics { id }", 60)),
    Attack("native form, 50 aliases", repeated_graphs(aliased(50, "native"), 1)),
    Attack("graphs of empty lists", nested_graphs),
    Attack("components of 3,000 steps, 20 aliases", aliases_in_steps(3_000, 20)),
    Attack("components of 3,000 steps, 15 aliases", aliases_in_steps(3_000, 15)),
    Attack(
        "components of 45,000 steps, 98 aliases", repeated_graphs(f"steps {{ {aliased(98, 'component { id }')} }}", 5)
    ),
    Attack("45,000 steps, 98 aliases", repeated_graphs(f"steps {{ {aliased(98, 'stepId')} name }}", 5)),
    Attack("relations to nothing, 99 aliases", aliases_in_steps(18_000, 99, "credential { id }")),
    Attack("relations to nothing, 25 aliases", aliases_in_steps(18_000, 25, "credential { id }")),
    Attack("type names of 18,000 steps, 25 aliases", aliases_in_steps(18_000, 25, "__typename")),
    Attack("connections, 9,500", many_connections("nodes { id }", 95)),
    Attack("connections, 2,400", many_connections("nodes { id }", 24)),
    Attack("75 different searches", many_searches),
    Attack("64 different filters", many_filters),
    Attack("99 different selections", many_selections),
    Attack("connections, 9,900 counts", many_connections(aliased(98, "totalCount"), 1)),
    Attack("10,000 flows, their plain fields", many_flows("id name description type status cron createdAt updatedAt")),
    Attack("10,000 flows, 35 aliases", many_flows(aliased(35, "name"))),
    Attack(
        "10,000 flows, their relations",
        many_flows("id createdBy { id firstName } workspace { name contract { name } }", 49),
    ),
    Attack("10,000 flows, drafts with authors", many_flows("id draft { id author { email } }", 90)),
    Attack("10,000 flows, readiness", many_flows("draft { readiness { ready } }", 50)),
)
