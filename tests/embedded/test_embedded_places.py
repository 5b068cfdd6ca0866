"""Where the embedded PostgreSQL may lie: odd paths, parents that are closed to others, folders that are no place for it."""

import os
import shutil
import stat
import tempfile
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import pytest

from app.storage.embedded import binaries as embedded_binaries
from app.storage.embedded.binaries import EmbeddedDatabaseError
from app.storage.embedded.running import running
from tests.embedded.embedded_users import ask, server_of, socket_folder

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root runs the database as another account")


async def test_at_an_odd_or_long_path_the_socket_lies_in_the_temporary_folder(data_dir: Path, folder: Path) -> None:
    for name in ("with space", 'it\'s "quoted" $HOME `x`', "déjà vu 流", "long" * 40):
        moved = data_dir.rename(folder / name)
        with running(moved) as url:
            assert await ask(url, "select 1") == 1
            sockets = socket_folder(url)
            assert sockets.parent.samefile(tempfile.gettempdir())
            assert stat.S_IMODE(sockets.stat().st_mode) == 0o700
        assert not sockets.exists()
        assert server_of(moved) is None
        moved.rename(data_dir)


def test_a_data_directory_may_hold_other_files_and_stays_as_open_as_it_was(data_dir: Path) -> None:
    mode = data_dir.stat().st_mode
    (data_dir / "notes").write_text("mine")
    with running(data_dir):
        pass
    assert (data_dir / "notes").read_text() == "mine"
    assert data_dir.stat().st_mode == mode


def nothing(at: Path) -> None:
    assert not at.exists()


def a_file_of_that_name(at: Path) -> None:
    at.parent.mkdir()
    at.write_text("")


def another_folder_called_postgres(at: Path) -> None:
    (at / "postgres" / "other").mkdir(parents=True)


@pytest.mark.parametrize(
    ("there", "sentence"),
    [
        (nothing, "there is no folder"),
        (a_file_of_that_name, "is no folder"),
        (another_folder_called_postgres, "exists but is no database"),
    ],
)
def test_a_place_that_can_not_serve_is_refused_in_a_sentence(
    folder: Path, there: Callable[[Path], None], sentence: str
) -> None:
    data_dir = folder / "missing" / "data"
    there(data_dir)
    with pytest.raises(EmbeddedDatabaseError, match=sentence), running(data_dir):
        pass


@as_root
def test_root_is_told_which_closed_folder_is_in_the_way(folder: Path) -> None:
    closed = folder / "closed"
    closed.mkdir(mode=0o700)
    with (
        pytest.raises(EmbeddedDatabaseError, match=f"{closed} is closed to the account .* --data-dir"),
        running(closed / "data"),
    ):
        pass
    assert stat.S_IMODE(closed.stat().st_mode) == 0o700


def link_or_copy(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


@pytest.fixture
def binaries_elsewhere(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, int], Path]:
    """Installs the wheel's binaries in a folder of that name and mode."""

    def install(name: str, mode: int) -> Path:
        found = find_spec(embedded_binaries.PACKAGE)
        assert found is not None
        assert found.origin is not None
        site = folder / name
        for part in (embedded_binaries.BINARIES, Path(f"{embedded_binaries.PACKAGE}.libs")):
            source = Path(found.origin).parents[1] / part
            if source.exists():
                shutil.copytree(source, site / part, copy_function=link_or_copy)
        site.chmod(mode)
        found.origin = str(site / embedded_binaries.PACKAGE / "__init__.py")
        monkeypatch.setattr(embedded_binaries, "find_spec", lambda _: found)
        return site

    return install


@as_root
async def test_binaries_in_a_closed_folder_are_copied(
    folder: Path, binaries_elsewhere: Callable[[str, int], Path]
) -> None:
    site = binaries_elsewhere("closed", 0o700)
    with running(folder / "data") as url:
        assert await ask(url, "select 1") == 1
    assert stat.S_IMODE(site.stat().st_mode) == 0o700
    assert len(list((folder / "data").glob("binaries-*"))) == 1


async def test_binaries_at_a_path_that_needs_quoting_make_a_database(
    folder: Path, binaries_elsewhere: Callable[[str, int], Path]
) -> None:
    binaries_elsewhere("o\"brien's $HOME", 0o755)
    with running(folder / "data") as url:
        assert await ask(url, "select 1") == 1
    assert not list((folder / "data").glob("binaries-*"))
