"""What the tests of the embedded server share."""

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def data_dir(session_folder: Path) -> Path:
    """One data directory for the tests that don't need a fresh one; every test leaves it without a server."""
    made = session_folder / "embedded"
    made.mkdir(mode=0o755)
    return made
