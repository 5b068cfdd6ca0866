"""The proxy of `scripts/deploy`, before a server of the tests."""

import asyncio
import os
import shutil
import ssl
import subprocess
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.ports import free_port
from tests.readme.files import ROOT

PROGRAM = shutil.which("haproxy", path=f"{os.environ['PATH']}:/usr/sbin")
MISSING = "HAProxy is not installed: apt-get install haproxy"
CONFIGURATION = ROOT / "scripts/deploy/haproxy.cfg"

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@dataclass(frozen=True, slots=True)
class Proxy:
    """A proxy that runs."""

    port: int
    trusting: ssl.SSLContext
    log: Path

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.port}"

    def lines(self, text: str) -> list[str]:
        """The lines of its log that hold this text."""
        return [line for line in self.log.read_text().splitlines() if text in line]

    @asynccontextmanager
    async def saying(self, *lines: str) -> AsyncIterator[Streams]:
        """A connection by hand, and what it says first."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port, ssl=self.trusting)
        writer.write("\r\n".join(lines).encode())
        try:
            yield reader, writer
        finally:
            writer.transport.abort()
            with suppress(OSError):
                await writer.wait_closed()


@contextmanager
def proxied(server_port: int, folder: Path, changes: Mapping[str, str]) -> Iterator[Proxy]:
    """Run the configuration as it is deployed, but for `changes`, before the server of this port."""
    assert PROGRAM is not None
    text = CONFIGURATION.read_text(encoding="utf-8")
    for before, after in changes.items():
        assert before in text
        text = text.replace(before, after)
    (folder / "haproxy.cfg").write_text(text, encoding="utf-8")
    certificate = write_certificate(folder)
    port = free_port()
    own = {
        "PROXY_BIND": f"127.0.0.1:{port}",
        "PROXY_CERTIFICATE": str(certificate),
        "PROXY_SERVER": f"127.0.0.1:{server_port}",
    }
    command = [PROGRAM, "-db", "-f", str(folder / "haproxy.cfg")]
    with (
        (folder / "log").open("w") as log,
        subprocess.Popen(command, stderr=log, stdout=log, env=os.environ | own) as process,
    ):
        try:
            yield Proxy(port, ssl.create_default_context(cafile=str(certificate)), folder / "log")
        finally:
            process.kill()


def write_certificate(folder: Path) -> Path:
    """A certificate for loopback that is signed with its own key, and this key."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Flowport's tests")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    plain = serialization.NoEncryption()
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    file = folder / "certificate.pem"
    file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM) + private)
    return file
