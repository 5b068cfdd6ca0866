"""Crowds of calls that are refused, or wait for what others change: everybody else is answered meanwhile."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any

import httpx
import pytest

from tests.api.world_builder import WorldBuilder, graph
from tests.databases import Databases, Loaded
from tests.serving.real import (
    COPY,
    LOCK_CONTRACTS,
    LOCK_FLOWS,
    PLACE_OF_A_FLOW,
    VIEWER,
    Real,
    code_of,
    real_server,
    soon_true,
)

CROWD, CALLS_OF_EACH = ("gil", "gus"), 18
EXPORTS = "mutation($input: ExportFlowsInput!) { exportFlows(input: $input) { results { errors { code } } } }"
CREATION = "mutation($input: CreateFlowInput!) { createFlow(input: $input) { flow { id } errors { code } } }"
LOCK_BAKERY = "select 1 from contract where name = 'Bakery' for update"
LOCK_FLOWS_OF_BAKERY = "select 1 from flow where name like 'Bread%' for update"
WAITING = "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
PATIENT = {"max_wait_seconds": 60, "lock_timeout_seconds": 60}
"""For a slot, a connection or a lock, on a machine that is busy; whoever is kept out waits in vain even so."""


@pytest.fixture(scope="module")
async def two_tenants(databases: Databases) -> AsyncIterator[Loaded]:
    """Gil and Gus are guests in a workspace with a quota, Ina and Ivo integrators there; Olga works for another tenant."""
    world = WorldBuilder()
    for user in ("gil", "gus", "ina", "ivo", "olga"):
        world.user(user)
    world.tenant("north")
    world.tenant("south")
    world.contract("bakery", "north", quota=1_000)
    world.contract("overseas", "south", quota=1_000)
    world.workspace("oven", "bakery")
    world.workspace("harbour", "overseas")
    world.members("oven", gil="guest", gus="guest", ina="integrator", ivo="integrator")
    world.members("harbour", olga="integrator")
    steps = [{"id": "1", "command": "house/code:execute@latest"}]
    for number in range(10):
        world.flow(f"bread{number}", "oven", published=graph(*steps))
    async with databases.loaded(world) as loaded:
        yield loaded


async def known(real: Real) -> None:
    """Nobody's requests count as those of an address any more."""
    for user in real.api.tokens:
        await real.posting(VIEWER, user=user)


def refused_exports(real: Real, user: str) -> "asyncio.Task[httpx.Response]":
    into = {"workspaceId": real.api.id("oven")}
    items = [{"flowId": real.api.id(f"bread{number}"), "destination": into} for number in range(10)]
    return real.posting(EXPORTS, user=user, input={"items": items, "mode": "BEST_EFFORT"})


async def calls_of_another_tenant(real: Real, number: int = 13) -> list[httpx.Response]:
    creation = {"workspaceId": real.api.id("harbour"), "name": "Boats", "graph": {"nodes": [], "edges": []}}
    calls = (
        call
        for _ in range(number)
        for call in (real.posting(CREATION, user="olga", input=creation), real.posting(VIEWER, user="olga"))
    )
    return list(await asyncio.gather(*calls))


def mistakes(answers: Sequence[httpx.Response]) -> list[Any]:
    """What isn't as it should be in the answers of the other tenant."""
    bodies = [answer.json() for answer in answers]
    return [body for body in bodies if "errors" in body or body["data"].get("createFlow", {}).get("errors")]


async def test_refused_exports_of_guests_into_a_contract_that_is_locked_hold_nobody_up(
    databases: Databases, two_tenants: Loaded
) -> None:
    async with real_server(databases, two_tenants, **PATIENT) as real:
        await known(real)
        before = await real.names()
        async with real.locked(LOCK_BAKERY):
            crowd = [refused_exports(real, user) for _ in range(CALLS_OF_EACH) for user in CROWD]
            others = await calls_of_another_tenant(real)
            refused = await asyncio.gather(*crowd)
        assert await real.names() == sorted([*before, *["Boats"] * 13])
    assert mistakes(others) == []
    codes = [error["code"] for answer in refused for result in results_of(answer) for error in result["errors"]]
    # Twice for each item: at the source and at the destination.
    assert set(codes) == {"INSUFFICIENT_PERMISSION"}


def results_of(answer: httpx.Response) -> list[Any]:
    results: list[Any] = answer.json()["data"]["exportFlows"]["results"]
    return results


async def test_calls_that_wait_for_locks_leave_half_of_the_connections_and_a_lock_to_others(
    databases: Databases, two_tenants: Loaded
) -> None:
    async with real_server(databases, two_tenants, pool_size=8, **PATIENT) as real:
        await known(real)
        async with real.locked(LOCK_FLOWS_OF_BAKERY):
            crowd = [
                real.posting(COPY, user=user, input={"flowId": real.api.id(f"bread{number % 10}")})
                for number in range(CALLS_OF_EACH)
                for user in ("ina", "ivo")
            ]
            # Of four places one caller has two, the next one, and the last is for somebody else.
            assert await soon_true(lambda: as_many_wait(real, 3))
            assert mistakes(await calls_of_another_tenant(real)) == []
            assert mistakes([await real.posting(VIEWER, user="gil")]) == []
            assert await as_many_wait(real, 3)
        copies = await asyncio.gather(*crowd)
    assert mistakes(copies) == []


async def as_many_wait(real: Real, number: int) -> bool:
    return await real.rows(WAITING) == [(number,)]


async def test_callers_are_authenticated_while_all_connections_of_callers_are_at_work(
    databases: Databases, two_tenants: Loaded
) -> None:
    async with real_server(databases, two_tenants, pool_size=4, max_running_requests=40, **PATIENT) as real:
        await known(real)
        async with real.locked(LOCK_CONTRACTS):
            asking = [
                real.posting(PLACE_OF_A_FLOW, user=user, id=real.api.id("bread0"))
                for _ in range(4)
                for user in ("gil", "gus", "ina", "ivo")
            ]
            assert await soon_true(lambda: as_many_wait(real, 3))
            answers = [await real.posting("{ __typename }", user="olga") for _ in range(3)]
            headers = {"Authorization": "Bearer demo-nobody"}
            unknown = await real.api.http.post("/graphql", json={"query": VIEWER}, headers=headers)
            assert await as_many_wait(real, 3)
        await asyncio.gather(*asking)
    assert [answer.status_code for answer in (*answers, unknown)] == [200, 200, 200, 401]


async def test_a_lock_is_waited_for_until_the_time_limit_and_nothing_is_written(
    databases: Databases, two_tenants: Loaded
) -> None:
    async with real_server(databases, two_tenants, lock_timeout_seconds=0.1) as real:
        before = await real.names()
        async with real.locked(LOCK_FLOWS):
            answers = [
                await real.posting(COPY, user="ina", input={"flowId": real.api.id(f"bread{number}")})
                for number in range(2)
            ]
            assert await soon_true(lambda: real.is_at_work(0))
        assert [code_of(answer) for answer in answers] == [(503, "SERVICE_UNAVAILABLE")] * 2
        assert {answer.json()["errors"][0]["extensions"]["written"] for answer in answers} == {"NO"}
        assert await real.names() == before
        assert (await real.posting(COPY, user="ina", input={"flowId": real.api.id("bread0")})).status_code == 200
