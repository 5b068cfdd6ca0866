"""A data directory that an older PostgreSQL made is refused with commands, and these take its database over."""

import asyncio
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from app.storage.embedded import binaries, server
from app.storage.embedded.binaries import EmbeddedDatabaseError
from app.storage.embedded.running import running
from tests.cli.flowport import called
from tests.databases import contents
from tests.readme.files import ROOT

OLDER = "16"
"""The wheel has the binaries of this one too."""


@contextmanager
def older_release() -> Iterator[None]:
    """A release of Flowport whose embedded PostgreSQL is the older one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(binaries, "BINARIES", Path(binaries.PACKAGE) / "pginstall")
        patch.setattr(server, "MAJOR_VERSION", OLDER)
        # The older initdb has no provider of locales of its own.
        patch.setattr(server, "INITDB_OPTIONS", [each for each in server.INITDB_OPTIONS if "builtin" not in each])
        yield


def refusal_of(data_dir: Path) -> str:
    with pytest.raises(EmbeddedDatabaseError) as refused, running(data_dir):
        pass
    return str(refused.value)


def commands_in(refusal: str) -> list[list[str]]:
    return [shlex.split(line)[1:] for line in refusal.splitlines() if line.startswith("    flowport ")]


def rows(data_dir: Path) -> list[tuple[str, str]]:
    with running(data_dir, make=False) as url:
        return asyncio.run(contents(url))


def test_what_the_refusal_says_to_type_takes_the_database_over(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old, new = folder / "the data", folder / "the data-18"
    with older_release():
        assert called("apply", ROOT / "app/storage/world/demo_world.json", "--data-dir", old).returncode == 0
        before = rows(old)
    refusal = refusal_of(old)
    assert f"{old}/postgres was made by PostgreSQL 16." in refusal
    backup, restore, serve = commands_in(refusal)
    assert (backup[0], restore[0], serve) == ("backup", "restore", ["serve", "--data-dir", str(new)])
    monkeypatch.chdir(folder)
    with older_release():
        assert called(*backup).returncode == 0
    assert called(*restore).returncode == 0
    assert rows(new) == before


def test_a_database_of_another_format_is_refused_likewise(folder: Path) -> None:
    with older_release(), running(folder / "data"):
        pass
    # As one of a beta of ours would be: its major version is the same.
    (folder / "data/postgres/PG_VERSION").write_text(f"{server.MAJOR_VERSION}\n")
    refusal = refusal_of(folder / "data")
    assert "was made by a PostgreSQL of another format." in refusal
    assert [command[0] for command in commands_in(refusal)] == ["backup", "restore", "serve"]


def test_a_data_directory_whose_version_is_no_number_is_refused_likewise(folder: Path) -> None:
    (folder / "data/postgres").mkdir(parents=True)
    (folder / "data/postgres/PG_VERSION").write_bytes(b"\xff?\n")
    assert len(commands_in(refusal_of(folder / "data"))) == 3
