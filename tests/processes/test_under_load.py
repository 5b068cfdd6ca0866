"""`flowport serve` as processes, told to stop while callers work: nothing acknowledged is lost, nothing left unanswered."""

import asyncio
import re
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
from sqlalchemy import text

from app.storage.connections.engine import engine_of
from app.storage.embedded.data_directory import DataDirectory, find_postmaster
from app.storage.embedded.running import running, url_of
from tests.cli.flowport import serving
from tests.clusters import with_cluster
from tests.databases import Databases, Loaded
from tests.embedded.embedded_users import arguments_of, server_of
from tests.plain_http import TRUSTS_NOBODY
from tests.serving.load import Load
from tests.serving.real import COPY, VIEWER, soon, soon_true

MADE = "select name from flow where name like 'Load %'"
HALF_WRITTEN = """
  select name from flow where name like 'Load %' and not exists (
    select 1 from flow_draft join flow_content on flow_content.hash = content_hash where flow_id = flow.id
  )
"""
LOCK_FLOW = text("select 1 from flow where id = :flow for update")
WAITING = """
  select pid from pg_stat_activity
  where datname = current_database() and application_name = 'flowport' and wait_event_type = 'Lock'
"""
ACCESSES = "{ workspaces { nodes { id name flows(first: 2) { nodes { id } } } } }"


async def rows(url: str, statement: str) -> set[str]:
    async with engine_of(url).connect() as connection:
        return set((await connection.execute(text(statement))).scalars())


PATIENT: dict[str, Any] = dict.fromkeys(("SHUTDOWN_SECONDS", "WORKER_TIMEOUT_SECONDS", "LOCK_TIMEOUT_SECONDS"), "60")
"""Since some of the workers are stopped here for a while, and others wait."""


class Workers:
    """The worker processes of a server."""

    def __init__(self, parent: int) -> None:
        self._parent = psutil.Process(parent)

    def all(self) -> list[psutil.Process]:
        return [child for child in self._parent.children() if arguments_of(child) == arguments_of(self._parent)]

    @contextmanager
    def others_stopped(self, worker: psutil.Process) -> Iterator[None]:
        """The others sleep, so that this one gets what comes."""
        others = [each for each in self.all() if each != worker]
        for each in others:
            each.suspend()
        try:
            yield
        finally:
            for each in others:
                each.resume()

    def metrics_folder(self) -> Path:
        """Where the files lie that they have mapped."""
        [folder] = {Path(each.path).parent for each in self.all()[0].memory_maps() if "flowport-metrics-" in each.path}
        return folder


def fresh_connections(url: str, token: str) -> httpx.AsyncClient:
    """A client with a connection for each request, so that one worker or the other takes it."""
    limits = httpx.Limits(max_keepalive_connections=0)
    return httpx.AsyncClient(
        base_url=url, headers={"Authorization": f"Bearer {token}"}, limits=limits, timeout=60, verify=TRUSTS_NOBODY
    )


async def stopped_under_load(load: Load, workers: Workers, database_url: str, other_flow: str, stop: Any) -> None:
    """Each worker has a copy of the other flow to finish: none may go before all callers have been turned away."""
    async with fresh_connections(load.url, load.token) as http:
        async with engine_of(database_url).begin() as connection:
            await connection.execute(LOCK_FLOW, {"flow": other_flow})
            begun: list[asyncio.Task[httpx.Response]] = []
            for worker in workers.all():
                name = f"Load of {worker.pid}"
                copy = {"query": COPY, "variables": {"input": {"flowId": other_flow, "name": name}}}
                with workers.others_stopped(worker):
                    begun.append(asyncio.create_task(http.post("/graphql", json=copy)))
                    assert await soon_true(lambda: as_many_wait(database_url, len(begun)))
                load.outcome.made.add(name)
            callers = load.start()
            assert await soon(lambda: load.outcome.answered > 30 or callers.done())
            stop()
            await asyncio.wait_for(callers, 60)
            assert not any(copy.done() for copy in begun)
        answers = [await copy for copy in begun]
    assert [answer.json()["data"]["copyFlow"]["errors"] for answer in answers] == [[]] * len(begun)
    assert load.outcome.lost == []
    assert load.outcome.turned_away > 0
    assert len(load.outcome.made) > 15


async def as_many_wait(database_url: str, number: int) -> bool:
    return len(await rows(database_url, WAITING)) == number


@pytest.fixture
async def url(databases: Databases, loaded_trade: Loaded, monkeypatch: pytest.MonkeyPatch) -> Any:
    async with databases.copy(loaded_trade.name) as made:
        monkeypatch.setenv("FLOWPORT_DATABASE_URL", made)
        yield made


async def viewers_counted(http: httpx.AsyncClient) -> set[int]:
    """How many questions the metrics count, as one worker or the other tells."""
    counted = set()
    for _ in range(8):
        told = (await http.get("/metrics")).text
        counts = re.findall(r'^flowport_operations_total\{operation="viewer",outcome="ok"\} (\d+)', told, re.MULTILINE)
        counted.add(int(counts[0]))
    return counted


async def test_under_load_one_process_loses_nothing_and_its_database_stops_last(folder: Path) -> None:
    data_dir = with_cluster(folder / "data")
    with serving(data_dir, **PATIENT) as server:
        async with fresh_connections(server.url, "demo-integrator") as http:
            asked = (await http.post("/graphql", json={"query": ACCESSES})).json()
        [place] = [each for each in asked["data"]["workspaces"]["nodes"] if each["name"] == "Retail Development"]
        flow, other = [each["id"] for each in place["flows"]["nodes"]]
        load, workers = Load(server.url, "demo-integrator", flow, place["id"]), Workers(server.process.pid)
        postmaster = find_postmaster(DataDirectory(data_dir))
        assert postmaster is not None
        url = url_of(postmaster)
        await stopped_under_load(load, workers, url, other, lambda: server.process.send_signal(signal.SIGTERM))
        assert await asyncio.to_thread(server.process.wait, 30) == 0
    assert server_of(data_dir) is None
    with running(data_dir) as url:
        assert await rows(url, MADE) == load.outcome.made
        assert await rows(url, HALF_WRITTEN) == set()


async def test_several_processes_count_together_replace_a_dead_one_and_lose_nothing_at_ctrl_c(
    url: str, loaded_trade: Loaded, folder: Path
) -> None:
    with serving(folder, "--workers", "2", **PATIENT) as server:
        workers = Workers(server.process.pid)
        assert await soon(lambda: len(workers.all()) == 2)
        metrics = workers.metrics_folder()
        async with fresh_connections(server.url, loaded_trade.tokens["ada"]) as http:
            for _ in range(20):
                await http.post("/graphql", json={"query": VIEWER})
            assert await viewers_counted(http) == {20}
            dead = workers.all()[0]
            files = {file.name for file in metrics.iterdir()}
            dead.kill()
            assert await soon(lambda: len({each.pid for each in workers.all()} - {dead.pid}) == 2)
            assert await viewers_counted(http) == {20}
            assert "\nflowport_workers_replaced_total 1.0\n" in (await http.get("/metrics")).text
        # The one that replaces it has its files.
        assert {file.name for file in metrics.iterdir()} == files

        load = Load(server.url, loaded_trade.tokens["ada"], loaded_trade.ids["plain"], loaded_trade.ids["workshop"])

        def press_ctrl_c() -> None:
            for process in (*workers.all(), psutil.Process(server.process.pid)):
                process.send_signal(signal.SIGINT)

        await stopped_under_load(load, workers, url, loaded_trade.ids["one-topic"], press_ctrl_c)
        assert await asyncio.to_thread(server.process.wait, 30) == 0
    assert not metrics.exists()
    assert await rows(url, MADE) == load.outcome.made
    assert await rows(url, HALF_WRITTEN) == set()
