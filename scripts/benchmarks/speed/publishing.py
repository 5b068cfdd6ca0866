"""Publishing many drafts in one call, and one after the other: a script that releases has one connection."""

import time

import orjson

from scripts.benchmarks.speed.contenders import Contender
from scripts.benchmarks.speed.load import Load, asked, one_by_one, request_of
from scripts.benchmarks.speed.operations import Caller, Json
from scripts.benchmarks.speed.writes import ALL_ANEW, ITEMS, PUBLISH

TOGETHER = f"publishFlowDrafts, {ITEMS} a call"

PUBLISH_ALL = """mutation($input: PublishFlowDraftsInput!) { publishFlowDrafts(input: $input) {
  succeeded results { errors { code } } } }"""


async def both_ways(us: Contender, caller: Caller) -> tuple[tuple[Load, float], tuple[Load, float]]:
    """Publish many new drafts, each by a call of its own, and as many in one call.

    Returns the load and the CPU seconds of the one call, then those of the others, both by flows.
    """
    singly, together = [await _drafts(us.port, caller) for _ in range(2)]
    others = await _timed(us, [_request(caller, PUBLISH, draft) for draft in singly])
    one, cpu = await _timed(us, [_request(caller, PUBLISH_ALL, {"items": together, "mode": "ATOMIC"})])
    return (Load(len(together), one.seconds, one.latencies), cpu), others


async def _drafts(port: int, caller: Caller) -> list[Json]:
    """New flows with a draft each, as a call that publishes names them."""
    place = {"workspaceId": caller.own_workspace}
    flows = [caller.own_flows[number % len(caller.own_flows)] for number in range(ITEMS)]
    items = [{"flowId": flow, "destination": place} for flow in flows]
    body = orjson.dumps({"query": ALL_ANEW, "variables": {"items": items}})
    made = orjson.loads(await asked(port, request_of("/graphql", caller.token, body)))["data"]["exportFlows"]
    return [{"flowId": each["flow"]["id"], "expectedRevision": 1} for each in made["results"]]


def _request(caller: Caller, document: str, wish: Json) -> bytes:
    return request_of("/graphql", caller.token, orjson.dumps({"query": document, "variables": {"input": wish}}))


async def _timed(us: Contender, requests: list[bytes]) -> tuple[Load, float]:
    """Send requests one after the other. Stops where one is refused."""
    before = us.process.cpu_times()
    began = time.perf_counter()
    latencies, answers = await one_by_one(us.port, requests)
    load = Load(len(requests), time.perf_counter() - began, latencies)
    after = us.process.cpu_times()
    if any(b'"code"' in answer for answer in answers):
        raise SystemExit(f"Publishing is refused: {answers[0].decode()}")
    return load, after.user + after.system - before.user - before.system
