"""Shows that a page takes as long to read in a very long list as in a short one.

    python scripts/benchmarks/growth.py
    python scripts/benchmarks/growth.py --few 1000 --many 100000 --rounds 50

It starts a server with the demo world in a temporary folder and makes two workspaces in it, one with few flows and one with
very many, and two flows, one with few versions and one with many. Then it reads the same pages of both, in turn, and
prints for each kind of page what the longer list takes more than the shorter one, by the median of the answers. The exit
code is 1 if that is more than 1.2 times as long. A million flows take some minutes to make, and some gigabytes.
"""

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import httpx

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from app.domain.model import Kind
from app.storage.embedded.running import running
from app.storage.world.demo import demo_id
from scripts.benchmarks.hostile.server import serving
from scripts.benchmarks.overload import CROWD as ADMIN

BOUND = 1.2
LIKE_IT = demo_id(Kind.FLOW, "order-intake")
"""The flow of the demo world that all others here are like."""
FEW_VERSIONS, MANY_VERSIONS = 100, 10_000
SUSPENDED = 500
"""How many flows of either workspace are."""
AT_ONCE = 50_000

WORKSPACES = """
    with home as (select w.* from workspace w join flow f on f.workspace_id = w.id where f.id = $1),
    made as (
      insert into workspace (id, contract_id, name, name_key, type)
      select new.id, home.contract_id, new.id, new.id, home.type from home, unnest($2::text[]) as new (id)
      returning id, contract_id
    )
    insert into workspace_access (user_id, workspace_id, contract_id, name_key, role_id)
    select a.user_id, made.id, made.contract_id, made.id, a.role_id from made, home
    join workspace_access a on a.workspace_id = home.id on conflict do nothing
"""
FLOWS = """
    with like_it as (
      select f.*, v.content_hash, v.bindings, v.origin, v.published_by, v.published_at
      from flow f join flow_version v on v.id = f.published_version_id where f.id = $1
    ), numbered as (
      select n, 'flow_' || lpad(n::text, 26, '0') as id, 'version_' || lpad(n::text, 26, '0') as version, md5(n::text) as name
      from generate_series($3::bigint, $4::bigint) as n
    ), flows as (
      insert into flow (id, workspace_id, name, name_key, type, status, created_by, created_at, updated_at, draft_revision,
                        published_version_id)
      select m.id, $2, m.name, m.name, k.type, case when n % $5::bigint = 0 then 'SUSPENDED' else 'INACTIVE' end, k.created_by,
             k.created_at, k.updated_at - n * interval '1 second', 1, m.version
      from numbered m, like_it k
    )
    insert into flow_version (id, flow_id, number, name, content_hash, bindings, published_at, origin, published_by)
    select m.version, m.id, 1, m.name, k.content_hash, k.bindings, k.published_at, k.origin, k.published_by
    from numbered m, like_it k
"""
VERSIONS = """
    insert into flow_version (id, flow_id, number, name, content_hash, bindings, published_at, origin, published_by)
    select 'version_' || lpad(($3::bigint + n)::text, 26, '0'), v.flow_id, n, v.name, v.content_hash, v.bindings, v.published_at,
           v.origin, v.published_by
    from flow_version v, generate_series(2, $2::int) as n where v.flow_id = $1 and v.number = 1
"""

PAGE = """query($id: ID!, $order: FlowOrder, $after: String, $filter: FlowFilter) {
  workspace(id: $id) { flows(first: 50, after: $after, orderBy: $order, filter: $filter) {
    nodes { id name status updatedAt createdBy { firstName } draft { revision } } pageInfo { hasNextPage endCursor } } } }"""
HISTORY = """query($id: ID!, $after: String) { flowHistory(flowId: $id, first: 50, after: $after) {
    nodes { number name publishedAt publishedBy { firstName } } pageInfo { hasNextPage endCursor } } }"""
CANDIDATES = """query($from: ID!, $id: ID!) { overrideCandidates(flowId: $from, workspaceId: $id, first: 50) {
    edges { matchReason node { id name } } pageInfo { hasNextPage endCursor } } }"""

Ask = Callable[[str, dict[str, Any]], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Pages:
    """A kind of page, and what it is asked of: the short list and the long one."""

    name: str
    document: str
    short: dict[str, Any]
    long: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Made:
    """What was made: ids of the short list and of the long one."""

    workspaces: tuple[str, str]
    flows: tuple[str, str]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--few", type=int, default=10_000, help="flows of the small workspace; default: %(default)s")
    parser.add_argument("--many", type=int, default=1_000_000, help="flows of the large one; default: %(default)s")
    parser.add_argument("--rounds", type=int, default=200, help="answers of each kind; default: %(default)s")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder, serving(Path(folder)) as (url, _):
        made = asyncio.run(lengthened(Path(folder) / "data", options.few, options.many))
        headers = {"Authorization": f"Bearer {ADMIN}"}
        with httpx.Client(base_url=url, headers=headers, timeout=60) as http:

            def ask(document: str, variables: dict[str, Any]) -> dict[str, Any]:
                body = http.post("/graphql", json={"query": document, "variables": variables}).raise_for_status().json()
                if "errors" in body:
                    raise SystemExit(f"This was not answered: {body['errors']}")
                data: dict[str, Any] = body["data"]
                return data

            worst = max(compared(kind, ask, options.rounds) for kind in kinds(made, ask))
    print(f"At most {worst:.2f} times as long; {BOUND} is the bound.")
    sys.exit(0 if worst <= BOUND else 1)


async def lengthened(data: Path, few: int, many: int) -> Made:
    """Make the lists."""
    workspaces = ("workspace_" + "0" * 25 + "1", "workspace_" + "0" * 25 + "2")
    with running(data) as url:
        connection = await asyncpg.connect(url.replace("+asyncpg", ""), timeout=60)
        await connection.execute(WORKSPACES, LIKE_IT, list(workspaces))
        begin = 1
        for workspace, number in zip(workspaces, (few, many), strict=True):
            for start in range(begin, begin + number, AT_ONCE):
                end = min(start + AT_ONCE, begin + number) - 1
                await connection.execute(FLOWS, LIKE_IT, workspace, start, end, max(1, number // SUSPENDED))
                print(f"\r{end:>10} flows", end="", file=sys.stderr, flush=True)
            begin += number
        print(file=sys.stderr)
        flows = tuple("flow_" + str(number).zfill(26) for number in (1, 2))
        for flow, versions, offset in zip(flows, (FEW_VERSIONS, MANY_VERSIONS), (10**12, 2 * 10**12), strict=True):
            await connection.execute(VERSIONS, flow, versions, offset)
            await connection.execute(
                "update flow set published_version_id = (select id from flow_version where flow_id = $1 "
                "order by number desc limit 1) where id = $1",
                flow,
            )
        await connection.execute("vacuum analyze")
        await connection.close()
    return Made(workspaces, (flows[0], flows[1]))


def kinds(made: Made, ask: Ask) -> Iterator[Pages]:
    """First pages, and pages in the middle, of both lists."""
    short, long = ({"id": workspace} for workspace in made.workspaces)
    for order in ("NAME_ASC", "UPDATED_AT_DESC"):
        one, other = (each | {"order": order} for each in (short, long))
        yield Pages(f"workspace.flows by {order}", PAGE, one, other)
        yield Pages(f"workspace.flows by {order}, page 20", PAGE, further(PAGE, one, ask), further(PAGE, other, ask))
    suspended = {"filter": {"status": "SUSPENDED"}}
    yield Pages(f"workspace.flows, the {SUSPENDED} suspended ones", PAGE, short | suspended, long | suspended)
    viewer = ask("{ viewer { id } }", {})["viewer"]["id"]
    mine = {"filter": {"createdById": viewer}}
    yield Pages("workspace.flows, of who made none of them", PAGE, short | mine, long | mine)
    one, other = ({"id": flow} for flow in made.flows)
    yield Pages(f"flowHistory of {FEW_VERSIONS} or {MANY_VERSIONS} versions", HISTORY, one, other)
    yield Pages("overrideCandidates", CANDIDATES, short | {"from": LIKE_IT}, long | {"from": LIKE_IT})


def further(document: str, variables: dict[str, Any], ask: Ask) -> dict[str, Any]:
    """The variables of a page further on."""
    for _ in range(19):
        page = ask(document, variables)["workspace"]["flows"]["pageInfo"]
        variables = variables | {"after": page["endCursor"]}
    return variables


def compared(kind: Pages, ask: Ask, rounds: int) -> float:
    """How many times as long the long list takes."""
    taken: tuple[list[float], list[float]] = ([], [])
    for variables in (kind.short, kind.long) * 10:
        # So that statements are prepared on the connections.
        ask(kind.document, variables)
    for _ in range(rounds):
        for variables, seconds in zip((kind.short, kind.long), taken, strict=True):
            began = time.perf_counter()
            ask(kind.document, variables)
            seconds.append(time.perf_counter() - began)
    short, long = map(statistics.median, taken)
    print(f"{kind.name:>50}{1000 * short:>8.2f} ms{1000 * long:>8.2f} ms{long / short:>7.2f}", flush=True)
    return long / short


if __name__ == "__main__":
    main()
