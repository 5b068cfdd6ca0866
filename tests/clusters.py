"""Data directories with a database that was made before: that takes more than a second of a processor, a copy little."""

import atexit
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path

from app.storage.embedded.running import running
from tests.cli.flowport import flowport


def with_cluster(data_dir: Path) -> Path:
    """The data directory, which is made if it is missing, with a database that is migrated and empty."""
    subprocess.run(["cp", "-a", f"{made_before()}/.", data_dir], check=True)
    return data_dir


@cache
def made_before() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="flowport-test-")).resolve()
    atexit.register(shutil.rmtree, folder)
    # For the account of the database.
    folder.chmod(0o755)
    data_dir = folder / "data"
    with running(data_dir):
        migrated = flowport("token", "--list", "--data-dir", data_dir)
    assert migrated.returncode == 0, migrated.stderr
    for left in data_dir.iterdir():
        if left.is_file():
            left.unlink()
    with (data_dir / "postgres" / "postgresql.conf").open("a", encoding="utf-8") as settings:
        # Nobody will miss it after a power failure.
        settings.write("fsync = off\n")
    return data_dir
