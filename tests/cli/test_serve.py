"""`flowport serve` from start to end, as a process."""

import json
import shutil
import signal
import subprocess
from pathlib import Path

import httpx
import pytest

from tests.cli.flowport import flowport, serving
from tests.storage.embedded_users import eventually, server_of

TOKEN = {"Authorization": "Bearer demo-integrator"}


@pytest.fixture(scope="module")
def data_dir(session_folder: Path) -> Path:
    return session_folder / "served"


@pytest.mark.parametrize(
    ("number", "options"), [(signal.SIGINT, []), (signal.SIGTERM, []), (signal.SIGTERM, ["--workers", "2"])]
)
def test_a_signal_stops_the_server_and_its_database(data_dir: Path, number: signal.Signals, options: list[str]) -> None:
    with serving(data_dir, *options) as server:
        assert httpx.get(f"{server.url}/ready").status_code == 200
        assert server_of(data_dir) is not None
        assert server.end(number) == 0
    assert server_of(data_dir) is None


@pytest.mark.parametrize("options", [[], ["--workers", "2"]])
def test_after_a_kill_nothing_is_left_and_the_next_start_serves(data_dir: Path, options: list[str]) -> None:
    with serving(data_dir, *options) as killed:
        port = killed.url.split(":")[-1]
        killed.end(signal.SIGKILL)
    assert eventually(lambda: server_of(data_dir) is None)
    with serving(data_dir, *options, "--port", port) as server:
        assert httpx.get(f"{server.url}/ready").status_code == 200


def test_the_greeting_has_the_tokens_and_an_export_to_paste(data_dir: Path) -> None:
    with serving(data_dir) as server:
        assert server.end(signal.SIGTERM) == 0
    url, tokens, invitation, *curl = server.greeting
    assert url == f"Flowport serves GraphQL, and GraphiQL for browsers, on {server.url}/graphql"
    assert tokens == "Tokens of the demo world: demo-integrator demo-admin demo-guest demo-outsider"
    assert invitation == "Export a flow:"
    assert curl[0].startswith("curl ")


@pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl to paste the command into")
def test_the_command_of_the_greeting_exports_a_flow_when_pasted(data_dir: Path) -> None:
    with serving(data_dir) as server:
        assert server.process.stdout is not None
        command = [server.process.stdout.readline() for _ in range(3)][-1]
        told = subprocess.run(["sh", "-c", command], capture_output=True, text=True, timeout=30, check=True)
    exported = json.loads(told.stdout)["data"]["exportFlow"]
    assert (exported["errors"], exported["flow"]["workspace"]["name"]) == ([], "Retail Production")


def test_every_line_of_the_log_is_json_the_server_s_own_lines_too(data_dir: Path) -> None:
    with serving(data_dir, stderr=subprocess.PIPE) as server:
        httpx.post(f"{server.url}/graphql", json={"query": "query Asked { __typename }"}, headers=TOKEN)
        assert server.process.stderr is not None
        server.process.send_signal(signal.SIGTERM)
        lines = [json.loads(line) for line in server.process.stderr]
    assert all({"level", "timestamp", "event"} <= line.keys() for line in lines)
    assert "Application startup complete." in [line["event"] for line in lines if line.get("logger") == "uvicorn.error"]
    [operation] = [line for line in lines if line["event"] == "operation"]
    assert (operation["operation"], operation["outcome"], operation["level"]) == ("Asked", "ok", "info")


def test_the_other_commands_work_while_the_server_runs(data_dir: Path) -> None:
    with serving(data_dir) as server:
        listed = flowport("token", "--list", "--data-dir", data_dir)
        assert (listed.returncode, listed.stderr) == (0, "")
        assert httpx.get(f"{server.url}/ready").status_code == 200


@pytest.mark.parametrize("options", [[], ["--no-demo"]])
def test_the_demo_world_is_not_served_to_other_hosts(data_dir: Path, options: list[str]) -> None:
    if options and not data_dir.exists():
        with serving(data_dir):
            pass
    told = flowport("serve", "--host", "0.0.0.0", "--port", "0", "--data-dir", data_dir, *options)
    assert (told.returncode, told.stdout) == (1, "")
    assert "loopback only" in told.stderr


def test_a_server_of_other_hosts_takes_no_token_of_a_demo_world_that_comes_later(folder: Path) -> None:
    data_dir, asked = folder / "data", {"query": "{ viewer { id } }"}
    with serving(data_dir, "--no-demo", "--host", "0.0.0.0") as to_all, serving(data_dir) as to_us:
        answers = [httpx.post(f"{server.url}/graphql", json=asked, headers=TOKEN) for server in (to_us, to_all)]
    assert [answer.status_code for answer in answers] == [200, 401]
    assert answers[1].headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'


def test_without_the_demo_world_other_hosts_are_served(folder: Path) -> None:
    with serving(folder / "data", "--no-demo", "--host", "0.0.0.0") as server:
        assert server.end(signal.SIGTERM) == 0
    assert server.greeting == [f"Flowport serves GraphQL, and GraphiQL for browsers, on {server.url}/graphql"]
