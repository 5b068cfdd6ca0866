"""The temporary folder is full: metrics, which lie there in files of all server processes, cost no process its life."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.telemetry.metrics_files import BYTES
from tests.cli.flowport import forked, serving
from tests.crashes.small_disk import small_disk
from tests.databases import Databases, Loaded
from tests.processes.test_under_load import Workers, fresh_connections
from tests.serving.real import COPY, VIEWER, soon, soon_true

WORKERS = 2
SIZE = (WORKERS + 1) * sum(BYTES.values()) + 65_536
"""Of a disk on which there is room for the files and little else."""
EVERY_LABEL = """
import struct, sys
from pathlib import Path
from app.http.documents import ROOT_FIELDS
from app.http.responses import RequestCode
from app.telemetry import metrics
for operation in {*ROOT_FIELDS, "several", "unknown"}:
    for outcome in ("ok", "refused", "failed", "cancelled"):
        metrics.operation_ended(operation, outcome, seconds=1, statements=1)
for code in RequestCode:
    metrics.request_refused(code)
metrics.CONNECTIONS.inc()
for file in Path(sys.argv[1]).iterdir():
    print(file.name, struct.unpack("i", file.read_bytes()[:4])[0])
"""


@pytest.fixture
def small(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A temporary folder that is a small disk of its own."""
    with small_disk(folder / "small", SIZE) as made:
        if made is None:
            pytest.skip("only root can mount a small disk, and on Linux")
        monkeypatch.setenv("TMPDIR", str(made))
        yield made


@pytest.fixture
async def url(databases: Databases, loaded_trade: Loaded, monkeypatch: pytest.MonkeyPatch) -> Any:
    async with databases.copy(loaded_trade.name) as made:
        monkeypatch.setenv("FLOWPORT_DATABASE_URL", made)
        yield made


def fill(disk: Path, *, leave: int = 0) -> None:
    with (disk / "filling").open("wb", buffering=0) as file:
        room = os.statvfs(disk)
        wanted = room.f_bavail * room.f_frsize - leave
        assert os.write(file.fileno(), bytes(wanted)) == wanted


async def counted(http: httpx.AsyncClient, operation: str) -> float:
    told = (await http.get("/metrics")).text.splitlines()
    name = f'flowport_operations_total{{operation="{operation}"'
    return sum(float(line.rpartition(" ")[2]) for line in told if line.startswith(name))


async def test_processes_whose_temporary_folder_is_full_live_on_and_measure(
    url: str, small: Path, folder: Path, loaded_trade: Loaded
) -> None:
    assert url
    with serving(folder, "--workers", str(WORKERS)) as server:
        workers = Workers(server.process.pid)
        assert await soon(lambda: len(workers.all()) == WORKERS)
        fill(small)
        before = {each.pid for each in workers.all()}
        async with fresh_connections(server.url, loaded_trade.tokens["ada"]) as http:
            for number in range(20):
                # Both are the first that are measured of their kinds.
                copy = {"flowId": loaded_trade.ids["plain"], "name": f"Copy {number}"}
                for body in ({"query": VIEWER}, {"query": COPY, "variables": {"input": copy}}):
                    assert (await http.post("/graphql", json=body)).status_code == 200
            assert {each.pid for each in workers.all()} == before
            assert (await counted(http, "viewer"), await counted(http, "copyFlow")) == (20, 20)
            workers.all()[0].kill()

            async def is_replaced() -> bool:
                return len({each.pid for each in workers.all()} - before) == 1 and len(workers.all()) == WORKERS

            assert await soon_true(is_replaced)
            for _ in range(20):
                assert (await http.post("/graphql", json={"query": VIEWER})).status_code == 200
            assert await counted(http, "viewer") == 40


@pytest.mark.usefixtures("url")
async def test_where_there_is_no_room_for_metrics_the_server_serves_without_and_says_so(
    small: Path, folder: Path, loaded_trade: Loaded
) -> None:
    fill(small, leave=8192)
    log = folder / "log"
    with log.open("w") as written, serving(folder, "--workers", str(WORKERS), stderr=written.fileno()) as server:
        async with fresh_connections(server.url, loaded_trade.tokens["ada"]) as http:
            for _ in range(10):
                assert (await http.post("/graphql", json={"query": VIEWER})).status_code == 200
            told = await http.get("/metrics")
    assert told.status_code == 503
    assert "no room for metrics" in told.json()["errors"][0]["message"]
    [line] = [line for line in map(json.loads, log.read_text().splitlines()) if line["event"] == "metrics are off"]
    assert (line["level"], "No space left on device" in line["reason"]) == ("error", True)
    assert [each.name for each in small.iterdir()] == ["filling"]


def test_all_labels_that_there_are_fit_twice_into_the_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path))
    told = forked("tests.cli.code", EVERY_LABEL, tmp_path)
    used = {name: int(size) for name, size in map(str.split, told.stdout.splitlines())}
    assert used.keys() == {f"{kind}_MainProcess.db" for kind in BYTES}
    assert all(2 * used[f"{kind}_MainProcess.db"] <= size for kind, size in BYTES.items())
