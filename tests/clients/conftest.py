"""The client of `scripts/clients` as a command."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

CLIENTS = Path(__file__).resolve().parents[2] / "scripts" / "clients"
BUILD_SECONDS = 600


@pytest.fixture(scope="session")
def program() -> list[str]:
    """The command of the client in TypeScript, built by npm, which fetches what it needs the first time."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        pytest.skip("the client in TypeScript needs node and npm, which are not there")
    made = subprocess.run(
        [CLIENTS / "typescript" / "make"], capture_output=True, text=True, timeout=BUILD_SECONDS, check=False
    )
    if made.returncode != 0 and "TS" not in made.stdout and os.environ.get("CI") != "true":
        pytest.skip(f"what the client in TypeScript needs could not be fetched: {made.stderr[-500:]}")
    assert made.returncode == 0, made.stdout + made.stderr
    return ["node", str(CLIENTS / "typescript" / "build" / "release.js")]
