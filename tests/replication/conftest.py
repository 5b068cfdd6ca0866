"""Two servers with a world, which one test has to itself."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.settings.database_settings import async_url
from app.storage.migrate import upgrade
from tests.api.trade import trade
from tests.databases import Loaded, load
from tests.replication.pair import Pair, pair_in
from tests.replication.positions import caught_up


@pytest.fixture
def pair(folder: Path) -> Iterator[Pair]:
    with pair_in(folder) as made:
        yield made


@pytest.fixture
async def loaded(pair: Pair) -> Loaded:
    """The world of trade, on both servers."""
    url = async_url(pair.url())
    await upgrade(url)
    made = await load(url, trade())
    await caught_up(pair)
    return made
