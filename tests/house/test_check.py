"""`scripts/check` holds the rules of the house: each is broken once, in a copy of the project, and is noticed."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from scripts.words import UNWANTED

ROOT = Path(__file__).parents[2]
CHECKED_FOR_TYPES = "app/domain/errors.py"

Break = Callable[[Path], None]


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """A copy of the project with the environment of this one."""
    for name in ("app", "scripts"):
        # With its byte code, which is taken for what has not been changed.
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("node_modules", "build"))
    (tmp_path / "tests").mkdir()
    shutil.copy2(ROOT / "schema.graphql", tmp_path)
    # All modules take the type checker a minute where it has no cache; one is enough here.
    settings = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    narrowed = settings.replace('files = ["app", "tests", "scripts"]', f'files = ["{CHECKED_FOR_TYPES}"]')
    assert narrowed != settings
    (tmp_path / "pyproject.toml").write_text(narrowed, encoding="utf-8")
    (tmp_path / "scripts/setup").write_text("#!/bin/sh\n", encoding="utf-8")
    (tmp_path / ".venv").symlink_to(sys.prefix)
    return tmp_path


def checked(house: Path, *names: str) -> subprocess.CompletedProcess[str]:
    environ = os.environ | {"PYTHONPATH": str(house), "MYPY_CACHE_DIR": str(house.parent / "mypy")}
    command = (str(house / "scripts/check"), *names)
    return subprocess.run(command, cwd=house, env=environ, capture_output=True, text=True, timeout=240, check=False)


def append(path: Path, text: str) -> None:
    path.write_text(path.read_text(encoding="utf-8") + text, encoding="utf-8")


def import_upward(house: Path) -> None:
    append(house / "app/domain/errors.py", "\nfrom app.storage.store import UnitOfWork\n")


def import_a_library_in_the_domain(house: Path) -> None:
    append(house / "app/domain/errors.py", "\nimport sqlalchemy\n")


def use_tables_in_a_use_case(house: Path) -> None:
    append(house / "app/usecases/copy_and_export.py", "\nfrom app.storage.tables import FLOW\n")


def ask_the_domain_over_http(house: Path) -> None:
    append(house / "app/http/limits/query_cost.py", "\nfrom app.domain.access import quota_exceeded\n")


def grow_a_module(house: Path) -> None:
    (house / "app/domain/long.py").write_text("ONE = 1\n" * 301, encoding="utf-8")


def crowd_a_folder(house: Path) -> None:
    folder = house / "app/telemetry"
    for number in range(16 - len([*folder.glob("[!_]*.py")])):
        (folder / f"more_{number}.py").write_text("ONE = 1\n", encoding="utf-8")


def grow_a_function(house: Path) -> None:
    (house / "app/domain/longer.py").write_text("def long() -> None:\n" + "    print()\n" * 40, encoding="utf-8")


def grow_a_resolver(house: Path) -> None:
    append(house / "app/graphql/queries.py", "\n\nasync def long() -> None:\n" + "    print()\n" * 16)


def grow_a_resolver_of_a_list(house: Path) -> None:
    resolver = "\n\n@shown_as(list[Flow])\nasync def pages() -> None:\n"
    append(house / "app/graphql/types/workspace.py", resolver + "    print()\n" * 16)


def say_what_the_field_says_better(house: Path) -> None:
    unwanted = UNWANTED[0]
    (house / "app/domain/spoken.py").write_text(f"# {unwanted.example}\n", encoding="utf-8")


def name_a_parameter_by_a_participle(house: Path) -> None:
    (house / "app/usecases/renamed.py").write_text("def rename(found: str) -> None: ...\n", encoding="utf-8")


def leave_out_a_type(house: Path) -> None:
    append(house / CHECKED_FOR_TYPES, "\n\ndef untyped(thing):\n    return thing\n")


def change_the_api(house: Path) -> None:
    path = house / "app/graphql/types/resources.py"
    source = path.read_text(encoding="utf-8")
    described = "The first name."
    assert described in source
    path.write_text(source.replace(described, "The given name."), encoding="utf-8")


BROKEN: dict[str, dict[Break, str]] = {
    "lint": {leave_out_a_type: "Missing type annotation for function argument `thing`"},
    "types": {leave_out_a_type: "Function is missing a type annotation"},
    "imports": {
        import_upward: "app.domain.errors -> app.storage.store",
        import_a_library_in_the_domain: "app.domain.errors -> sqlalchemy",
        use_tables_in_a_use_case: "app.usecases.copy_and_export -> app.storage.tables",
        ask_the_domain_over_http: "app.http.limits.query_cost -> app.domain.access",
    },
    "sizes": {
        grow_a_module: "app/domain/long.py:1: 301 lines in the module, at most 300",
        crowd_a_folder: "app/telemetry: 16 modules in the folder, at most 15",
        grow_a_function: "app/domain/longer.py:1: long has 41 lines, at most 40",
        grow_a_resolver: "long is a resolver with 16 lines in its body, at most 15",
        grow_a_resolver_of_a_list: "pages is a resolver with 16 lines in its body, at most 15",
    },
    "words": {
        say_what_the_field_says_better: "app/domain/spoken.py:1: say “periodic cleanup” instead of",
        name_a_parameter_by_a_participle: "app/usecases/renamed.py:1: say what “found” is: name it by a noun",
    },
    "schema": {change_the_api: '+  """The given name."""'},
}


@pytest.mark.parametrize("rule", BROKEN)
def test_a_broken_rule_is_noticed(house: Path, rule: str) -> None:
    for break_it in BROKEN[rule]:
        break_it(house)
    told = checked(house, rule)
    assert told.returncode == 1, told.stdout + told.stderr
    assert [said for said in BROKEN[rule].values() if said not in told.stdout] == []
    assert told.stdout.endswith(f"Failed: {rule}\n")


def test_a_check_that_does_not_exist_is_not_taken_for_one_that_passed(house: Path) -> None:
    told = checked(house, "sizes", "tpyes")
    assert (told.returncode, told.stdout, told.stderr) == (2, "", "There is no check tpyes.\n")
