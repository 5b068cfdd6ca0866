"""The embedded database of a server ends by itself: it is restarted, by one of those who use it."""

import json
import os
import shutil
import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import httpx

from tests.cli.flowport import Server, serving
from tests.clusters import with_cluster
from tests.plain_http import TRUSTS_NOBODY
from tests.storage.embedded_users import eventually, server_of, watches_of

INTEGRATOR = {"Authorization": "Bearer demo-integrator"}
WORKSPACE = '{ workspaces(search: "Retail Development") { nodes { id } } }'
CREATE = """
    mutation($workspace: ID!, $name: String!) {
        createFlow(input: {workspaceId: $workspace, name: $name, graph: {nodes: [], edges: []}}) { errors { code } }
    }
"""
FLOWS = (
    "query($workspace: ID!, $name: String!) { workspace(id: $workspace) { flows(search: $name) { nodes { name } } } }"
)


class Log:
    """What a server logs."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def lines(self, event: str) -> list[dict[str, Any]]:
        whole = [line for line in self._path.read_text().splitlines(keepends=True) if line.endswith("\n")]
        return [line for line in map(json.loads, whole) if line["event"] == event]


@contextmanager
def logged(folder: Path, data_dir: Path, *options: str) -> Iterator[tuple[Server, Log]]:
    """The supervisor looks once a second."""
    path = folder / f"{len(list(folder.iterdir()))}.log"
    with (
        path.open("w", encoding="utf-8") as written,
        serving(data_dir, *options, stderr=written.fileno(), WORKER_TIMEOUT_SECONDS="4") as server,
    ):
        yield server, Log(path)


def ask(server: Server, document: str, **variables: str) -> httpx.Response:
    body = {"query": document, "variables": variables}
    return httpx.post(f"{server.url}/graphql", json=body, headers=INTEGRATOR, timeout=60, verify=TRUSTS_NOBODY)


def is_ready(server: Server) -> bool:
    return httpx.get(f"{server.url}/ready", timeout=60, verify=TRUSTS_NOBODY).status_code == 200


def workspace_of(server: Server) -> str:
    [workspace] = ask(server, WORKSPACE).json()["data"]["workspaces"]["nodes"]
    return str(workspace["id"])


def create(server: Server, name: str) -> None:
    answer = ask(server, CREATE, workspace=workspace_of(server), name=name)
    assert answer.json()["data"] == {"createFlow": {"errors": []}}


def names(server: Server, search: str) -> set[str]:
    found = ask(server, FLOWS, workspace=workspace_of(server), name=search).json()["data"]
    return {flow["name"] for flow in found["workspace"]["flows"]["nodes"]}


def is_another(data_dir: Path, before: int) -> bool:
    return server_of(data_dir) not in {None, before}


def kill_database(data_dir: Path) -> int:
    server = server_of(data_dir)
    assert server is not None
    os.kill(server, signal.SIGKILL)
    return server


def test_a_database_that_was_killed_is_started_once_by_all_who_use_it_and_nothing_is_lost(folder: Path) -> None:
    data_dir = with_cluster(folder / "data")
    with ExitStack() as stack:
        one, log = stack.enter_context(logged(folder, data_dir, "--workers", "2"))
        two, other_log = stack.enter_context(logged(folder, data_dir))
        for number in range(2):
            create(one, f"Kept {number}")
            killed = kill_database(data_dir)
            # Until it has noticed that, it may answer on what is still open.
            assert eventually(partial(is_another, data_dir, killed))
            assert eventually(lambda: is_ready(one) and is_ready(two))
            assert names(two, "Kept") == {f"Kept {each}" for each in range(number + 1)}
        assert (data_dir / "postgres.log").read_text().count("starting PostgreSQL") == 3
        assert len(watches_of(data_dir)) == 1
        restarted = "embedded database restarted"
        # The server may be ready before it has said so.
        assert eventually(lambda: len([*log.lines(restarted), *other_log.lines(restarted)]) == 2)
        ended = [line for each in (log, other_log) for line in each.lines("embedded database ended and is restarted")]
        assert min(line["delay"] for line in ended) == 0.1
        assert [server.end(signal.SIGTERM) for server in (one, two)] == [0, 0]
    assert server_of(data_dir) is None
    assert eventually(lambda: watches_of(data_dir) == [])


def test_one_that_cant_start_is_tried_ever_more_slowly_until_it_can_or_the_server_stops(folder: Path) -> None:
    data_dir = with_cluster(folder / "data")
    with logged(folder, data_dir) as (server, log):
        needed = data_dir / "postgres" / "global" / "pg_control"
        away = folder / "pg_control"
        failed = "embedded database could not be started"
        # A move within one file system keeps its owner.
        shutil.move(needed, away)
        kill_database(data_dir)
        assert eventually(lambda: len(log.lines(failed)) >= 2)
        response = httpx.get(f"{server.url}/ready", timeout=60, verify=TRUSTS_NOBODY)
        assert (response.status_code, response.json()["errors"][0]["message"]) == (
            503,
            "The database is not reachable.",
        )
        assert ask(server, WORKSPACE).status_code == 503
        assert "pg_control" in log.lines(failed)[0]["reason"]
        shutil.move(away, needed)
        assert eventually(lambda: is_ready(server))
        delays = [line["delay"] for line in log.lines("embedded database ended and is restarted")]
        assert delays[:3] == [0.1, 0.2, 0.4]
        failures = len(log.lines(failed))
        assert ask(server, WORKSPACE).status_code == 200
        # It stops as well while it is down.
        needed.unlink()
        kill_database(data_dir)
        assert eventually(lambda: len(log.lines(failed)) > failures)
        assert server.end(signal.SIGTERM) == 0
    assert server_of(data_dir) is None
