"""The clients of `scripts/clients` as commands."""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.clients.releasing import LANGUAGES

CLIENTS = Path(__file__).resolve().parents[2] / "scripts" / "clients"
BUILD_SECONDS = 600


@pytest.fixture(scope="session")
def typescript_client() -> list[str]:
    """Built by npm, which fetches what it needs the first time."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        pytest.skip("the client in TypeScript needs node and npm, which are not there")
    made = subprocess.run(
        [CLIENTS / "typescript" / "make"], capture_output=True, text=True, timeout=BUILD_SECONDS, check=False
    )
    if made.returncode != 0 and "TS" not in made.stdout and os.environ.get("CI") != "true":
        pytest.skip(f"what the client in TypeScript needs could not be fetched: {made.stderr[-500:]}")
    assert made.returncode == 0, made.stdout + made.stderr
    return ["node", str(CLIENTS / "typescript" / "build" / "release.js")]


@dataclass(frozen=True, slots=True)
class Program:
    language: str
    command: list[str]


@pytest.fixture(params=LANGUAGES)
def program(request: pytest.FixtureRequest) -> Program:
    """The client that releases flows."""
    if request.param == "typescript":
        return Program(request.param, request.getfixturevalue("typescript_client"))
    return Program(request.param, [sys.executable, str(CLIENTS / "release.py")])
