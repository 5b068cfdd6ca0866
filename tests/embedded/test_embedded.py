"""The embedded PostgreSQL: joined by every process of its data directory, stopped by the last, whatever is killed."""

import os
import shutil
import signal
import stat
import subprocess
from functools import partial
from itertools import count
from pathlib import Path

import pytest

from app.storage.embedded.running import running, watch
from tests.embedded.embedded_users import (
    ask,
    checkpointers_of,
    eventually,
    server_of,
    socket_folder,
    user_of,
    watches_of,
)


def test_the_second_user_joins_and_the_last_one_stops_the_server(data_dir: Path) -> None:
    with user_of(data_dir) as first, user_of(data_dir) as second:
        assert first.url == second.url
        server = server_of(data_dir)
        assert server is not None
        first.leave()
        assert server_of(data_dir) == server
        second.leave()
        assert server_of(data_dir) is None
    assert eventually(lambda: not watches_of(data_dir))


async def test_the_server_is_set_up_for_us_and_open_to_nobody_else(data_dir: Path) -> None:
    with running(data_dir) as url:
        settings = "current_setting('random_page_cost'), current_setting('jit'), current_setting('timezone')"
        assert await ask(url, f"select concat_ws(' ', {settings})") == "1.1 off UTC"
        assert await ask(url, "show listen_addresses") == ""
        locale = (
            "select concat_ws(' ', datlocprovider, datlocale, datcollate) from pg_database where datname = 'postgres'"
        )
        assert await ask(url, locale) == "b C.UTF-8 C"
        folder = socket_folder(url)
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert stat.S_IMODE((folder / ".s.PGSQL.5432").stat().st_mode) == 0o700
    assert server_of(data_dir) is None


def test_a_later_start_takes_the_cluster_that_is_there(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with running(data_dir):
        pass
    monkeypatch.delattr("app.storage.embedded.server.create_cluster")
    with running(data_dir):
        assert server_of(data_dir) is not None


def test_a_server_whose_last_user_was_killed_stops_by_itself(data_dir: Path) -> None:
    with user_of(data_dir) as user:
        assert user.url
        assert server_of(data_dir) is not None
        user.kill()
        assert eventually(lambda: server_of(data_dir) is None)


def test_a_server_that_nobody_uses_any_more_is_not_started_again(data_dir: Path) -> None:
    """Whoever left last may be removing the data directory."""
    with running(data_dir):
        pass
    assert eventually(lambda: not watches_of(data_dir))
    watch(data_dir)
    assert server_of(data_dir) is None


def test_a_server_that_everybody_left_behind_is_joined_and_then_stopped(data_dir: Path) -> None:
    with user_of(data_dir) as killed:
        assert killed.url
        # A watch that has only just begun is two processes for a moment.
        while watches := watches_of(data_dir):
            for watch in watches:
                watch.kill()
        killed.kill()
        left_behind = server_of(data_dir)
        assert left_behind is not None
        with user_of(data_dir) as user:
            assert user.url
            assert server_of(data_dir) == left_behind
            user.leave()
        assert server_of(data_dir) is None


async def test_a_killed_server_is_started_anew_with_all_it_had(data_dir: Path) -> None:
    with user_of(data_dir) as user:
        url = user.url
        await ask(url, "create table kept as select 1 as one")
        server = server_of(data_dir)
        assert server is not None
        os.kill(server, signal.SIGKILL)
        assert eventually(lambda: server_of(data_dir) not in (None, server))
        with running(data_dir) as again:
            assert await ask(again, "select one from kept") == 1
            await ask(again, "drop table kept")
        user.leave()
    assert server_of(data_dir) is None


def test_somebody_else_in_the_folder_of_a_killed_server_is_left_alone(data_dir: Path) -> None:
    with running(data_dir), subprocess.Popen(["sleep", "60"], cwd=data_dir / "postgres") as visitor:
        server = server_of(data_dir)
        assert server is not None
        os.kill(server, signal.SIGKILL)
        assert eventually(lambda: server_of(data_dir) not in (None, server))
        with running(data_dir):
            assert visitor.poll() is None
        visitor.kill()


async def test_a_pid_file_that_names_a_stranger_is_stale(data_dir: Path) -> None:
    with running(data_dir):
        pid_file = data_dir / "postgres" / "postmaster.pid"
        content = pid_file.read_text()
    stranger = os.getpid()
    pid_file.write_text("\n".join([str(stranger), *content.split("\n")[1:]]))
    shutil.chown(pid_file, user=pid_file.parent.stat().st_uid)
    assert server_of(data_dir) is None
    with running(data_dir) as url:
        assert server_of(data_dir) != stranger
        assert await ask(url, "select 1") == 1


def test_an_interrupted_first_start_leaves_no_broken_database(folder: Path) -> None:
    data_dir = interrupted_first_start(folder)
    with running(data_dir):
        pass
    assert server_of(data_dir) is None


def test_processes_that_start_at_the_same_moment_share_one_server(folder: Path) -> None:
    data_dir = folder / "data"
    with user_of(data_dir) as one, user_of(data_dir) as two, user_of(data_dir) as three:
        assert one.url == two.url == three.url
        for user in (one, two, three):
            user.leave()
    assert server_of(data_dir) is None
    assert (data_dir / "postgres.log").read_text().count("starting PostgreSQL") == 1
    assert [each.name for each in folder.iterdir()] == ["data"]


async def test_one_that_is_started_again_is_found_where_it_was_although_its_path_is_too_long(folder: Path) -> None:
    data_dir = folder / ("long" * 25)
    with running(data_dir) as url:
        socket = socket_folder(url)
        assert socket.parent != data_dir
        await ask(url, "create table kept as select 1 as one")
        server = server_of(data_dir)
        assert server is not None
        os.kill(server, signal.SIGKILL)
        assert eventually(lambda: server_of(data_dir) not in (None, server))
        with running(data_dir) as again:
            assert again == url
        assert await ask(url, "select one from kept") == 1
        assert stat.S_IMODE(socket.stat().st_mode) == 0o700
    assert (server_of(data_dir), socket.exists()) == (None, False)


def test_one_that_recovers_when_it_is_to_stop_is_stopped(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.storage.embedded.server.STOP_SECONDS", 0.5)
    with running(data_dir):
        server = server_of(data_dir)
        assert eventually(lambda: len(checkpointers_of(server)) == 1)
        [killed] = checkpointers_of(server)
        killed.kill()
        assert eventually(lambda: killed not in checkpointers_of(server))
    assert server_of(data_dir) is None


def test_a_folder_in_the_temporary_one_that_somebody_else_has_made_is_not_used(folder: Path) -> None:
    data_dir = folder / ("long" * 25)
    with running(data_dir) as url:
        taken = socket_folder(url)
    taken.mkdir(mode=0o755)
    try:
        with running(data_dir) as url:
            assert socket_folder(url) != taken
    finally:
        taken.rmdir()


def test_a_killed_first_start_leaves_nothing_at_the_next_one(folder: Path) -> None:
    data_dir = interrupted_first_start(folder)
    with running(data_dir):
        assert list(data_dir.glob("postgres.new-*")) == []


def interrupted_first_start(folder: Path) -> Path:
    """A data directory whose user was killed while it made the cluster; what makes it goes on, as a process of its own.

    Where that was quicker than the kill, another one is made.
    """
    for number in count():
        data_dir = folder / f"data-{number}"
        with user_of(data_dir) as user:
            assert eventually(partial(has_begun, data_dir))
            user.kill()
        if not (data_dir / "postgres").exists():
            return data_dir
    raise AssertionError


def has_begun(data_dir: Path) -> bool:
    return any(data_dir.glob("postgres.new-*/base")) or (data_dir / "postgres").exists()
