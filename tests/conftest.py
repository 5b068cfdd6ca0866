"""What every test may ask for: a folder for a data directory, and a fresh migrated database."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


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
