"""HTTPS without a proxy: a certificate and its key by settings."""

import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import click
import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from app.server.startup import base_url_of, check_certificate
from app.settings import BadSettings, read_settings
from tests.databases import Databases, Loaded
from tests.serving.real import VIEWER, real_server


def write_pair(folder: Path, name: str, *, password: bytes | None = None) -> dict[str, Path]:
    """A certificate for loopback that is signed with its own key."""
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
    locked = serialization.NoEncryption() if password is None else serialization.BestAvailableEncryption(password)
    pair = {"tls_certificate": folder / f"{name}.pem", "tls_key": folder / f"{name}.key"}
    pair["tls_certificate"].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    pair["tls_key"].write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, locked)
    )
    return pair


async def test_with_a_certificate_https_is_served_and_nothing_but_https(
    databases: Databases, loaded_trade: Loaded, tmp_path: Path
) -> None:
    pair = write_pair(tmp_path, "own")
    async with real_server(databases, loaded_trade, **pair) as real:
        trusting = ssl.create_default_context(cafile=pair["tls_certificate"])
        async with httpx.AsyncClient(base_url=real.api.http.base_url, verify=trusting, timeout=60) as http:
            headers = {"Authorization": f"Bearer {real.api.tokens['ada']}"}
            response = await http.post("/graphql", json={"query": VIEWER}, headers=headers)
        assert (response.status_code, response.json()["data"]) == (200, {"viewer": {"id": real.api.id("ada")}})
        with pytest.raises(httpx.TransportError):
            await real.api.http.get(f"http://127.0.0.1:{real.port}/health")
        old = ssl.create_default_context(cafile=pair["tls_certificate"])
        old.maximum_version = ssl.TLSVersion.TLSv1_2
        old.set_ciphers("AES128-SHA:ECDHE-ECDSA-AES128-SHA:@SECLEVEL=0")
        async with httpx.AsyncClient(verify=old) as http:
            with pytest.raises(httpx.ConnectError):
                await http.get(f"https://127.0.0.1:{real.port}/health")


def test_a_certificate_that_cant_be_used_is_refused_before_anything_is_begun(tmp_path: Path) -> None:
    own, other = write_pair(tmp_path, "own"), write_pair(tmp_path, "other")
    locked = write_pair(tmp_path, "locked", password=b"secret")
    (tmp_path / "empty").touch()
    check_certificate(read_settings(own))
    for bad in (
        own | {"tls_key": other["tls_key"]},
        own | {"tls_certificate": tmp_path / "empty"},
        own | {"tls_key": tmp_path / "empty"},
        locked,
    ):
        with pytest.raises(click.ClickException, match=r"The certificate .* with the key .* can't be used: "):
            check_certificate(read_settings(bad))


def test_certificate_and_key_are_set_together_and_are_files(tmp_path: Path) -> None:
    own = write_pair(tmp_path, "own")
    together = "FLOWPORT_TLS_KEY: the certificate and its key belong together: give both or neither"
    no_file = f'FLOWPORT_TLS_CERTIFICATE: path does not point to a file (given: "{tmp_path / "none"}")'
    for given, complaint in (
        ({"tls_certificate": own["tls_certificate"]}, together),
        ({"tls_key": own["tls_key"]}, together),
        (own | {"tls_certificate": tmp_path / "none"}, no_file),
    ):
        with pytest.raises(BadSettings) as refused:
            read_settings(given)
        assert str(refused.value) == complaint


def test_the_greeting_says_https_where_it_is_served() -> None:
    assert base_url_of("127.0.0.1", 8000, tls=True) == "https://127.0.0.1:8000"
    assert base_url_of("::1", 8000, tls=False) == "http://[::1]:8000"
