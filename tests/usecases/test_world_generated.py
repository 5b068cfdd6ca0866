"""The generator of large worlds, at a small size."""

import json
import subprocess
import sys
from pathlib import Path

from tests.applying import load_world
from tests.usecases.world_files import contents

GENERATOR = Path(__file__).parents[2] / "scripts" / "benchmarks" / "world.py"


def generated(*options: str) -> bytes:
    size = ("--workspaces", "45", "--flows", "120", "--callers", "5")
    return subprocess.run([sys.executable, GENERATOR, *size, *options], check=True, capture_output=True).stdout


async def test_a_generated_world_loads_and_one_caller_sees_everything(database_url: str) -> None:
    ids = await load_world(database_url, generated())
    database = await contents(database_url)
    assert (len(database["workspace"]), len(database["flow"]), len(database["user_account"])) == (45, 120, 5)
    seen = {row["workspace_id"] for row in database["workspace_access"] if row["user_id"] == ids["caller-0"]}
    assert seen == {row["id"] for row in database["workspace"]}
    assert [row["email"] for row in database["user_account"] if row["id"] == ids["caller-0"]] == [
        "caller-0@example.com"
    ]
    assert {row["access"] for row in database["component"]} == {"TEAM", "TENANT", "GLOBAL"}


def test_the_same_seed_gives_the_same_world() -> None:
    assert generated("--seed", "7") == generated("--seed", "7")
    assert generated("--seed", "7") != generated("--seed", "8")


def test_a_generated_world_can_go_to_a_file(tmp_path: Path) -> None:
    assert generated("--out", str(tmp_path / "world.json")) == b""
    assert len(json.loads((tmp_path / "world.json").read_bytes())["flows"]) == 120
