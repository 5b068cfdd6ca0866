"""One fault of each kind under load; the long form is `scripts/benchmarks/crashes.py --faults`."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from random import Random

import pytest

from app.storage.embedded import running
from tests.crashes.faults import KINDS, Faults, Tally, kinds, open_faults
from tests.crashes.small_disk import small_disk
from tests.databases import open_databases

DISK_BYTES = 500_000_000


@pytest.fixture(scope="module")
def disk(session_folder: Path) -> Iterator[Path | None]:
    """Where the database lies; None where no disk can be mounted."""
    with small_disk(session_folder / "disk", DISK_BYTES) as made:
        yield made


@pytest.fixture(scope="module")
async def faults(session_folder: Path, disk: Path | None) -> AsyncIterator[Faults]:
    """On a database of its own: it is killed, and with it whatever others would do there."""
    data_dir = (disk or session_folder) / "faults"
    with running(data_dir) as url:
        async with (
            open_databases(url) as databases,
            open_faults(databases, session_folder, data_dir, Tally(), disk) as opened,
        ):
            yield opened


@pytest.mark.parametrize("name", KINDS)
async def test_what_was_acknowledged_is_there_once_and_the_rest_wholly_or_not_at_all(faults: Faults, name: str) -> None:
    if name not in kinds(with_disk=faults.disk is not None):
        pytest.skip("only root can mount a small disk, and on Linux")
    await faults.round(name, Random(name))  # noqa: S311 - not for secrets
    wrong, faults.tally.wrong = faults.tally.wrong, []
    assert wrong == []
    assert faults.tally.told["acknowledged"] > 0
