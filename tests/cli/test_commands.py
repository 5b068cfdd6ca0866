"""The commands: their help, and what they say about options, settings and databases that can't be used."""

import asyncio
import re
import socket
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner

from app.cli import main
from app.settings import described
from tests.cli.flowport import COMMAND, called, flowport
from tests.databases import run_sql


@pytest.mark.parametrize(
    "command", ["serve", "apply", "events", "token", "release", "status", "backup", "restore", "reset-demo", "schema"]
)
def test_every_command_has_help(command: str) -> None:
    output = called(command, "--help")
    assert (output.returncode, output.stderr) == (0, "")
    assert output.stdout.startswith(f"Usage: main {command} ")


def test_the_help_of_serve_lists_every_setting_with_its_default() -> None:
    output = " ".join(subprocess.check_output([*COMMAND, "serve", "--help"], text=True).split())
    assert output.startswith("Usage: python -m app serve ")
    for variable, default, description in described():
        assert f"{variable} {description}" + (f" [default: {default}]" if default else "") in output


def test_bad_settings_are_listed_one_a_line() -> None:
    output = called("serve", PORT="http", WORKERS="0", PORTT="1")
    assert (output.returncode, output.stdout) == (2, "")
    assert output.stderr.splitlines() == [
        "Error: FLOWPORT_PORTT: there is no such setting; the nearest is FLOWPORT_PORT",
        'Error: FLOWPORT_PORT: input should be a valid integer, unable to parse string as an integer (given: "http")',
        'Error: FLOWPORT_WORKERS: input should be greater than or equal to 1 (given: "0")',
    ]


def test_a_port_in_use_is_said_before_anything_is_begun(folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        output = called("serve", "--port", str(port), "--data-dir", folder / "data")
    assert (output.returncode, output.stdout) == (1, "")
    assert output.stderr == (
        f"Error: Can't listen on 127.0.0.1, port {port}: Address already in use. "
        "Another one can be chosen with --port.\n"
    )
    assert not (folder / "data").exists()


@pytest.mark.parametrize("host", ["192.0.2.1", "999.1.1.1"])
def test_an_address_that_is_not_ours_is_refused(host: str) -> None:
    output = called("serve", "--host", host, "--port", "0")
    assert output.returncode == 1
    assert output.stderr.startswith(f"Error: Can't listen on {host}, port 0: ")
    assert output.stderr.endswith(". Another host can be chosen with --host.\n")


def test_a_database_that_can_not_be_reached_is_said_in_a_line() -> None:
    output = called("token", "--list", DATABASE_URL="postgresql://127.0.0.1:1/nowhere")
    assert output.returncode == 1
    assert output.stderr.startswith("Error: The database can't be reached: ")
    assert len(output.stderr.splitlines()) == 1


def test_a_database_that_is_too_old_is_refused(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.storage.migrations.migrate.OLDEST_SERVER", 99)
    output = CliRunner().invoke(main, ["token", "--list"], env={"FLOWPORT_DATABASE_URL": database_url})
    assert output.exit_code == 1
    assert re.fullmatch(r"Error: The database is PostgreSQL [\d.]+; Flowport needs 99 or newer\.\n", output.stderr)


async def test_a_database_of_a_newer_release_is_refused_in_a_line(database_url: str) -> None:
    await run_sql(database_url, "update alembic_version set version_num = 'later'")
    await run_sql(database_url, "update schema_compatibility set oldest_revision = '9999'")
    output = await asyncio.to_thread(flowport, "token", "--list", DATABASE_URL=database_url)
    assert (output.returncode, output.stdout) == (1, "")
    assert output.stderr == (
        "Error: The database has a schema that this program doesn't know (later): "
        "use the release that made it, or a newer one. It works with releases that know 9999 or newer.\n"
    )


@pytest.mark.parametrize("command", [["serve"], ["token", "--list"]])
def test_a_data_directory_without_a_name_is_refused(command: list[str]) -> None:
    output = called(*command, "--data-dir", "")
    assert (output.returncode, output.stdout) == (2, "")
    assert output.stderr.endswith(
        "Error: Invalid value for '--data-dir': it must have a name; without the option it is the one of the setting.\n"
    )


def test_a_data_directory_without_a_parent_is_refused(folder: Path) -> None:
    output = called("serve", "--port", "0", "--data-dir", folder / "missing" / "data")
    assert output.returncode == 1
    assert f"there is no folder {folder / 'missing'}" in output.stderr


@pytest.mark.parametrize(
    "arguments", [[], ["ada@example.com", "--list"], ["--list", "--revoke", "token_1"], ["a@b.c", "--expires", "0"]]
)
def test_a_token_command_that_asks_for_nothing_or_two_things_is_refused(arguments: list[str]) -> None:
    output = called("token", *arguments)
    assert (output.returncode, output.stdout) == (2, "")
