"""What every test may ask for: a fresh migrated database, or a folder for a data directory.

The program is imported where it is needed: pure tests don't wait for it.
"""

import gc
import json
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.databases import Databases, Loaded

# A program is started a hundred times here, and would be compiled as often.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# A shell starts what runs in the background with interrupts ignored, and programs that are started here would inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)

OFF = ("fsync", "full_page_writes", "synchronous_commit", "autovacuum")
"""What the databases of the tests go without: nobody will miss them after a power failure, and none lives long."""

# The settings of whoever runs the tests are not those of the tests.
GIVEN = {name: os.environ.pop(name) for name in [*os.environ] if name.startswith("FLOWPORT_")}

MEASURED = {"domain", "usecases", "lifecycle"}
"""The folders whose tests have to cover the rules and the use cases (`--cov`)."""

MEMORY, PLENTY = Path("/dev/shm"), 8 * 2**30  # noqa: S108 - what is made there is made by mkdtemp


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """What is collected stays to the end: going through it again and again for garbage would take a tenth of all time."""
    gc.disable()
    yield
    gc.freeze()
    gc.enable()
    # As seldom as in a worker of the server.
    gc.set_threshold(100_000, 10, 10)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Have coverage paused in all other folders: it makes the tests of servers take twice as long."""
    for item in items:
        if not MEASURED & {*item.path.parts}:
            item.add_marker("no_cover")


def pytest_unconfigure() -> None:
    """Pytest goes through all that there is five times, for what was never closed. Once is enough to find it."""
    gc.collect()
    gc.freeze()


def where_databases_are_made_fastest() -> Path:
    """In memory where there is plenty, which takes a tenth of the time; else where temporary files are."""
    has_plenty = MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > PLENTY
    return MEMORY if has_plenty else Path(tempfile.gettempdir())


@contextmanager
def open_folder() -> Iterator[Path]:
    """A folder that every account may enter: root's database runs as another one, to which `tmp_path` is closed."""
    made = Path(tempfile.mkdtemp(prefix="flowport-test-", dir=where_databases_are_made_fastest())).resolve()
    made.chmod(0o755)
    try:
        yield made
    finally:
        shutil.rmtree(made)


@pytest.fixture(scope="session")
def session_folder() -> Iterator[Path]:
    with open_folder() as made:
        yield made


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder of the test's own, for data directories."""
    with open_folder() as made:
        yield made


@pytest.fixture(scope="session")
def server_url(session_folder: Path) -> Iterator[str]:
    """The server of FLOWPORT_DATABASE_URL, or an embedded one for this run."""
    from app.settings import read_settings
    from app.storage.embedded.running import running

    given = read_settings({"database_url": GIVEN.get("FLOWPORT_DATABASE_URL")}).database_url
    if given is not None:
        yield given
        return
    with running(session_folder / "data") as url:
        yield url


@pytest.fixture(scope="session")
async def databases(server_url: str) -> AsyncIterator["Databases"]:
    """Where databases are made."""
    from tests.databases import open_databases, run

    if "FLOWPORT_DATABASE_URL" not in GIVEN:
        changed = (f"alter system set {name} = off" for name in OFF)
        await run(server_url, *changed, "select pg_reload_conf()")
    async with open_databases(server_url) as opened:
        yield opened


@pytest.fixture
async def database_url(databases: "Databases") -> AsyncIterator[str]:
    """A migrated database of the test's own."""
    async with databases.copy() as url:
        yield url


@pytest.fixture
async def empty_database_url(databases: "Databases") -> AsyncIterator[str]:
    """A database of the test's own, without a schema."""
    async with databases.made("template0") as name:
        yield databases.url_of(name)


@pytest.fixture(scope="session")
async def loaded_trade(databases: "Databases") -> AsyncIterator["Loaded"]:
    """A database with the world of trade, to be copied."""
    from tests.api.trade import trade

    async with databases.loaded(trade()) as loaded:
        yield loaded


@pytest.fixture(scope="session")
async def loaded_company(databases: "Databases") -> AsyncIterator["Loaded"]:
    """A database with the company, to be copied; nobody there has a token."""
    from tests.applying import load_world
    from tests.databases import Loaded
    from tests.usecases.company_file import company

    async with databases.made() as name:
        ids = await load_world(databases.url_of(name), json.dumps(company()).encode())
        yield Loaded(name, ids, {})


@pytest.fixture(scope="session")
async def loaded_demo(databases: "Databases") -> AsyncIterator[str]:
    """The name of a database with the demo world, to be copied."""
    from tests.commands import load_demo_if_empty

    async with databases.made() as name:
        await load_demo_if_empty(databases.url_of(name))
        yield name
