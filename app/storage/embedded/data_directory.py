"""The data directory of an embedded PostgreSQL, and the server that runs there."""

from dataclasses import dataclass
from pathlib import Path

import psutil


@dataclass(frozen=True, slots=True)
class DataDirectory:
    """The data directory and what of ours lies in it."""

    path: Path

    @property
    def cluster(self) -> Path:
        return self.path / "postgres"

    @property
    def log(self) -> Path:
        return self.path / "postgres.log"


@dataclass(frozen=True, slots=True)
class Postmaster:
    process: psutil.Process
    socket_dir: Path
    status: str


def find_postmaster(directory: DataDirectory) -> Postmaster | None:
    """The running server of the cluster.

    Its pid file may have outlived it and name a stranger by now; the server's working directory is the cluster.
    """
    lines = read_pid_file(directory)
    try:
        process = psutil.Process(int(lines[0]))
    except (ValueError, IndexError, psutil.Error):
        return None
    if not serves(process, directory.cluster):
        return None
    return Postmaster(process, Path(lines[4]), lines[7].strip())


def read_pid_file(directory: DataDirectory) -> list[str]:
    """Its lines, of which the first is the pid, the fifth the socket's folder and the eighth the status; or none."""
    try:
        text = (directory.cluster / "postmaster.pid").read_text(encoding="utf-8", errors="surrogateescape")
    except FileNotFoundError:
        return []
    lines = text.splitlines()
    # The file grows while the server starts.
    return lines + [""] * (8 - len(lines))


def serves(process: psutil.Process, cluster: Path) -> bool:
    """Whether this is a process of the cluster's server; somebody's shell may be in the folder as well."""
    try:
        return process.name() == "postgres" and cluster.samefile(process.cwd())
    except (OSError, psutil.Error):
        # It is gone, or it is nobody whom we could have started.
        return False


def is_alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
