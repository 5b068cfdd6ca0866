"""The READMEs say what is so: their commands run, their answers are real, their tables and paths are the project's."""

import ast
import re
from difflib import unified_diff
from pathlib import Path

import pytest

from app.domain.errors import ErrorCode
from app.graphql.schema import schema
from app.http.responses import RequestCode
from app.settings import described
from tests.databases import Databases
from tests.explorer.demo import demo_client
from tests.explorer.examples import read_examples
from tests.readme.blocks import BLOCK, as_it_should_stand
from tests.readme.files import PATHS, ROOT, read

CORE = schema.graphql_schema
LINES_OF_THE_FIRST, LINES_OF_OTHERS = 250, 150
LONGER = {"app/README.md": "the map of the program", "app/domain/README.md": "the rules"}
WRITE_ANEW = "write it anew: .venv/bin/python -m tests.readme.write"
NAMED_BY_PYTHON = {"__init__.py", "__main__.py"}
LINK = re.compile(r"\]\(((?!https://)[^)]+)\)")
WARNS = re.compile(r"log\(\)\.(warning|error|exception)$")
WITHOUT_A_ROW = {"app/storage/connections/replicas/", "app/storage/migrations/versions/"}
"""Folders that the README of the folder above describes."""
NAMED_PATH = re.compile(r"`((?:app|scripts|tests|\.ci)/[\w./-]*)`")


@pytest.mark.parametrize("path", PATHS)
async def test_every_command_runs_and_every_answer_is_real(path: str, databases: Databases, loaded_demo: str) -> None:
    text = read(path)
    async with databases.copy(loaded_demo) as url, demo_client(url) as client:
        real = await as_it_should_stand(text, client, url)
    differences = list(unified_diff(text.splitlines(), real.splitlines(), path, "what is so", lineterm=""))
    assert differences == [], WRITE_ANEW


def test_the_first_readme_is_read_in_minutes_and_shows_an_export() -> None:
    text = read("README.md")
    assert len(text.splitlines()) <= LINES_OF_THE_FIRST
    assert {("runs", "export"), ("answer of", "export")} <= {(kind, name) for _, kind, name, *_ in BLOCK.findall(text)}


def test_the_readme_of_a_folder_is_short() -> None:
    lengths = {path: len(read(path).splitlines()) for path in PATHS if path.endswith("/README.md")}
    assert {path for path, length in lengths.items() if length > LINES_OF_OTHERS} == LONGER.keys()


def test_every_query_and_mutation_is_shown_by_an_example() -> None:
    text = read("app/graphql/queries.md") + read("app/graphql/mutations.md")
    sections = re.split(r"^## ", text, flags=re.MULTILINE)[1:]
    shown = {name: section for section in sections for name in re.findall(r"`(\w+)`", section.splitlines()[0])}
    roots = (CORE.query_type, CORE.mutation_type)
    assert list(shown) == [name for root in roots if root is not None for name in root.fields]
    assert [
        name for name, section in shown.items() if "<!-- example: " not in section or f" {name}" not in section
    ] == []


def test_every_refusal_has_an_operation_that_gives_it_in_the_order_of_the_codes() -> None:
    text = read("app/graphql/errors/refusals.md")
    refusals = {name for name in read_examples() if name.startswith("Refused")}
    blocks = [(kind, name) for _, kind, name, *_ in BLOCK.findall(text) if kind in {"example", "errors of"}]
    assert blocks[1::2] == [("errors of", name) for _, name in blocks[::2]]
    assert blocks[::2] == [("example", name) for _, name in blocks[::2]]
    assert {name for _, name in blocks} == refusals
    assert list(re.findall(r"^## `([A-Z_]+)`", text, re.MULTILINE)) == list(ErrorCode)


def test_the_codes_of_requests_are_those_that_there_are_with_their_status() -> None:
    section = read("app/http/README.md").partition("## Request codes")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| `([A-Z_]+)` \| \d{3}\b.* \|$", section, re.MULTILINE)
    only_logged = re.findall(r"^`([A-Z_]+)` is in the log only", section, re.MULTILINE)
    assert sorted([*rows, *only_logged]) == sorted(RequestCode)


def test_every_setting_has_its_row() -> None:
    rows = re.findall(r"^\| `(FLOWPORT_[A-Z_]+)` \|", read("app/settings/README.md"), re.MULTILINE)
    assert rows == [variable for variable, _, _ in described()]


def test_every_line_of_the_log_that_warns_is_explained_and_none_that_isnt_written() -> None:
    section = read("app/telemetry/README.md").partition("| line | is written |")[2].partition("\n\n")[0]
    explained = {
        line for cell in re.findall(r"^\| (.*?) \|", section, re.MULTILINE) for line in re.findall("`(.*?)`", cell)
    }
    nodes = [node for path in (ROOT / "app").rglob("*.py") for node in ast.walk(ast.parse(path.read_text("utf-8")))]
    warnings = {
        node.args[0].value
        for node in nodes
        if isinstance(node, ast.Call) and WARNS.match(ast.unparse(node.func)) and isinstance(node.args[0], ast.Constant)
    }
    assert len(warnings) > 15
    assert warnings - explained == set()
    assert explained - {node.value for node in nodes if isinstance(node, ast.Constant)} == set()


@pytest.mark.parametrize("path", PATHS)
def test_only_settings_that_exist_are_named(path: str) -> None:
    assert set(re.findall(r"\bFLOWPORT_[A-Z_]+[A-Z]", read(path))) <= {variable for variable, _, _ in described()}


@pytest.mark.parametrize("path", PATHS)
def test_a_world_file_goes_into_a_data_directory_of_its_own(path: str) -> None:
    """Beside the demo world it couldn't be taken out again."""
    text = read(path)
    commands = [] if "\nexport FLOWPORT_DATA_DIR=" in text else re.findall(r"flowport apply [^`\n]*", text)
    assert [command for command in commands if "--data-dir" not in command] == []


@pytest.mark.parametrize("path", PATHS)
def test_every_path_that_is_named_exists(path: str) -> None:
    assert {named for named in NAMED_PATH.findall(read(path)) if not (ROOT / named).exists()} == set()


@pytest.mark.parametrize(
    ("path", "heading"), [("app/README.md", "Where something new goes"), ("app/graphql/README.md", "Adding to it")]
)
def test_every_name_in_a_table_of_where_something_new_goes_is_one_of_the_program(path: str, heading: str) -> None:
    rows = read(path).partition(f"## {heading}\n")[2].partition("\n## ")[0]
    named = {part for name in re.findall(r"`([\w.()]+)`", rows) for part in re.findall(r"[A-Za-z_]\w+", name)}
    there = {
        word
        for file in (ROOT / "app").rglob("*.*")
        if file.suffix in {".py", ".graphql"}
        for word in re.findall(r"\w+", file.read_text("utf-8"))
    }
    assert len(named) > 10
    assert named - there == set()


def test_the_map_names_every_folder_of_the_program_and_no_file() -> None:
    rows = re.findall(r"^\| \[?`(app/[\w/]*)`.*? \| (.*) \|$", read("app/README.md"), re.MULTILINE)
    folders = {f"{path.parent.relative_to(ROOT)}/" for path in (ROOT / "app").rglob("*.py")}
    assert sorted(folder for folder, _ in rows) == sorted(folders - WITHOUT_A_ROW)
    assert [text for _, text in rows if ".py" in text] == []


@pytest.mark.parametrize("path", PATHS)
def test_every_link_leads_somewhere(path: str) -> None:
    folder = (ROOT / path).parent
    assert {target for target in LINK.findall(read(path)) if not leads_somewhere(target, folder, ROOT / path)} == set()


def test_every_readme_of_the_program_is_reached_from_the_first() -> None:
    reached, unread = {ROOT / "README.md"}, [ROOT / "README.md"]
    while unread:
        here = unread.pop()
        linked = {
            (here.parent / target.partition("#")[0]).resolve() for target in LINK.findall(here.read_text("utf-8"))
        }
        unread += [found for found in linked - reached if found.suffix == ".md"]
        reached |= linked
    assert {path for path in PATHS if ROOT / path not in reached} == set()


def leads_somewhere(target: str, folder: Path, here: Path) -> bool:
    named, _, anchor = target.partition("#")
    found = folder / named if named else here
    if not anchor or not found.exists():
        return found.exists()
    headings = re.findall(r"^#+ (.*)$", found.read_text(encoding="utf-8"), re.MULTILINE)
    return anchor in {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
