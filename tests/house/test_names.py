"""No module of the program has the name of its neighbour: in a search by name each is found at once."""

from collections.abc import Iterator
from itertools import combinations
from pathlib import Path

APP = Path(__file__).parents[2] / "app"
NAMED_BY_PYTHON = {"__init__.py", "__main__.py"}


def modules() -> Iterator[Path]:
    for path in sorted(APP.rglob("*.py")):
        if path.name not in NAMED_BY_PYTHON and "migrations" not in path.parts:
            yield path.relative_to(APP)


def are_neighbours(one: Path, other: Path) -> bool:
    """Their folders lie side by side, or one in the other."""
    here, there = one.parent, other.parent
    return here.parent in {there.parent, there} or there.parent == here


def test_no_module_has_the_name_of_a_neighbour() -> None:
    assert len(list(modules())) > 100
    alike = [(str(one), str(other)) for one, other in combinations(modules(), 2) if one.name == other.name]
    assert [pair for pair in alike if are_neighbours(*map(Path, pair))] == []
