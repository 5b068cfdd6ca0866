"""`flowport serve` from start to end, as a process."""

import signal
from importlib.util import find_spec
from pathlib import Path

import httpx
import pytest

from tests.cli.flowport import flowport, serving
from tests.storage.embedded_users import eventually, server_of

pytestmark = pytest.mark.skipif(find_spec("app.main") is None, reason="the application isn't there yet")


@pytest.fixture(scope="module")
def data_dir(session_folder: Path) -> Path:
    return session_folder / "served"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("options", [[], ["--workers", "2"]])
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


def test_the_other_commands_work_while_the_server_runs(data_dir: Path) -> None:
    with serving(data_dir) as server:
        listed = flowport("token", "--list", "--data-dir", data_dir)
        assert (listed.returncode, listed.stderr) == (0, "")
        assert httpx.get(f"{server.url}/ready").status_code == 200


@pytest.mark.parametrize("options", [[], ["--no-demo"]])
def test_the_demo_world_is_not_served_to_other_hosts(data_dir: Path, options: list[str]) -> None:
    with serving(data_dir):
        pass
    told = flowport("serve", "--host", "0.0.0.0", "--port", "0", "--data-dir", data_dir, *options)
    assert (told.returncode, told.stdout) == (1, "")
    assert "loopback only" in told.stderr


def test_without_the_demo_world_other_hosts_are_served(folder: Path) -> None:
    with serving(folder / "data", "--no-demo", "--host", "0.0.0.0") as server:
        assert server.end(signal.SIGTERM) == 0
    assert server.greeting == [f"Flowport serves GraphQL, and GraphiQL for browsers, on {server.url}/graphql"]
