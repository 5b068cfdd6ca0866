"""Two real PostgreSQL servers, one of which streams from the other; each can be killed, promoted and started again."""

import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from app.storage.embedded.binaries import Account, account_for, binaries_for, environment
from tests.ports import free_port

SECONDS = 60
SETTINGS = """
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
port = {port}
wal_level = replica
hot_standby = on
# Nobody will miss these after a power failure.
fsync = off
wal_receiver_status_interval = 1
wal_retrieve_retry_interval = 100ms
# For going back to where two servers parted.
wal_keep_size = 512MB
timezone = 'UTC'
"""


@dataclass
class DatabaseServer:
    """A server in a folder of its own, on a port that stays the same."""

    cluster: Path
    account: Account
    binaries: Path
    port: int = field(default_factory=free_port)
    process: "subprocess.Popen[bytes] | None" = None

    def start(self) -> None:
        with (self.cluster.parent / f"{self.cluster.name}.log").open("ab") as log:
            self.process = subprocess.Popen(
                [self.binaries / "postgres", "-D", self.cluster],
                cwd="/",
                env=environment(),
                stdout=log,
                stderr=log,
                start_new_session=True,
                umask=0o077,
                **self.account.subprocess_options,
            )
        self._wait_until("pg_isready", "-q", "-h", "127.0.0.1", "-p", str(self.port))

    def kill(self) -> None:
        """As a machine that loses its power: all of its processes at once."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        self._end(signal.SIGINT)

    def promote(self) -> None:
        self._run("pg_ctl", "promote", "-w", "-D", str(self.cluster))

    def follow(self, other: "DatabaseServer") -> None:
        """Become a standby of the other one, with a copy of what it has."""
        self.cluster.mkdir(mode=0o700)
        self.account.own(self.cluster)
        source = f"host=127.0.0.1 port={other.port} user=flowport"
        self._run("pg_basebackup", "-D", str(self.cluster), "-R", "-X", "stream", "-c", "fast", "-d", source)
        self._set_up()

    def follow_again(self, other: "DatabaseServer") -> None:
        """Become a standby of what followed this server, which was stopped and not killed."""
        (self.cluster / "standby.signal").touch()
        self.be_led_by(other)
        self.start()

    def be_led_by(self, other: "DatabaseServer") -> None:
        """As a standby, stream from that one."""
        with (self.cluster / "postgresql.auto.conf").open("a", encoding="utf-8") as settings:
            settings.write(f"primary_conninfo = 'host=127.0.0.1 port={other.port} user=flowport'\n")

    def copied_to(self, cluster: Path) -> "DatabaseServer":
        """A server with what this one has, which is stopped; on a port of its own."""
        subprocess.run(["cp", "-a", self.cluster, cluster], check=True)
        copy = DatabaseServer(cluster, self.account, self.binaries)
        copy._set_up()
        return copy

    def rewind(self, other: "DatabaseServer") -> None:
        """Undo what this server, which was killed, has written and the other one, which was promoted, doesn't have."""
        source = f"host=127.0.0.1 port={other.port} user=flowport dbname=postgres"
        self._run("pg_rewind", "-D", str(self.cluster), f"--source-server={source}")
        # The settings are those of the other one now.
        self._set_up()

    def make(self) -> None:
        self.cluster.mkdir(mode=0o700)
        self.account.own(self.cluster)
        options = (
            "--username=flowport",
            "--auth=trust",
            "--encoding=UTF8",
            "--locale=C",
            "--no-sync",
            "--wal-segsize=1",
        )
        self._run("initdb", "-D", str(self.cluster), *options)
        self._set_up()

    def _set_up(self) -> None:
        with (self.cluster / "postgresql.conf").open("a", encoding="utf-8") as settings:
            settings.write(SETTINGS.format(port=self.port))

    def _end(self, number: signal.Signals) -> None:
        if self.process is None:
            return
        backends = psutil.Process(self.process.pid).children(recursive=True)
        self.process.send_signal(number)
        if number is signal.SIGKILL:
            for backend in backends:
                with suppress(psutil.NoSuchProcess):
                    backend.kill()
        self.process.wait(SECONDS)
        self.process = None

    def _run(self, program: str, *arguments: str) -> None:
        done = self.account.run(self.binaries / program, *arguments)
        assert done.returncode == 0, done.stdout

    def _wait_until(self, program: str, *arguments: str) -> None:
        deadline = time.monotonic() + SECONDS
        while self.account.run(self.binaries / program, *arguments).returncode != 0:
            assert self.process is not None
            assert self.process.poll() is None, "the server ended"
            assert time.monotonic() < deadline
            time.sleep(0.05)


@dataclass(frozen=True)
class Pair:
    """A primary, and a standby that streams from it."""

    primary: DatabaseServer
    standby: DatabaseServer

    def url(self, *servers: DatabaseServer, database: str = "postgres") -> str:
        """As people write it: both hosts, or those that are named, in this order."""
        hosts = ",".join(f"127.0.0.1:{server.port}" for server in servers or (self.primary, self.standby))
        return f"postgresql://flowport@{hosts}/{database}"

    def copied_to(self, folder: Path) -> "Pair":
        """A pair that isn't started yet, with what this one has, which is stopped."""
        copy = Pair(self.primary.copied_to(folder / "first"), self.standby.copied_to(folder / "second"))
        copy.standby.be_led_by(copy.primary)
        return copy

    def start(self) -> None:
        self.primary.start()
        self.standby.start()

    def stop(self) -> None:
        self.standby.stop()
        self.primary.stop()


@contextmanager
def pair_in(folder: Path) -> Iterator[Pair]:
    account = account_for(folder)
    binaries = binaries_for(account, folder)
    pair = Pair(
        DatabaseServer(folder / "first", account, binaries), DatabaseServer(folder / "second", account, binaries)
    )
    try:
        pair.primary.make()
        pair.primary.start()
        pair.standby.follow(pair.primary)
        pair.standby.start()
        yield pair
    finally:
        pair.stop()
