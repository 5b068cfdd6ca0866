"""Every test is run: by default, or in CI and by name."""

import tomllib
from pathlib import Path

TESTS = Path(__file__).parents[1]
LONG = {"browser", "cli", "clients", "contention", "crashes", "embedded", "fuzz", "pooler", "processes", "replication"}
"""Folders that `./scripts/test` leaves to CI and to `./scripts/test tests`."""


def test_every_folder_of_tests_is_run_by_default_or_named_here() -> None:
    configuration = tomllib.loads((TESTS.parent / "pyproject.toml").read_text())
    by_default = {*configuration["tool"]["pytest"]["testpaths"]}
    folders = {path.relative_to(TESTS).parts[0] for path in TESTS.glob("*/**/test_*.py")}
    assert by_default == {"tests/test_*.py", *(f"tests/{folder}" for folder in folders - LONG)}
    assert folders >= LONG


def test_continuous_integration_runs_all_of_them() -> None:
    [command] = [line for line in (TESTS.parent / ".ci" / "run").read_text().splitlines() if "--cov" in line]
    assert command == "TEST_EXAMPLES=20 ./scripts/test tests --cov || status=1"
