"""The folder of the embedded server's socket, which only its account can enter."""

import os
import re
import stat
import tempfile
from contextlib import suppress
from pathlib import Path

from app.storage.embedded.binaries import WAYS_OUT, Account, EmbeddedDatabaseError
from app.storage.embedded.data_directory import DataDirectory

PORT = 5432

# The system's limit for the address of a socket is 104 bytes on macOS and 108 on Linux.
SOCKET_FILE = f".s.PGSQL.{PORT}"
SOCKET_ADDRESS_BYTES = 103


def make_socket_dir(directory: DataDirectory, account: Account, last: Path | None) -> Path:
    """A folder for the socket that only the account can enter: beside the cluster, if that path fits an address.

    Elsewhere the last one is taken if it can be: whoever uses the database looks for it there.
    """
    beside = directory.path / "socket"
    if fits_an_address(beside):
        beside.mkdir(mode=0o700, exist_ok=True)
        account.own(beside)
        return beside
    for parent in (Path(tempfile.gettempdir()).resolve(), Path("/tmp").resolve()):  # noqa: S108 - a fresh folder in it
        if fits_an_address(parent / "flowport-12345678") and account.can_enter(parent):
            if last is not None and last.parent == parent and is_made_again(last, account):
                return last
            folder = Path(tempfile.mkdtemp(prefix="flowport-", dir=parent))
            account.own(folder)
            return folder
    raise EmbeddedDatabaseError(
        f"The path {directory.path} is too long for a socket, and so is that of the temporary folder. {WAYS_OUT}"
    )


def is_made_again(folder: Path, account: Account) -> bool:
    """Whether a folder in the temporary one is the account's own and closed to others; made if it is missing."""
    with suppress(FileExistsError):
        folder.mkdir(mode=0o700)
        account.own(folder)
    found = folder.lstat()
    return found.st_mode == stat.S_IFDIR | stat.S_IRWXU and found.st_uid == account.uid


def fits_an_address(folder: Path) -> bool:
    """Whether the path of a socket in the folder is short, and plain enough to need no quoting anywhere."""
    address = str(folder / SOCKET_FILE)
    return len(os.fsencode(address)) <= SOCKET_ADDRESS_BYTES and re.fullmatch(r"[A-Za-z0-9._/-]+", address) is not None


def remove_socket(directory: DataDirectory, folder: Path) -> None:
    """Remove the socket and, if we made it in the temporary directory, its folder; nothing else, whatever its path."""
    # Somebody may have cleaned up already, or put something there.
    with suppress(OSError):
        for file in (SOCKET_FILE, f"{SOCKET_FILE}.lock"):
            (folder / file).unlink(missing_ok=True)
        if folder.parent != directory.path:
            folder.rmdir()
