"""What relations lead to is read for whole lists: the number of tasks doesn't depend on how many elements there are.

How many there are is not counted of what a resolver is asked for, such as `steps`.
"""

import asyncio
import re
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.api.client import Api
from tests.databases import Databases, Loaded

FLOWS = """query($id: ID!, $first: Int) { workspace(id: $id) { flows(first: $first) { nodes {
  name workspace { name contract { name } } createdBy { email } draft { author { email } flow { name } }
  again: createdBy { ...Person } publishedVersion { number publishedBy { ...Person } }
} } } }
fragment Person on User { firstName lastName }"""
STEPS = """query($id: ID!) { flow(id: $id) { draft { graph { steps {
  stepId component { name } again: component { title } topic { name workspace { name } }
} } } } }"""


@pytest.fixture(autouse=True)
def clients_are_not_watched(monkeypatch: pytest.MonkeyPatch) -> None:
    """That takes a task where a request takes longer than some milliseconds."""
    monkeypatch.setattr("app.http.in_flight.PROMPT_SECONDS", 60)


@pytest.fixture
async def api(databases: Databases, loaded_trade: Loaded) -> AsyncIterator[Api]:
    async with databases.serving(loaded_trade) as api:
        yield api


OURS = re.compile(r"/app/(execution|graphql)/")


class Tasks:
    """The names of the coroutines that the executor or the schema make tasks of.

    Tasks of the server, and those that close collected generators, aren't counted: they come at any time.
    """

    def __init__(self) -> None:
        self.made: list[str] = []

    def __enter__(self) -> "Tasks":
        asyncio.get_running_loop().set_task_factory(self._make)
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.get_running_loop().set_task_factory(None)

    def _make(self, loop: asyncio.AbstractEventLoop, coroutine: Any, **more: Any) -> "asyncio.Future[Any]":
        code = getattr(coroutine, "cr_code", None)
        if code is not None and OURS.search(code.co_filename):
            self.made.append(coroutine.__qualname__)
        return asyncio.Task(coroutine, loop=loop, **more)


async def tasks_for(api: Api, document: str, **variables: object) -> list[str]:
    with Tasks() as tasks:
        await api.caller("ada").ask(document, **variables)
    return tasks.made


async def created(api: Api, steps: int) -> str:
    nodes = [{"id": f"s{number}", "command": "acme/code:run"} for number in range(steps)]
    wish = {"workspaceId": api.id("workshop"), "name": f"{steps} steps", "graph": {"nodes": nodes, "edges": []}}
    create = "mutation($input: CreateFlowInput!) { createFlow(input: $input) { flow { id } } }"
    return str((await api.caller("ada").ask(create, input=wish))["createFlow"]["flow"]["id"])


async def test_a_long_page_of_flows_takes_as_many_tasks_as_a_short_one(api: Api) -> None:
    for _ in range(30):
        await created(api, 1)
    workshop = api.id("workshop")
    few = await tasks_for(api, FLOWS, id=workshop, first=5)
    assert few
    assert await tasks_for(api, FLOWS, id=workshop, first=30) == few


async def test_many_steps_take_as_many_tasks_as_few(api: Api) -> None:
    small, large = await created(api, 3), await created(api, 300)
    few = await tasks_for(api, STEPS, id=small)
    assert await tasks_for(api, STEPS, id=large) == few


async def test_what_relations_lead_to_is_answered_in_its_place(api: Api) -> None:
    flow = await created(api, 3)
    steps = (await api.caller("ada").ask(STEPS, id=flow))["flow"]["draft"]["graph"]["steps"]
    code = {"component": {"name": "code"}, "again": {"title": "The code"}, "topic": None}
    assert steps == [{"stepId": f"s{number}", **code} for number in range(3)]
