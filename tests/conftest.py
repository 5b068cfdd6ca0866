"""What every test may ask for: a fresh migrated database, or a folder for a data directory.

The program is imported where it is needed: pure tests don't wait for it.
"""

import gc
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

# The settings of whoever runs the tests are not those of the tests.
GIVEN = {name: os.environ.pop(name) for name in [*os.environ] if name.startswith("FLOWPORT_")}


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """What is collected stays to the end: going through it again and again for garbage would take a tenth of all time."""
    gc.disable()
    yield
    gc.freeze()
    gc.enable()


@contextmanager
def open_folder() -> Iterator[Path]:
    """A folder that every account may enter: root's database runs as another one, to which `tmp_path` is closed."""
    made = Path(tempfile.mkdtemp(prefix="flowport-test-")).resolve()
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
    from app.storage.embedded import running

    given = read_settings({"database_url": GIVEN.get("FLOWPORT_DATABASE_URL")}).database_url
    if given is not None:
        yield given
        return
    with running(session_folder / "data") as url:
        yield url


@pytest.fixture(scope="session")
async def server(server_url: str) -> AsyncIterator["AsyncEngine"]:
    """Connections for making and dropping databases."""
    from sqlalchemy.ext.asyncio import create_async_engine

    engine = create_async_engine(server_url, isolation_level="AUTOCOMMIT")
    if "FLOWPORT_DATABASE_URL" not in GIVEN:
        async with engine.connect() as connection:
            # Nobody will miss these databases after a power failure.
            await connection.exec_driver_sql("alter system set fsync = off")
            await connection.exec_driver_sql("select pg_reload_conf()")
    yield engine
    await engine.dispose()


@pytest.fixture(scope="session")
async def template(server_url: str, server: "AsyncEngine") -> AsyncIterator[str]:
    """A migrated database that the others are copies of."""
    from app.storage.migrate import upgrade

    name = await make_database(server)
    await upgrade(url_of(server_url, name))
    yield name
    await drop_database(server, name)


@pytest.fixture
async def database_url(server_url: str, server: "AsyncEngine", template: str) -> AsyncIterator[str]:
    """A migrated database of the test's own."""
    name = await make_database(server, template=template)
    yield url_of(server_url, name)
    await drop_database(server, name)


@pytest.fixture
async def empty_database_url(server_url: str, server: "AsyncEngine") -> AsyncIterator[str]:
    """A database of the test's own, without a schema."""
    name = await make_database(server)
    yield url_of(server_url, name)
    await drop_database(server, name)


async def make_database(server: "AsyncEngine", *, template: str = "template0") -> str:
    name = f"flowport_test_{uuid4().hex}"
    async with server.connect() as connection:
        await connection.exec_driver_sql(f"create database {name} template {template}")
    return name


async def drop_database(server: "AsyncEngine", name: str) -> None:
    async with server.connect() as connection:
        await connection.exec_driver_sql(f"drop database {name} with (force)")


def url_of(server_url: str, name: str) -> str:
    from sqlalchemy import make_url

    return make_url(server_url).set(database=name).render_as_string(hide_password=False)
