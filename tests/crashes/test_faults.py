"""One fault of each kind under load; the long form is `scripts/benchmarks/crashes.py --faults`."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from random import Random

import pytest

from app.storage.embedded.running import running
from tests.clusters import with_cluster
from tests.crashes.fault_kinds import KINDS, OF_DISK, OF_POOLER, kinds_for
from tests.crashes.faults import Faults, FaultTally, open_embedded_faults, open_faults
from tests.crashes.faulty_wire import Cut
from tests.crashes.small_disk import small_disk
from tests.databases import open_databases
from tests.pooler.pgbouncer import MISSING, PROGRAM

DISK_BYTES = 500_000_000
ONLY_ROOT = "only root can mount a small disk, and on Linux"
BEHIND_A_POOLER = (OF_POOLER, f"a connection is cut {Cut.BEFORE_ANSWER.value}")

ALWAYS_NOTICED = {
    *("the server is killed", "the server is stopped", "the database is killed"),
    *("a table is locked", "the database is silent until connections are cut"),
}


@pytest.fixture(scope="module")
def disk(session_folder: Path) -> Iterator[Path | None]:
    """Where the database lies; None where no disk can be mounted."""
    with small_disk(session_folder / "disk", DISK_BYTES) as made:
        yield made


@pytest.fixture(scope="module")
async def faults(session_folder: Path, disk: Path | None) -> AsyncIterator[Faults]:
    """On a database of its own: it is killed, and with it whatever others would do there."""
    data_dir = (disk or session_folder) / "faults"
    with running(with_cluster(data_dir)) as url:
        async with (
            open_databases(url) as databases,
            open_faults(databases, session_folder, data_dir, FaultTally(), disk) as opened,
        ):
            yield opened


@pytest.mark.parametrize("name", [name for name in KINDS if name != OF_POOLER])
async def test_what_was_acknowledged_is_there_once_and_the_rest_wholly_or_not_at_all(faults: Faults, name: str) -> None:
    if name not in kinds_for(faults.victim):
        pytest.skip(ONLY_ROOT)
    await faults.round(name, Random(name))  # noqa: S311 - not for secrets
    wrong, faults.tally.wrong = faults.tally.wrong, []
    assert wrong == []
    assert faults.tally.told["acknowledged"] > 0
    assert faults.tally.noticed[name] > 0 or name not in ALWAYS_NOTICED


async def test_a_server_whose_data_directory_is_on_a_full_disk_loses_nothing_and_comes_back(folder: Path) -> None:
    """It has its log there too."""
    tally = FaultTally()
    with small_disk(folder / "disk", DISK_BYTES) as disk:
        if disk is None:
            pytest.skip(ONLY_ROOT)
        async with open_embedded_faults(disk / "data", tally, disk) as faults:
            for _ in range(2):
                await faults.round(OF_DISK, Random(1))  # noqa: S311 - not for secrets
    assert tally.wrong == []
    assert tally.told["acknowledged"] > 0


@pytest.mark.skipif(PROGRAM is None, reason=MISSING)
async def test_behind_a_pooler_nothing_is_lost_either(folder: Path) -> None:
    tally = FaultTally()
    with running(with_cluster(folder / "data")) as url:
        async with (
            open_databases(url) as databases,
            open_faults(databases, folder, folder / "data", tally, pooled=True) as faults,
        ):
            for name in BEHIND_A_POOLER:
                await faults.round(name, Random(name))  # noqa: S311 - not for secrets
    assert tally.wrong == []
    assert tally.told["acknowledged"] > 0


async def test_a_server_that_keeps_its_own_database_loses_nothing_either(folder: Path) -> None:
    tally = FaultTally()
    async with open_embedded_faults(folder, tally) as faults:
        for name in ("the database is killed", "a process of the database is killed", "the database is killed"):
            await faults.round(name, Random(name))  # noqa: S311 - not for secrets
    assert tally.wrong == []
    assert tally.told["acknowledged"] > 0
