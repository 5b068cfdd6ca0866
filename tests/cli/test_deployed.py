"""What is deployed: a server on a file system that is read-only, and the files that say how to run it."""

import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

import httpx
import pytest

from app.settings import Settings, variable
from tests.cli.flowport import COMMAND, Server, wait_until_healthy
from tests.readme.files import ROOT

DEPLOY = ROOT / "scripts/deploy"
INTEGRATOR = {"Authorization": "Bearer demo-integrator"}
CREATE = """
    mutation($workspace: ID!) {
        createFlow(input: {workspaceId: $workspace, name: "New", graph: {nodes: [], edges: []}}) { errors { code } }
    }
"""
READ_ONLY = r"""
    set -eu
    mount --make-rprivate /
    mount --bind "$1" "$1"
    mount -t tmpfs -o mode=1777 tmpfs "$1/tmp"
    cut -d' ' -f2 /proc/self/mounts | while read -r point; do
        case $point in /proc* | /sys* | /dev* | "$1"*) ;; *) mount -o remount,ro,bind "$point" 2>/dev/null || true ;; esac
    done
    if touch "$2/written" 2>/dev/null; then echo "it is not read-only"; exit 1; fi
    shift 2
    exec "$@"
"""
LOCKED = re.compile(r"^([a-z0-9-]+==[^ ]+)", re.MULTILINE)


def may_mount() -> bool:
    unshare = shutil.which("unshare")
    if unshare is None or os.geteuid() != 0:
        return False
    tried = subprocess.run([unshare, "--mount", "mount", "--make-rprivate", "/"], capture_output=True, check=False)
    return tried.returncode == 0


@pytest.mark.skipif(
    not may_mount(), reason="only root may make file systems read-only, in a mount namespace of its own"
)
def test_a_server_writes_nowhere_but_into_its_data_directory_and_the_temporary_folder(folder: Path) -> None:
    log, temporary, read_only = folder / "log", folder / "tmp", ("unshare", "--mount", "sh", "-c", READ_ONLY, "sh")
    temporary.mkdir()
    command = [*read_only, str(folder), tempfile.gettempdir(), *COMMAND, "serve", "--port", "0", "--workers", "2"]
    environ = os.environ | {"TMPDIR": str(temporary), "FLOWPORT_DATA_DIR": str(folder / "data")}
    with (
        log.open("w") as written,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=written, text=True, env=environ) as process,
    ):
        try:
            assert process.stdout is not None
            server = Server(process, [process.stdout.readline().strip()])
            wait_until_healthy(server)
            asked = {"query": '{ workspaces(search: "Retail Development") { nodes { id } } }'}
            found = httpx.post(f"{server.url}/graphql", json=asked, headers=INTEGRATOR, timeout=60).json()
            variables = {"workspace": found["data"]["workspaces"]["nodes"][0]["id"]}
            made = httpx.post(
                f"{server.url}/graphql", json={"query": CREATE, "variables": variables}, headers=INTEGRATOR, timeout=60
            )
            assert made.json()["data"] == {"createFlow": {"errors": []}}
            assert "flowport_operations_total" in httpx.get(f"{server.url}/metrics", timeout=60).text
            assert server.end(signal.SIGTERM) == 0
        finally:
            process.terminate()
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    assert [line for line in lines if line["level"] != "info"] == []


def test_every_setting_of_a_file_for_deployment_is_one() -> None:
    known = {variable(name) for name in Settings.model_fields}
    named = {name for file in DEPLOY.iterdir() for name in re.findall(r"\bFLOWPORT_[A-Z_]+", file.read_text())}
    assert named
    assert named <= known


def test_what_is_deployed_has_the_versions_that_are_tested() -> None:
    deployed = set(LOCKED.findall((DEPLOY / "requirements.lock").read_text()))
    tested = set(LOCKED.findall((ROOT / "requirements.lock").read_text()))
    assert len(deployed) > 50
    assert deployed - tested == set()


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")
def test_systemd_understands_the_unit(folder: Path) -> None:
    """But for the program, which isn't installed there."""
    unit = folder / "flowport.service"
    unit.write_text((DEPLOY / "flowport.service").read_text().replace("/opt/flowport/bin/flowport", "/bin/true"))
    told = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(unit)], capture_output=True, text=True, check=False
    )
    assert (told.returncode, [line for line in told.stderr.splitlines() if unit.name in line]) == (0, [])
