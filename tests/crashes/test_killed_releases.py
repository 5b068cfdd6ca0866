"""Releases whose command, server or connection ends at any moment do nothing twice when they are run again (G7)."""

import random
import subprocess
from asyncio import to_thread
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.client import commands
from app.client.api import Api
from app.client.planning import View, look
from app.client.release_file import ReleaseFile
from tests.client.pipelines import FLOWS, PATIENCE_SECONDS, REVIEW, ReleasePlace, release_place
from tests.databases import Databases, connected
from tests.serving.real import soon_true

ROUNDS = 4
LONGEST_SECONDS = 0.6
WAITING = "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
RECORDS = "select count(*), count(distinct source_flow_id) from flow_export where destination_workspace_id = $1"
STATES = "select state from release_request where workspace_id = $1 order by requested_at"


@pytest.fixture(scope="module")
async def place(databases: Databases) -> AsyncIterator[ReleasePlace]:
    async with release_place(databases) as place:
        yield place


class Killed(BaseException):
    """The end of a command that had no time to do anything more."""


@contextmanager
def ending(operation: str, monkeypatch: pytest.MonkeyPatch, failure: BaseException, *, sent: bool) -> Iterator[None]:
    """Fail the first call of an operation, before it is sent or once the server has done it and its answer is lost."""
    post, failures = httpx.Client.post, [failure]

    def failing(client: httpx.Client, url: str, *, json: Any) -> httpx.Response:
        fails = bool(failures) and json["operationName"] == operation
        answer = post(client, url, json=json) if sent or not fails else None
        if fails:
            raise failures.pop()
        assert answer is not None
        return answer

    with monkeypatch.context() as patched:
        patched.setattr(httpx.Client, "post", failing)
        patched.setattr("app.client.api.PAUSE_SECONDS", 0)
        yield
    assert failures == []


def killed_at(
    operation: str, command: str, file: Path, place: ReleasePlace, patch: pytest.MonkeyPatch, *, sent: bool
) -> None:
    with ending(operation, patch, Killed(), sent=sent), pytest.raises(Killed):
        place.call(command, file)


async def assert_released_once(place: ReleasePlace, store: str) -> None:
    flows = await place.flows(store)
    assert {(flow.status, flow.number) for flow in flows.values()} == {("ACTIVE", 1)}
    assert await place.rows(RECORDS, place.id(store)) == [(FLOWS, FLOWS)]


async def test_a_command_that_ends_before_or_after_each_call_goes_on_where_it_was(
    place: ReleasePlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = place.file("killed")
    for operation, sent in (("Flows", True), ("Export", False), ("Export", True), ("Publish", False)):
        killed_at(operation, "apply", file, place, monkeypatch, sent=sent)
        numbers = {flow.number for flow in (await place.flows("killed")).values()}
        assert numbers == (set() if (operation, sent) in {("Flows", True), ("Export", False)} else {None})
    killed_at("Publish", "apply", file, place, monkeypatch, sent=True)
    await assert_released_once(place, "killed")
    assert place.told("apply", file) == (0, {"in sync": FLOWS})
    await assert_released_once(place, "killed")


async def test_of_two_pipelines_at_once_each_ends_well_and_one_releases(place: ReleasePlace) -> None:
    """Both have looked before either exports: only the same keys keep the second from doing all of it again."""
    file = place.file("twice")
    async with connected(place.url) as connection:
        transaction = connection.transaction()
        await transaction.start()
        await connection.execute("select 1 from flow for update")
        with place.running("apply", file) as one, place.running("apply", file) as other:
            assert await soon_true(lambda: are_waiting(place, 2))
            await transaction.rollback()
            assert [await to_thread(each.wait, PATIENCE_SECONDS) for each in (one, other)] == [0, 0]
    await assert_released_once(place, "twice")


async def test_a_pipeline_whose_exports_another_one_has_published_meanwhile_ends_well(
    place: ReleasePlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The answer to its export is that of the other, whose drafts are gone."""
    file, looks = place.file("late"), []

    def look_late(api: Api, read: ReleaseFile) -> View:
        looks.append(look(api, read))
        if len(looks) == 1:
            with place.running("apply", file) as other:
                assert other.wait(PATIENCE_SECONDS) == 0
        return looks[-1]

    monkeypatch.setattr(commands, "look", look_late)
    assert place.told("apply", file) == (0, {"in sync": FLOWS})
    assert len(looks) == 2
    await assert_released_once(place, "late")


@pytest.mark.parametrize(("operation", "store"), [("Export", "lost"), ("Publish", "stopped")])
async def test_a_lost_answer_is_asked_for_again_and_nothing_is_done_twice(
    place: ReleasePlace, monkeypatch: pytest.MonkeyPatch, operation: str, store: str
) -> None:
    file = place.file(store)
    with ending(operation, monkeypatch, httpx.ReadError("lost"), sent=True):
        assert place.told("apply", file) == (0, {"create": FLOWS})
    await assert_released_once(place, store)


async def test_a_request_whose_answers_are_lost_is_made_withdrawn_and_undone_once(
    place: ReleasePlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = place.file("asked")
    with ending("Request", monkeypatch, httpx.ReadError("lost"), sent=True):
        assert place.told("request", file)[0] == 0
    assert await place.rows(STATES, place.id("asked")) == [("OPEN",)]
    killed_at("Withdraw", "undo", file, place, monkeypatch, sent=True)
    assert await place.rows(STATES, place.id("asked")) == [("WITHDRAWN",)]
    assert len(await place.flows("asked")) == FLOWS
    with ending("UndoExports", monkeypatch, httpx.ReadError("lost"), sent=True):
        assert place.told("undo", file)[0] == 0
    assert await place.flows("asked") == {}

    assert place.told("request", file)[0] == 0
    with ending("Withdraw", monkeypatch, httpx.ReadError("lost"), sent=True):
        assert place.told("undo", file) == (0, {"undone": FLOWS})
    assert await place.flows("asked") == {}
    assert place.told("request", file)[0] == 0
    assert await place.rows(STATES, place.id("asked")) == [("WITHDRAWN",), ("WITHDRAWN",), ("OPEN",)]
    [*_, (release_id,)] = await place.rows(
        "select id from release_request where workspace_id = $1 order by requested_at", place.id("asked")
    )
    place.ask(REVIEW, user="amy", releaseId=release_id, decision="APPROVE")
    with ending("UndoRelease", monkeypatch, httpx.ReadError("lost"), sent=True):
        assert place.told("undo", file, user="amy")[0] == 0
    assert {(flow.status, flow.number) for flow in (await place.flows("asked")).values()} == {("INACTIVE", 1)}


async def test_an_undoing_whose_answer_is_lost_puts_no_version_back_twice(
    place: ReleasePlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = place.file("stopped", "flows: [Flow-38, Flow-39]\nmappings: {equal-names: true}\nstart: true")
    place.told("apply", file)
    with ending("UndoRelease", monkeypatch, httpx.ReadError("lost"), sent=True):
        assert place.told("undo", file) == (0, {})
    flows = await place.flows("stopped")
    assert {(flows[name].status, flows[name].number) for name in ("Flow-38", "Flow-39")} == {("INACTIVE", 1)}
    place.edit(place.id("flow-38"), "workshop", "for the undoing")
    assert place.told("apply", file) == (0, {"override": 1, "in sync": 1})
    killed_at("UndoRelease", "undo", file, place, monkeypatch, sent=True)
    assert place.told("undo", file) == (0, {})
    again = (await place.flows("stopped"))["Flow-38"]
    assert (again.number, again.template) == (3, flows["Flow-38"].template)


async def test_a_process_that_is_killed_within_its_calls_is_run_again_and_does_nothing_twice(
    place: ReleasePlace,
) -> None:
    file = place.file("eight")
    for _ in range(2):
        async with connected(place.url) as connection, connection.transaction():
            await connection.execute("select 1 from flow for update")
            with place.running("apply", file):
                assert await soon_true(lambda: are_waiting(place, 1))
            # The server ends what nobody waits for any more; else it would go on once the flows are free.
            assert await soon_true(lambda: are_waiting(place, 0))
    chance = random.Random(8)  # noqa: S311 - no secrets
    for _ in range(ROUNDS):
        with place.running("apply", file) as process, suppress(subprocess.TimeoutExpired):
            process.wait(chance.uniform(0, LONGEST_SECONDS))
    status, _ = place.told("apply", file)
    assert status == 0
    flows = await place.flows("eight")
    assert {(flow.status, flow.number) for flow in flows.values()} == {("ACTIVE", 1)}
    assert await place.rows(RECORDS, place.id("eight")) == [(FLOWS, FLOWS)]
    assert place.told("apply", file) == (0, {"in sync": FLOWS})


async def test_a_release_goes_on_when_the_server_comes_back(place: ReleasePlace) -> None:
    file = place.file("nine")
    async with connected(place.url) as connection:
        transaction = connection.transaction()
        await transaction.start()
        await connection.execute("select 1 from flow for update")
        with place.running("apply", file) as process:
            assert await soon_true(lambda: are_waiting(place, 1))
            place.server.kill()
            await to_thread(place.server.start)
            await transaction.rollback()
            assert await to_thread(process.wait, PATIENCE_SECONDS) == 0
    assert await place.rows(RECORDS, place.id("nine")) == [(FLOWS, FLOWS)]
    assert {(flow.status, flow.number) for flow in (await place.flows("nine")).values()} == {("ACTIVE", 1)}


async def are_waiting(place: ReleasePlace, number: int) -> bool:
    """Whether so many calls wait for the flows that the test holds."""
    return await place.rows(WAITING) == [(number,)]
