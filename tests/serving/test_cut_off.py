"""Far more requests run than there are connections, many of them cut off: all are answered, and the log stays readable."""

import asyncio
import gc
import json
from collections import Counter

import pytest

from tests.databases import Databases, Loaded
from tests.serving.real import Real, real_server

DIALOG = """
    query($flow: ID!, $workspace: ID!) {
        flow(id: $flow) {
            workspace { contract { name } flows(first: 5) { nodes { draft { readiness { ready } } } totalCount } }
            draft { readiness { ready } }
            history(first: 3) { nodes { __typename } }
        }
        destinationContracts(flowId: $flow) { nodes { name } totalCount }
        overrideCandidates(flowId: $flow, workspaceId: $workspace) { edges { node { id } } }
        topicCandidates(flowId: $flow, workspaceId: $workspace) { edges { node { id } } }
        destinationWorkspaces(flowId: $flow, includeIneligible: true) { edges { node { contract { name } } } }
        credentialCandidates(flowId: $flow, workspaceId: $workspace) { stepId }
    }
"""
CLIENTS, REQUESTS, SECONDS = 80, 3, 0.3
SEEN = {(200, ()), *((503, (code,)) for code in ("TIMEOUT", "SERVICE_UNAVAILABLE", "OVERLOADED"))}


async def test_what_is_given_up_under_overload_is_answered_and_leaves_no_error_in_the_log(
    databases: Databases, loaded_trade: Loaded, capfd: pytest.CaptureFixture[str]
) -> None:
    codes = Counter[tuple[int, tuple[str, ...]]]()

    async def ask(real: Real, client: int) -> None:
        for number in range(REQUESTS):
            request = real.posting(DIALOG, flow=real.api.id("plain"), workspace=real.api.id("workshop"))
            if (client + number) % 3 == 0:
                await asyncio.wait([request], timeout=SECONDS * client / CLIENTS)
                request.cancel()
                await asyncio.gather(request, return_exceptions=True)
            else:
                response = await request
                told = tuple(error["extensions"]["code"] for error in response.json().get("errors", ()))
                codes[response.status_code, told] += 1

    async with real_server(
        databases, loaded_trade, pool_size=2, request_timeout_seconds=SECONDS, max_running_requests=2 * CLIENTS
    ) as real:
        await asyncio.gather(*(ask(real, client) for client in range(CLIENTS)))
        gc.collect()
    assert codes.keys() <= SEEN
    events = [json.loads(line) for line in capfd.readouterr().err.splitlines()]
    assert [line["event"] for line in events if line["level"] == "error"] == []
