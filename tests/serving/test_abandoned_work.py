"""Work that nobody waits for ends, and keeps its slot until then; a caller is a user, however its header is spelled."""

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest

from app import offload
from app.domain.edit import plan_create
from app.offload import LARGE, interruptible
from app.usecases import change_flow
from tests.databases import Databases, Loaded
from tests.serving.real import VIEWER, Real, code_of, error_of, real_server, soon, soon_true

CREATE = "mutation($input: CreateFlowInput!) { createFlow(input: $input) { flow { id } errors { message } } }"


LARGE_GRAPH = {"nodes": [{"id": "s", "command": "a/b", "fields": {"text": "x" * LARGE}}], "edges": []}


class SlowRule:
    """A rule in a thread that decides item after item, each when a test says so."""

    def __init__(self) -> None:
        self.begun, self.go_on = threading.Event(), threading.Event()
        self.decided = 0
        self.computation: offload.Computation | None = None

    @property
    def is_abandoned(self) -> bool:
        return self.computation is not None and self.computation.is_abandoned

    def __call__(self, *given: Any) -> Any:
        self.computation = offload._computation.get()
        for _ in interruptible(self._items()):
            self.decided += 1
        return plan_create(*given)

    def _items(self) -> Iterator[int]:
        for item in range(3):
            yield item
            self.begun.set()
            assert self.go_on.wait(30)


@pytest.fixture
def rule(monkeypatch: pytest.MonkeyPatch) -> Iterator[SlowRule]:
    slow = SlowRule()
    monkeypatch.setattr(change_flow, "plan_create", slow)
    yield slow
    slow.go_on.set()


@pytest.fixture
async def narrow(databases: Databases, loaded_trade: Loaded) -> AsyncIterator[Real]:
    """A server where each caller has one slot; it knows the tokens of two."""
    # Whoever waits for a slot is not to be refused meanwhile, however busy the machine is.
    async with real_server(databases, loaded_trade, max_running_requests=2, max_wait_seconds=60) as real:
        for user in ("ada", "carl"):
            assert (await real.posting(VIEWER, user=user)).status_code == 200
        yield real


async def viewer_asked(real: Real, authorization: str) -> httpx.Response:
    return await real.api.http.post("/graphql", json={"query": VIEWER}, headers={"Authorization": authorization})


async def test_who_hangs_up_keeps_its_slot_until_its_thread_has_ended_which_is_soon(
    narrow: Real, rule: SlowRule
) -> None:
    body = json.dumps({"query": CREATE, "variables": {"input": narrow.creation("Never") | {"graph": LARGE_GRAPH}}})
    async with narrow.saying(*narrow.head_of_a_post(len(body)), body):
        assert await asyncio.to_thread(rule.begun.wait, 30)
    assert await soon(lambda: rule.is_abandoned)
    again = narrow.posting(VIEWER)
    for _ in range(3):
        assert (await narrow.posting(VIEWER, user="carl")).status_code == 200
    assert not again.done()
    rule.go_on.set()
    assert (await again).status_code == 200
    assert rule.decided == 1
    assert "Never" not in await narrow.names()


async def test_other_spellings_of_a_header_are_the_same_caller(narrow: Real, rule: SlowRule) -> None:
    creating = narrow.posting(CREATE, input=narrow.creation("Made") | {"graph": LARGE_GRAPH})
    assert await asyncio.to_thread(rule.begun.wait, 30)
    token = narrow.api.tokens["ada"]
    spelled = [f"bearer {token}", f"bEArER   {token}", f"BEARER {token}"]
    again = [asyncio.create_task(viewer_asked(narrow, each)) for each in spelled]
    for _ in range(3):
        assert (await narrow.posting(VIEWER, user="carl")).status_code == 200
    assert [task.done() for task in again] == [False] * 3
    rule.go_on.set()
    assert [response.status_code for response in await asyncio.gather(creating, *again)] == [200] * 4


async def test_who_does_not_take_its_answers_is_not_admitted_until_it_leaves_while_others_are(
    databases: Databases, loaded_trade: Loaded
) -> None:
    document = f"query($id: ID!) {{ flow(id: $id) {{ draft {{ graph {{ {aliases_of('native', 17)} }} }} }} }}"
    bounds = {"max_untaken_bytes": 20_000_000, "max_wait_seconds": 0.2}
    async with real_server(databases, loaded_trade, **bounds) as real:
        wish = real.creation("Large") | {
            "graph": {"nodes": [{"id": "s", "command": "a/b", "fields": {"x": "x" * 900_000}}], "edges": []}
        }
        created = await real.posting(CREATE, input=wish)
        body = json.dumps({"query": document, "variables": {"id": created.json()["data"]["createFlow"]["flow"]["id"]}})

        async def code() -> str:
            response = await real.posting(VIEWER)
            return "" if response.status_code == httpx.codes.OK else code_of(response)[1]

        async def is_refused() -> bool:
            return await code() == "OVERLOADED"

        async def is_admitted() -> bool:
            return not await code()

        head = real.head_of_a_post(len(body))
        async with real.saying(*head, body), real.saying(*head, body):
            assert await soon_true(is_refused)
            refused, other = await real.posting(VIEWER), await real.posting(VIEWER, user="carl")
        assert await soon_true(is_admitted)
    assert error_of(refused)["message"].startswith("You haven't taken earlier answers")
    assert other.status_code == httpx.codes.OK


def aliases_of(field: str, number: int) -> str:
    return " ".join(f"a{position}: {field}" for position in range(number))
