"""`flowport load` and `flowport token` on a database."""

import json
from pathlib import Path

import pytest
from sqlalchemy import make_url

from app.server.database import name_of_database
from app.settings import read_settings
from tests.cli.flowport import called, flowport

WORLD = {
    "format": "flowport-world/1",
    "tenants": [{"key": "tenant", "name": "Northern"}],
    "contracts": [{"key": "retail", "tenant": "tenant", "name": "Northern Retail", "status": "ACTIVE"}],
    "users": [
        {"key": "ada", "firstName": "Ada", "lastName": "Lovelace", "email": "ada@example.com"},
        {"key": "bob", "firstName": "Bob", "lastName": "Ross", "email": "bob@example.com"},
    ],
}


def named(url: str) -> str:
    """What the commands call a database."""
    return make_url(url).set(drivername="postgresql").render_as_string()


@pytest.fixture
def loaded(database_url: str, tmp_path: Path) -> str:
    """The URL of a database with a small world."""
    world = tmp_path / "world.json"
    world.write_text(json.dumps(WORLD))
    told = called("load", world, DATABASE_URL=database_url)
    assert told.returncode == 0, told.stderr
    return database_url


def test_a_world_file_is_loaded_and_its_keys_are_mapped_to_ids(database_url: str, tmp_path: Path) -> None:
    world, ids = tmp_path / "world.json", tmp_path / "ids.json"
    world.write_text(json.dumps(WORLD))
    told = called("load", world, "--map", ids, DATABASE_URL=database_url)
    assert (told.returncode, told.stdout, told.stderr) == (
        0,
        "",
        f"Database: {named(database_url)}\nLoaded {world}: 1 tenant, 1 contract, 2 users.\n",
    )
    prefixes = {key: value.split("_")[0] for key, value in json.loads(ids.read_text()).items()}
    assert prefixes == {"tenant": "tenant", "retail": "contract", "ada": "user", "bob": "user"}


def test_a_world_file_with_mistakes_is_refused_whole_with_a_line_for_each(database_url: str, tmp_path: Path) -> None:
    mistaken = WORLD | {
        "contracts": [{"key": "retail", "tenant": "nobody", "name": "Northern Retail", "status": "ACTIVE"}],
        "teams": [{"key": "team", "contract": "retail", "name": "retail", "colour": "red"}],
    }
    told = called("load", "-", "--map", tmp_path / "ids.json", stdin=json.dumps(mistaken), DATABASE_URL=database_url)
    assert (told.returncode, told.stdout) == (1, "")
    assert {line.split(": ")[0] for line in told.stderr.splitlines()[1:]} == {
        "$.contracts[0].tenant",
        "$.teams[0].colour",
    }
    assert not (tmp_path / "ids.json").exists()
    # Ada is in the file as well, and wasn't loaded.
    assert called("token", "ada@example.com", DATABASE_URL=database_url).returncode == 1


def test_the_password_of_a_database_is_not_told() -> None:
    settings = read_settings({"database_url": "postgres://u:secret@h:5433/d"})
    assert name_of_database(settings) == "postgresql://u:***@h:5433/d"


@pytest.mark.parametrize("arguments", [["token", "--list"], ["token", "ada@example.com"], ["reset-demo"]])
def test_only_serve_and_load_make_an_embedded_database(folder: Path, arguments: list[str]) -> None:
    told = called(*arguments, "--data-dir", folder / "data")
    assert (told.returncode, told.stdout) == (1, "")
    assert told.stderr == (
        f"Error: There is no embedded database in {folder / 'data'}; `flowport serve` and `flowport load` make one. "
        "Name the folder of yours with --data-dir or FLOWPORT_DATA_DIR, or its URL in FLOWPORT_DATABASE_URL.\n"
    )
    assert list(folder.iterdir()) == []


def test_a_map_that_could_not_be_written_is_refused_before_anything_is_loaded(
    database_url: str, tmp_path: Path
) -> None:
    map_file = tmp_path / "missing" / "ids.json"
    told = called("load", "-", "--map", map_file, stdin=json.dumps(WORLD), DATABASE_URL=database_url)
    assert told.returncode == 2
    assert called("token", "ada@example.com", DATABASE_URL=database_url).returncode == 1


def test_a_token_is_printed_once_and_alone(loaded: str) -> None:
    told = flowport("token", "ada@example.com", "--name", "nightly", "--expires", "30", DATABASE_URL=loaded)
    assert (told.returncode, told.stderr) == (0, f"Database: {named(loaded)}\n")
    token = told.stdout.removesuffix("\n")
    assert token.startswith("fp_")
    assert token.split() == [token]

    listed = called("token", "--list", DATABASE_URL=loaded).stdout
    header, row = listed.splitlines()
    assert header.split() == ["ID", "USER", "NAME", "CREATED", "EXPIRES", "LAST", "USED", "REVOKED"]
    assert row.split()[1:3] == ["ada@example.com", "nightly"]
    assert row.split()[-2:] == ["-", "-"]
    # The secret has 43 characters, of which an underscore may be one.
    assert token[-43:] not in listed


def test_a_token_is_revoked_by_its_id(loaded: str) -> None:
    called("token", "ada@example.com", DATABASE_URL=loaded)
    token_id = called("token", "--list", DATABASE_URL=loaded).stdout.splitlines()[1].split()[0]
    told = called("token", "--revoke", token_id, DATABASE_URL=loaded)
    assert (told.returncode, told.stdout, told.stderr) == (0, "", f"Database: {named(loaded)}\nRevoked {token_id}.\n")
    assert called("token", "--list", DATABASE_URL=loaded).stdout.splitlines()[1].split()[-1] != "-"


@pytest.mark.parametrize("days", ["0", "36501"])
def test_a_token_lasts_a_day_at_least_and_a_hundred_years_at_the_most(loaded: str, days: str) -> None:
    told = called("token", "ada@example.com", "--expires", days, DATABASE_URL=loaded)
    assert (told.returncode, told.stdout) == (2, "")
    assert told.stderr.splitlines()[-1] == (
        f"Error: Invalid value for '--expires': {days} is not in the range 1<=x<=36500."
    )


def test_a_token_may_last_a_hundred_years(loaded: str) -> None:
    assert called("token", "ada@example.com", "--expires", "36500", DATABASE_URL=loaded).returncode == 0


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["ada@example.com", "--name", "two\nlines"], "--name"),
        (["ada@example.com", "--name", "\x1b[31mred"], "--name"),
        (["\udcff@example.com"], "[EMAIL]"),
        (["--revoke", "\udcff"], "--revoke"),
    ],
)
def test_what_is_no_line_that_can_be_printed_is_refused(loaded: str, arguments: list[str], named: str) -> None:
    told = called("token", *arguments, DATABASE_URL=loaded)
    assert (told.returncode, told.stdout) == (2, "")
    assert told.stderr.splitlines()[-1] == (
        f"Error: Invalid value for '{named}': it must be one line of letters that can be printed."
    )


def test_what_is_unknown_is_said_in_a_line(loaded: str) -> None:
    told = called("token", "nobody@example.com", DATABASE_URL=loaded)
    assert (told.returncode, told.stdout) == (1, "")
    assert told.stderr == f"Database: {named(loaded)}\nError: There is no user with the email nobody@example.com.\n"
    told = called("token", "--revoke", "nothing", DATABASE_URL=loaded)
    assert (told.returncode, told.stdout) == (1, "")
    assert (
        told.stderr
        == f"Database: {named(loaded)}\nError: There is no token nothing that could be revoked; --list shows all.\n"
    )
