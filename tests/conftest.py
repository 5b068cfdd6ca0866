"""What every test may ask for: a fresh migrated database, or a folder for a data directory."""

import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import make_url, text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from app.settings import read_settings
from app.storage.embedded import running
from app.storage.migrate import upgrade

GIVEN_SERVER = read_settings().database_url
# The settings of whoever runs the tests are not those of the tests.
for variable in [name for name in os.environ if name.startswith("FLOWPORT_")]:
    del os.environ[variable]


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
    if GIVEN_SERVER is not None:
        yield GIVEN_SERVER
        return
    with running(session_folder / "data") as url:
        yield url


@pytest.fixture(scope="session")
async def server(server_url: str) -> AsyncIterator[AsyncEngine]:
    """Connections for making and dropping databases."""
    engine = create_async_engine(server_url, isolation_level="AUTOCOMMIT")
    if GIVEN_SERVER is None:
        async with engine.connect() as connection:
            # Nobody will miss these databases after a power failure.
            await connection.execute(text("alter system set fsync = off"))
            await connection.execute(text("select pg_reload_conf()"))
    yield engine
    await engine.dispose()


@pytest.fixture(scope="session")
async def template(server_url: str, server: AsyncEngine) -> AsyncIterator[str]:
    """A migrated database that the others are copies of."""
    name = await make_database(server)
    await upgrade(url_of(server_url, name))
    yield name
    await drop_database(server, name)


@pytest.fixture
async def database_url(server_url: str, server: AsyncEngine, template: str) -> AsyncIterator[str]:
    """A migrated database of the test's own."""
    name = await make_database(server, template=template)
    yield url_of(server_url, name)
    await drop_database(server, name)


@pytest.fixture
async def empty_database_url(server_url: str, server: AsyncEngine) -> AsyncIterator[str]:
    """A database of the test's own, without a schema."""
    name = await make_database(server)
    yield url_of(server_url, name)
    await drop_database(server, name)


async def make_database(server: AsyncEngine, *, template: str = "template0") -> str:
    name = f"flowport_test_{uuid4().hex}"
    async with server.connect() as connection:
        await connection.execute(text(f"create database {name} template {template}"))
    return name


async def drop_database(server: AsyncEngine, name: str) -> None:
    async with server.connect() as connection:
        await connection.execute(text(f"drop database {name} with (force)"))


def url_of(server_url: str, name: str) -> str:
    return make_url(server_url).set(database=name).render_as_string(hide_password=False)
