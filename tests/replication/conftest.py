"""Two servers with a world, which one test after the other has to itself."""

import tempfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import pytest

from app.settings.validators import async_url
from app.storage.migrations.migrate import upgrade
from tests.api.trade import trade
from tests.databases import KEEP, Loaded, load, putting_back, run
from tests.replication.pair import Pair, pair_in
from tests.replication.positions import asked, caught_up

IS_STANDBY = "select case when pg_is_in_recovery() then pg_get_wal_replay_pause_state() = 'not paused' else false end"


@dataclass(frozen=True, slots=True)
class LoadedPair:
    """A pair that is stopped, with a world on both servers."""

    pair: Pair
    loaded: Loaded


@pytest.fixture(scope="session")
async def loaded_pair(session_folder: Path) -> LoadedPair:
    """A pair with the world of trade, to be copied."""
    with pair_in(folder_in(session_folder)) as pair:
        url = async_url(pair.url())
        await upgrade(url)
        loaded = await load(url, trade())
        await run(url, KEEP)
        await caught_up(pair)
    return LoadedPair(pair, loaded)


@pytest.fixture(scope="session")
def running_pairs() -> Iterator[list[Pair]]:
    """Copies that nobody uses, and that are as they were."""
    running: list[Pair] = []
    yield running
    for pair in running:
        pair.stop()


@pytest.fixture
async def pair(session_folder: Path, loaded_pair: LoadedPair, running_pairs: list[Pair]) -> AsyncIterator[Pair]:
    """It may be one that was used before; one of whose servers was killed or promoted is not used again."""
    pair = running_pairs.pop() if running_pairs else loaded_pair.pair.copied_to(folder_in(session_folder))
    try:
        if pair.primary.process is None:
            pair.start()
        await caught_up(pair)
        yield pair
    finally:
        if await put_back(pair):
            running_pairs.append(pair)
        else:
            pair.stop()


@pytest.fixture
def loaded(loaded_pair: LoadedPair) -> Loaded:
    """The world of trade, on both servers."""
    return loaded_pair.loaded


def folder_in(folder: Path) -> Path:
    """A folder that every account may enter."""
    made = Path(tempfile.mkdtemp(dir=folder))
    made.chmod(0o755)
    return made


async def put_back(pair: Pair) -> bool:
    """Whether the servers are again as they were."""
    if pair.primary.process is None or pair.standby.process is None:
        return False
    try:
        if (await asked(pair.primary, IS_STANDBY), await asked(pair.standby, IS_STANDBY)) != ([False], [True]):
            return False
        await run(async_url(pair.url(pair.primary)), putting_back())
        await caught_up(pair)
    except (OSError, asyncpg.PostgresError):
        return False
    return True
