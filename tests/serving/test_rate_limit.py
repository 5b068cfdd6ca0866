"""What callers may spend in a minute: told with every answer, refused when it is spent, and counted for each alone."""

from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from structlog.testing import capture_logs

from app.http.limits import rate_limit
from app.http.limits.rate_limit import RateLimiter
from tests.api.client import Api
from tests.databases import Databases, Loaded, contents
from tests.serving.real import VIEWER, code_of, error_of
from tests.serving.test_metrics import grown, measured

LIMIT = 100
PAGE = "{ workspaces(first: 79) { nodes { id } } }"
"""At most 80 objects; what is there decides what it is charged."""
A_COPY = "mutation($input: CopyFlowInput!) { copyFlow(input: $input) { flow { id } references { kind } } }"
"""It costs more than what eighty objects leave of the limit."""
SPENT = "RateLimit", "RateLimit-Policy", "Retry-After"


class Clock:
    """It stands until it is moved."""

    seconds = 1_800_000_020.0

    def monotonic(self) -> float:
        return self.seconds


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(rate_limit, "time", SimpleNamespace(monotonic=clock.monotonic))
    return clock


async def posted(api: Api, user: str, query: str, **variables: Any) -> httpx.Response:
    headers = {"Authorization": f"Bearer {api.tokens[user]}"}
    return await api.http.post("/graphql", json={"query": query, "variables": variables}, headers=headers)


async def eighty(api: Api, user: str) -> httpx.Response:
    """An operation that is charged 80: for 79 objects, and for as many bytes as count like one."""
    return await posted(api, user, "query($ids: [ID!]!) { nodes(ids: $ids) { id } }", ids=[api.id(user)] * 79)


def limit_headers(response: httpx.Response) -> list[str | None]:
    """What the headers say of the limit."""
    return [response.headers.get(name) for name in SPENT]


async def test_every_answer_tells_what_is_left(databases: Databases, loaded_trade: Loaded, clock: Clock) -> None:
    async with databases.serving(loaded_trade, rate_limit_cost_per_minute=LIMIT) as api:
        answers = [await eighty(api, "ada"), await posted(api, "ada", VIEWER)]
        for seconds in (30, 60):
            clock.seconds += seconds
            answers.append(await posted(api, "ada", VIEWER))
    assert [answer.json()["extensions"]["cost"]["requested"] for answer in answers] == [79, 1, 1, 1]
    policy = '"cost";q=100;w=60'
    assert [limit_headers(answer) for answer in answers] == [
        ['"cost";r=20;t=48', policy, None],
        ['"cost";r=19;t=49', policy, None],
        ['"cost";r=68;t=20', policy, None],
        ['"cost";r=99;t=1', policy, None],
    ]


async def test_after_the_time_that_is_told_it_is_covered_and_not_before(
    databases: Databases, loaded_trade: Loaded, clock: Clock
) -> None:
    async with databases.serving(loaded_trade, rate_limit_cost_per_minute=LIMIT) as api:
        statuses = [(await eighty(api, "ada")).status_code]
        refused = await eighty(api, "ada")
        wait = int(refused.headers["Retry-After"])
        for seconds in (wait - 1, 1):
            clock.seconds += seconds
            statuses.append((await eighty(api, "ada")).status_code)
    assert (wait, statuses) == (36, [200, 429, 200])


async def test_unless_it_is_set_nobody_is_counted(databases: Databases, loaded_trade: Loaded) -> None:
    async with databases.serving(loaded_trade) as api:
        assert limit_headers(await eighty(api, "ada")) == [None, None, None]


async def test_what_exceeds_the_limit_is_refused_and_writes_nothing(databases: Databases, loaded_trade: Loaded) -> None:
    async with databases.serving(loaded_trade, rate_limit_cost_per_minute=LIMIT) as api:
        assert (await eighty(api, "ada")).status_code == 200
        before, counted = await contents(api.database_url), await measured(api.http)
        with capture_logs() as log:
            response = await posted(api, "ada", A_COPY, input={"flowId": api.id("plain")})
        assert await contents(api.database_url) == before
        growth = grown(counted, await measured(api.http), "flowport_refused_requests_total")
        others = [await eighty(api, "berta"), await posted(api, "ada", VIEWER)]
    assert code_of(response) == (429, "RATE_LIMITED")
    assert limit_headers(response) == ['"cost";r=20;t=48', '"cost";q=100;w=60', "2"]
    assert error_of(response)["message"] == (
        "The operation costs 22, and of your rate limit of 100 a minute 20 are left. Try again in 2 seconds, or ask for less."
    )
    assert growth == {"RATE_LIMITED": 1}
    assert [(line["event"], line["code"]) for line in log] == [("request refused", "RATE_LIMITED")]
    # Another caller has a limit of its own, and of this one's nothing was taken.
    assert [(other.status_code, limit_headers(other)[0]) for other in others] == [
        (200, '"cost";r=20;t=48'),
        (200, '"cost";r=19;t=49'),
    ]


async def test_what_costs_more_than_the_whole_limit_is_never_covered(
    databases: Databases, loaded_trade: Loaded
) -> None:
    async with databases.serving(loaded_trade, rate_limit_cost_per_minute=78) as api:
        response, after = await eighty(api, "ada"), await posted(api, "ada", VIEWER)
    assert code_of(response) == (429, "RATE_LIMITED")
    assert limit_headers(response) == ['"cost";r=78;t=0', '"cost";q=78;w=60', None]
    assert error_of(response)["message"] == (
        "The operation costs 79, more than your rate limit of 78 a minute. Ask for less at once."
    )
    assert (after.status_code, limit_headers(after)[0]) == (200, '"cost";r=77;t=1')


async def test_what_was_foreseen_of_an_answer_that_turns_out_smaller_is_given_back(
    databases: Databases, loaded_trade: Loaded
) -> None:
    async with databases.serving(loaded_trade, rate_limit_cost_per_minute=LIMIT) as api:
        answer = await posted(api, "ada", PAGE)
    there = len(answer.json()["data"]["workspaces"]["nodes"])
    assert (answer.json()["extensions"]["cost"]["requested"], limit_headers(answer)[0]) == (
        80,
        f'"cost";r={LIMIT - there - 1};t={-(-(there + 1) * 60 // LIMIT)}',
    )


async def test_what_nobody_could_foresee_is_owed(databases: Databases, loaded_trade: Loaded, clock: Clock) -> None:
    nodes = [{"id": f"s{number}", "command": "core/timer:timer"} for number in range(200)]
    wish = {"workspaceId": "", "name": "Large", "graph": {"nodes": nodes, "edges": []}}
    create = "mutation($input: CreateFlowInput!) { createFlow(input: $input) { draft { graph { steps { stepId } } } } }"
    async with databases.serving(loaded_trade, rate_limit_cost_per_minute=LIMIT) as api:
        created = await posted(api, "ada", create, input=wish | {"workspaceId": api.id("workshop")})
        assert len(created.json()["data"]["createFlow"]["draft"]["graph"]["steps"]) == 200
        refused = await posted(api, "ada", VIEWER)
        clock.seconds += int(refused.headers["Retry-After"])
        after = await posted(api, "ada", VIEWER)
    assert (limit_headers(created)[0], code_of(refused), after.status_code) == (
        '"cost";r=0;t=134',
        (429, "RATE_LIMITED"),
        200,
    )


async def test_what_is_owed_is_owed_for_longer_than_a_minute(clock: Clock) -> None:
    """What an operation did beyond what could be foreseen of it may be many times the limit."""
    limiter = RateLimiter(LIMIT)
    assert await limiter.spend("ada", back=0, spent=10 * LIMIT, covered_only=False) == (True, -9 * LIMIT)
    found = []
    for _ in range(3):
        clock.seconds += 270
        found.append(await limiter.spend("ada", back=0, spent=1, covered_only=True))
    assert found == [(False, -450), (False, 0), (True, 99)]
