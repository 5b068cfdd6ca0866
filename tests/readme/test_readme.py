"""The README says what is so: its commands run, its answers are real, its tables and paths are those of the project."""

import re
from difflib import unified_diff
from pathlib import Path

import pytest

from app.domain.error_code import ErrorCode
from app.http.errors import RequestCode
from app.settings import described
from tests.explorer.demo import demo_client
from tests.explorer.examples import read_examples
from tests.readme.blocks import BLOCK, as_it_should_stand

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
WRITE_ANEW = "write it anew: .venv/bin/python -m tests.readme.write"


async def test_every_command_runs_and_every_answer_is_real(database_url: str) -> None:
    async with demo_client(database_url) as client:
        real = await as_it_should_stand(README, client)
    differences = list(unified_diff(README.splitlines(), real.splitlines(), "README.md", "what is so", lineterm=""))
    assert differences == [], WRITE_ANEW


def test_the_export_by_example_and_every_typed_error_are_shown() -> None:
    shown = {(kind, name) for _, kind, name, *_ in BLOCK.findall(README)}
    assert {("runs", "export"), ("answer of", "export")} <= shown
    refusals = {name for name in read_examples() if name.startswith("Refused")}
    assert {name for kind, name in shown if kind == "errors of"} == refusals
    assert list(re.findall(r"^### `([A-Z_]+)`", README, re.MULTILINE)) == list(ErrorCode)


def test_the_codes_of_requests_are_those_that_there_are_with_their_status() -> None:
    section = README.partition("### Error codes")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| `([A-Z_]+)` \| \d{3}\b.* \|$", section, re.MULTILINE)
    only_logged = re.findall(r"^`([A-Z_]+)` is in the log only", section, re.MULTILINE)
    assert sorted([*rows, *only_logged]) == sorted(RequestCode)


def test_only_settings_that_exist_are_named() -> None:
    assert set(re.findall(r"\bFLOWPORT_[A-Z_]+[A-Z]", README)) <= {variable for variable, _, _ in described()}


@pytest.mark.parametrize("path", sorted(set(re.findall(r"`((?:app|scripts|tests|\.ci)/[\w./-]*)`", README))), ids=str)
def test_every_path_that_is_named_exists(path: str) -> None:
    assert (ROOT / path).exists()


def test_every_file_on_the_map_lies_in_the_room_where_it_is_drawn() -> None:
    rooms = dict(re.findall(r"^\| `(app/[\w/]*)` \| (.*) \|$", README, re.MULTILINE))
    drawn = {(room, name) for room, said in rooms.items() for name in re.findall(r"`(?!app/)([\w/]+\.py)`", said)}
    assert len(drawn) > len(rooms)
    assert {(room, name) for room, name in drawn if not (ROOT / room / name).exists()} == set()


def test_every_floor_of_the_program_is_on_the_map() -> None:
    floors = {f"app/{path.parent.name}/" for path in (ROOT / "app").glob("*/*.py")}
    rooms = {f"app/graphql/{path.parent.name}/" for path in (ROOT / "app/graphql").glob("*/*.py")}
    assert {each for each in floors | rooms if f"`{each}`" in README} == floors | rooms


def test_every_link_leads_somewhere() -> None:
    headings = re.findall(r"^#+ (.*)$", README, re.MULTILINE)
    anchors = {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
    for target in re.findall(r"\]\(([^)]+)\)", README):
        assert target.removeprefix("#") in anchors if target.startswith("#") else (ROOT / target).exists(), target
