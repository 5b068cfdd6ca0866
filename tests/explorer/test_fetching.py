"""`scripts/graphiql` takes nothing that it doesn't know, and after a failure leaves whoever starts the server in peace."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from app.http.explorer.page import FOLDER, GRAPHIQL

SCRIPT = FOLDER.parents[3] / "scripts/graphiql"
# Brings archives of the right names with something else in them.
FALSE_NPM = """#!/bin/sh
echo called >> "{calls}"
for archive in graphiql-4.1.2 react-18.3.1 react-dom-18.3.1; do echo false > "$archive.tgz"; done
"""


class House:
    """A folder with the script and an npm that can't be trusted."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.fetched = folder / ".graphiql"
        self.calls = folder / "calls"
        (folder / "scripts").mkdir()
        shutil.copy2(SCRIPT, folder / "scripts")
        npm = folder / "npm"
        npm.write_text(FALSE_NPM.format(calls=self.calls), encoding="utf-8")
        npm.chmod(0o755)

    def run(self, *options: str) -> subprocess.CompletedProcess[str]:
        environ = os.environ | {"PATH": f"{self.folder}:{os.environ['PATH']}"}
        command = [str(self.folder / "scripts/graphiql"), *options]
        return subprocess.run(command, env=environ, capture_output=True, text=True, timeout=30, check=False)

    def times_asked(self) -> int:
        return len(self.calls.read_text(encoding="utf-8").split()) if self.calls.exists() else 0


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


def test_what_has_another_hash_is_not_taken(house: House) -> None:
    told = house.run()
    assert told.returncode == 1
    assert "./scripts/graphiql tries again" in told.stderr
    assert [path.name for path in house.fetched.iterdir()] == ["tried"]


def test_the_set_up_tries_once_and_who_asks_for_it_tries_again(house: House) -> None:
    assert [house.run("--once").returncode for _ in range(3)] == [1, 0, 0]
    assert house.times_asked() == 1
    assert house.run().returncode == 1
    assert house.times_asked() == 2


def test_what_is_there_is_not_asked_for(house: House) -> None:
    house.fetched.mkdir()
    for name in GRAPHIQL:
        (house.fetched / name).write_text("fetched", encoding="utf-8")
    assert [house.run(*options).returncode for options in ((), ("--once",))] == [0, 0]
    assert house.times_asked() == 0
