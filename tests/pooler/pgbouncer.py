"""A real pgbouncer before the database server of the tests."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import URL, make_url

from tests.ports import free_port

PROGRAM = os.environ.get("TEST_PGBOUNCER") or shutil.which("pgbouncer", path=f"{os.environ['PATH']}:/usr/sbin")
MISSING = "pgbouncer is not installed: apt-get install pgbouncer"

NOBODY = 65534
PATIENCE_SECONDS = 60

USUAL = {
    "auth_type": "any",
    "listen_addr": "127.0.0.1",
    "pool_mode": "transaction",
    "default_pool_size": "2",
    "server_login_retry": "1",
    "unix_socket_dir": "",
}


@dataclass
class PgBouncer:
    """A process of pgbouncer, that can be killed and started again on the same port."""

    server: URL
    folder: Path
    options: Mapping[str, str]
    port: int = field(default_factory=free_port)
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def url(self) -> str:
        """Of the database server, as SQLAlchemy has it."""
        there = URL.create("postgresql+asyncpg", "anybody", host="127.0.0.1", port=self.port, database="postgres")
        return there.render_as_string()

    def through(self, database_url: str) -> str:
        """The URL of the same database, but through the pooler."""
        return make_url(self.url).set(database=make_url(database_url).database).render_as_string()

    @property
    def version(self) -> tuple[int, ...]:
        said = subprocess.run([str(PROGRAM), "--version"], capture_output=True, text=True, check=True).stdout
        return tuple(int(part) for part in said.split()[1].split("."))

    def start(self) -> None:
        settings = {**USUAL, "listen_port": str(self.port), **self.options}
        lines = ["[databases]", f"* = {self._server()}", "[pgbouncer]"]
        lines += [f"{name} = {value}" for name, value in settings.items()]
        file = self.folder / f"pgbouncer-{self.port}.ini"
        file.write_text("\n".join(lines))
        with (self.folder / f"pgbouncer-{self.port}.log").open("ab") as log:
            # It refuses to run as root, and the socket of the server is open to its owner alone.
            self.process = subprocess.Popen(
                [str(PROGRAM), str(file)],
                stdout=log,
                stderr=log,
                user=self._uid(),
                extra_groups=None if self._uid() is None else [],
            )
        wait_for(self.port)

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def _server(self) -> str:
        host = self.server.query.get("host") or self.server.host or "127.0.0.1"
        port = self.server.query.get("port") or self.server.port or 5432
        password = f" password={self.server.password}" if self.server.password else ""
        return f"host={host} port={port} user={self.server.username}{password}"

    def _uid(self) -> int | None:
        """None: it runs as we do."""
        if os.geteuid() != 0:
            return None
        host = str(self.server.query.get("host", ""))
        return Path(host).stat().st_uid if host.startswith("/") else NOBODY


@contextmanager
def pgbouncer(server_url: str, folder: Path, **options: str) -> Iterator[PgBouncer]:
    made = PgBouncer(make_url(server_url), folder, options)
    made.start()
    try:
        yield made
    finally:
        made.kill()


def wait_for(port: int) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except ConnectionRefusedError:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        else:
            return
