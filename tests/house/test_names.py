"""Modules don't have the names of their neighbours, nor classes those of others: in a search each is found at once."""

import ast
from collections import Counter, defaultdict
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path

import pytest

from app.graphql.schema import schema

ROOT = Path(__file__).parents[2]
APP = ROOT / "app"
NAMED_BY_PYTHON = {"__init__.py", "__main__.py"}


def modules() -> Iterator[Path]:
    for path in sorted(APP.rglob("*.py")):
        if path.name not in NAMED_BY_PYTHON and "versions" not in path.parts:
            yield path.relative_to(APP)


def classes_of(path: Path) -> list[str]:
    return [node.name for node in ast.parse(path.read_text("utf-8")).body if isinstance(node, ast.ClassDef)]


def are_neighbours(one: Path, other: Path) -> bool:
    """Their folders lie side by side, or one in the other."""
    here, there = one.parent, other.parent
    return here.parent in {there.parent, there} or there.parent == here


def test_no_module_has_the_name_of_a_neighbour() -> None:
    assert len(list(modules())) > 100
    alike = [(str(one), str(other)) for one, other in combinations(modules(), 2) if one.name == other.name]
    assert [pair for pair in alike if are_neighbours(*map(Path, pair))] == []


@pytest.mark.parametrize("folder", ["scripts", "tests"])
def test_what_tests_and_scripts_share_has_names_that_are_there_once(folder: str) -> None:
    """Modules that only pytest opens may repeat the name of their subject."""
    shared = [
        path
        for path in (ROOT / folder).rglob("*.py")
        if not path.name.startswith(("test_", "conftest")) and "node_modules" not in path.parts
    ]
    classes = [name for path in shared for name in classes_of(path)]
    assert len(shared) > 20
    assert len(classes) > 20
    names = [path.name for path in shared if path.name not in NAMED_BY_PYTHON] + classes
    assert [name for name, number in Counter(names).items() if number > 1] == []


def test_no_class_has_the_name_of_another_unless_the_api_has_it_too() -> None:
    """What the API names is one thing in the schema, in the domain and in world files."""
    defined = defaultdict[str, list[str]](list)
    for path in modules():
        for name in classes_of(APP / path):
            defined[name].append(path.as_posix())
    assert len(defined) > 300
    assert {
        name: places
        for name, places in defined.items()
        if len(places) > 1 and not name.startswith("_") and name not in schema.graphql_schema.type_map
    } == {}
