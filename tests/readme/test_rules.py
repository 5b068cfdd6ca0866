"""Rules of the domain are cited by number: every citation leads to app/domain/README.md, every rule to a test."""

import re
from collections.abc import Iterator
from pathlib import Path

from tests.readme.files import FOLDERS, ROOT, read

NUMBERS = re.findall(r"^- \*\*(\w+)\*\* ", read("app/domain/README.md"), re.MULTILINE)
NUMBER = r"\b[ABCDEHNPRTUWX]\d{1,2}[a-c]?\b"
RANGE = re.compile(rf"({NUMBER}) to ({NUMBER})")
SUFFIXES = {".py", ".sql", ".graphql", ".js", ".md"}


def files(*folders: str) -> Iterator[Path]:
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in SUFFIXES and "node_modules" not in path.parts:
                yield path


def cited(path: Path) -> set[str]:
    return set(re.findall(NUMBER, path.read_text(encoding="utf-8")))


def cited_with_ranges(text: str) -> set[str]:
    """Of `X7 to X8` also what stands between."""
    found = set(re.findall(NUMBER, text))
    for first, last in RANGE.findall(text):
        found |= set(NUMBERS[NUMBERS.index(first) : NUMBERS.index(last) + 1])
    return found


def test_every_rule_stands_once_in_the_order_of_its_number() -> None:
    assert len(set(NUMBERS)) == len(NUMBERS) > 40
    for letter in "ABCXTHPDEWNUR":
        numbers = [number for number in NUMBERS if number.startswith(letter)]
        assert numbers == sorted(numbers, key=lambda number: (int(re.sub(r"\D", "", number)), number))


def test_every_rule_that_is_cited_is_in_the_readme() -> None:
    astray = {path.relative_to(ROOT).as_posix(): cited(path) - set(NUMBERS) for path in files(*FOLDERS)}
    assert {path: numbers for path, numbers in astray.items() if numbers} == {}


def test_every_rule_is_cited_by_a_test() -> None:
    """By itself: a range of rules says of none of them that it is shown."""
    tests = [path for path in files("tests") if path.name.startswith("test_") and path != Path(__file__)]
    by_tests = set().union(*(set(re.findall(NUMBER, RANGE.sub("", path.read_text("utf-8")))) for path in tests))
    assert set(NUMBERS) - by_tests == set()


def test_the_readme_says_which_file_has_each_rule() -> None:
    table = read("app/domain/README.md").partition("## Which file has what")[2]
    assert set(NUMBERS) - cited_with_ranges(table) == set()
