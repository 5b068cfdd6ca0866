"""Attacks by many connections at once: what each of these sends, and whether it waits for the answers."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from itertools import product

from scripts.benchmarks.hostile.crowd_world import FLOWS, GUESTS, INTEGRATOR, REFERENCES, CrowdWorld
from scripts.benchmarks.hostile.demo import Json, aliased

MANY = "mutation($input: ExportFlowsInput!) { exportFlows(input: $input) { succeeded errors { message } } }"
PLANS = "query($input: ExportFlowsInput!) { exportPlans(input: $input) { plans { __typename } } }"
ONE = "mutation($input: ExportFlowInput!) { exportFlow(input: $input) { draft { id } errors { message } } }"
TEXTS = "query($ids: [ID!]!) { nodes(ids: $ids) { ... on Flow { versions: publishedVersion { graph { native } } } } }"
COMPONENTS = f"query($id: ID!) {{ flow(id: $id) {{ publishedVersion {{ graph {{ steps {{ {aliased(20, 'component { id }')} }} }} }} }} }}"
ITEMS = 1_000


@dataclass(frozen=True, slots=True)
class Sender:
    """One connection: what it sends in turn, and what it does after that."""

    requests: tuple[bytes, ...]
    leaves_after: float | None = None
    """Seconds after which it hangs up, and connects anew; None: it waits for the answer."""
    reads: bool = True
    """Whether it ever takes the answers; if not, it sends everything at once, and holds the connection."""


Prepare = Callable[[CrowdWorld], list[Sender]]


@dataclass(frozen=True, slots=True)
class Crowd:
    name: str
    prepare: Prepare


def posted(authorization: str, query: str, **variables: Json) -> bytes:
    body = json.dumps({"query": query, "variables": variables}).encode()
    headers = ("POST /graphql HTTP/1.1", "Host: localhost", "Content-Type: application/json")
    lines = (*headers, f"Authorization: {authorization}", f"Content-Length: {len(body)}", "", "")
    return "\r\n".join(lines).encode() + body


def of_user(world: CrowdWorld, user: str, query: str, **variables: Json) -> bytes:
    return posted(f"Bearer {world.tokens[user]}", query, **variables)


def exports(
    user: str, document: str, flow: Callable[[int], str], place: str, *, is_mapped: bool = False
) -> Callable[[CrowdWorld], bytes]:
    """Exports of flows to one workspace. No two of them have the same name, so that none can be decided with another."""

    def prepare(world: CrowdWorld) -> bytes:
        items = [
            {"flowId": world.ids[flow(each)], "destination": {"workspaceId": world.ids[place]}, "name": f"Flow {each}"}
            for each in range(ITEMS)
        ]
        wish: Json = {"items": items, "mode": "BEST_EFFORT"}
        if is_mapped:
            wish["mappings"] = [
                {"fromId": world.ids[f"dev/{each}"], "toId": world.ids[f"{place}/{each}"]} for each in range(REFERENCES)
            ]
        return of_user(world, user, document, input=wish)

    return prepare


def of_many_steps(_: int) -> str:
    return "steps"


def of_short_steps(_: int) -> str:
    return "short steps"


def of_bound_flows(number: int) -> str:
    return f"bound-{number % FLOWS}"


def of_different_flows(number: int) -> str:
    return f"different-{number % FLOWS}"


def hanging_up(user: str, flow: Callable[[int], str]) -> Prepare:
    call = exports(user, PLANS, flow, "counted", is_mapped=flow is of_bound_flows)
    return lambda world: [Sender((call(world),), leaves_after=0.4)] * 4


def refused_together(flow: Callable[[int], str]) -> Prepare:
    def prepare(world: CrowdWorld) -> list[Sender]:
        requests = [exports(f"guest-{each}", MANY, flow, "counted")(world) for each in range(2)]
        return [Sender((requests[each % 2],)) for each in range(36)]

    return prepare


def queuing_for_a_contract(world: CrowdWorld) -> list[Sender]:
    wish = {"flowId": world.ids["bound-0"], "destination": {"workspaceId": world.ids["counted"]}}
    return [Sender((of_user(world, INTEGRATOR, ONE, input=wish),))] * 36


def never_reading(connections: int, guests: int, times: int = 1) -> Prepare:
    """They ask for answers of 14 MB, and take nothing of them."""

    def prepare(world: CrowdWorld) -> list[Sender]:
        ids = [world.ids["text"]] * 14
        requests = [of_user(world, f"guest-{each}", TEXTS, ids=ids) for each in range(guests)]
        return [Sender((requests[each % guests],) * times, reads=False) for each in range(connections)]

    return prepare


def repeated(call: Callable[[CrowdWorld], bytes], connections: int) -> Prepare:
    return lambda world: [Sender((call(world),))] * connections


def spelling(world: CrowdWorld) -> list[Sender]:
    """One caller, whose header is never spelled as it was before."""
    schemes = ["".join(letters) for letters in product(*((letter, letter.upper()) for letter in "bearer"))]
    token = world.tokens["guest-0"]
    requests = [
        posted(f"{scheme}{' ' * spaces}{token}", COMPONENTS, id=world.ids["steps"])
        for spaces in range(1, 6)
        for scheme in schemes
    ]
    return [Sender(tuple(requests[each::100])) for each in range(100)]


def of_ranges(_: CrowdWorld) -> list[Sender]:
    ranges = ",".join(f"{each * 7}-{each * 7 + 3}" for each in range(100))
    lines = ("GET /graphql/static/explorer.js HTTP/1.1", "Host: localhost", f"Range: bytes={ranges}", "", "")
    return [Sender(("\r\n".join(lines).encode(),))] * 100


REFUSED_STEPS = exports("guest-0", MANY, of_short_steps, "counted")
HONEST = exports(INTEGRATOR, MANY, of_bound_flows, "prod", is_mapped=True)
DIFFERENT = exports(INTEGRATOR, MANY, of_different_flows, "prod", is_mapped=True)

CROWDS = (
    Crowd("a guest leaves plans of 1,250 short steps, 4", hanging_up("guest-0", of_short_steps)),
    Crowd("a guest leaves plans of 1,700 steps, 4", hanging_up("guest-0", of_many_steps)),
    Crowd("a guest leaves plans of 300 references, 4", hanging_up("guest-0", of_bound_flows)),
    Crowd("an integrator leaves plans of 300 references, 4", hanging_up(INTEGRATOR, of_bound_flows)),
    Crowd("refused exports beneath a quota, 36", refused_together(of_bound_flows)),
    Crowd("refused exports of different flows, 36", refused_together(of_different_flows)),
    Crowd("exports beneath a quota, 36", queuing_for_a_contract),
    Crowd("14 MB that nobody reads, 200", never_reading(200, 1)),
    Crowd("14 MB that ten guests don't read, 200", never_reading(200, GUESTS)),
    Crowd("14 MB that nobody reads, 10 pipelined, 20", never_reading(20, 1, 10)),
    Crowd("calls that are refused whole, 4", repeated(REFUSED_STEPS, 4)),
    Crowd("honest calls of 1,000 items, 2", repeated(HONEST, 2)),
    Crowd("honest calls of different flows, 2", repeated(DIFFERENT, 2)),
    Crowd("one caller, 320 spellings, 100", spelling),
    Crowd("100 ranges of a file, 100", of_ranges),
)
