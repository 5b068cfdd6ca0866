"""The embedded database as it was at a moment: from a copy and the log that was archived since, as the README says."""

import shutil
import subprocess
from pathlib import Path

import pytest
from sqlalchemy import make_url

from app.storage.embedded import EmbeddedDatabaseError, running
from app.storage.embedded.binaries import account_for, binaries_for, environment, myself
from tests.databases import connected, run

MOMENT = "select to_char(clock_timestamp() at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS.US')"
NAMES = "select array_agg(name order by name) from remembered"


async def names(data_dir: Path) -> list[str]:
    with running(data_dir, make=False) as url:
        async with connected(url) as connection:
            return list(await connection.fetchval(NAMES))


def copy_cluster(binaries: Path, socket: str, copy: Path) -> None:
    program = str(binaries / "pg_basebackup")
    command = [program, "-h", socket, "-U", "flowport", "--checkpoint=fast", "-D", str(copy)]
    subprocess.run(command, env=environment(), check=True)


async def test_what_was_done_after_a_moment_is_left_out_and_what_was_done_before_is_there(folder: Path) -> None:
    data, archive, copy = folder / "data", folder / "archive", folder / "copy"
    archive.mkdir()
    with running(data) as url:
        account_for(data / "postgres").own(archive)
        archiving = f'test ! -f "{archive}/%f" && cp "%p" "{archive}/%f"'
        await run(url, "alter system set archive_mode = on", f"alter system set archive_command = '{archiving}'")
    with running(data) as url:
        await run(url, "create table remembered (name text)", "insert into remembered values ('before the copy')")
        socket = str(make_url(url).query["host"])
        copy_cluster(binaries_for(myself(), data), socket, copy)
        await run(url, "insert into remembered values ('after the copy')")
        async with connected(url) as connection:
            moment = await connection.fetchval(MOMENT)
        await run(url, "insert into remembered values ('too late')")
        await run(url, "select pg_switch_wal()")
    assert await names(data) == ["after the copy", "before the copy", "too late"]

    (data / "postgres").rename(folder / "broken")
    shutil.copytree(copy, data / "postgres")
    with (data / "postgres/postgresql.auto.conf").open("a", encoding="utf-8") as settings:
        settings.write(f'restore_command = \'cp "{archive}/%f" "%p"\'\n')
        settings.write(f"recovery_target_time = '{moment} UTC'\nrecovery_target_action = 'promote'\n")
    (data / "postgres/recovery.signal").touch()
    account = account_for(archive)
    (data / "postgres/standby.signal").touch()
    with pytest.raises(EmbeddedDatabaseError, match="is a standby, which takes no writes: remove "), running(data):
        pass
    (data / "postgres/standby.signal").unlink()
    for file in (data / "postgres", *(data / "postgres").rglob("*")):
        account.own(file)
    # It is waited for until it takes writes, although it answers whoever reads before that; and goes on from there.
    with running(data, make=False) as url:
        await run(url, "insert into remembered values ('afterwards')")
    assert await names(data) == ["after the copy", "afterwards", "before the copy"]
