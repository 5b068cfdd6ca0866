"""Checks URLs and lists of settings, and converts them for the program."""

import re
from collections.abc import Callable, Sequence
from ipaddress import ip_address, ip_network
from urllib.parse import parse_qsl, urlsplit

from pydantic import AfterValidator, ValidationInfo
from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

PREFIX = "FLOWPORT_"

# The scheme, the host and, where it isn't the usual one, the port; in small letters, as browsers send them.
ORIGIN = re.compile(r"https?://([a-z0-9.-]+|\[[0-9a-f:.]+\])(:\d{1,5})?")

HOST_NAME = re.compile(r"(\*\.)?[a-z0-9_-]+(\.[a-z0-9_-]+)*")
"""A name as the header `Host` has it, without a port; `*.` before it stands for all that is below."""

URL_SCHEMES = {"postgres", "postgresql", "postgresql+asyncpg"}
USUAL_PORT = 5432
AUTHORITY = re.compile(r"([^:/]+://(?:[^:/]*(?::[^@]*)?@)?)([^/?]*)(.*)", re.DOTALL)
HOST_AND_PORT = re.compile(r"(\[[^\]]+\]|[^:\[\]]+)(?::(\d*))?")
WRITABLE = ("read-write", "primary", "any")
READABLE = ("standby", "read-only", "prefer-standby", "any")
"""Values of `target_session_attrs`; the first is the usual one for several hosts."""
# What asyncpg understands of the options that libpq knows, by the name that it has there.
URL_OPTIONS = {
    "host": "host",
    "port": "port",
    "target_session_attrs": "target_session_attrs",
    "sslmode": "ssl",
    "ssl": "ssl",
}

COUNTERS_SCHEMES = {"redis": "redis", "rediss": "rediss", "valkey": "redis", "valkeys": "rediss", "unix": "unix"}
"""As people write them, and as the client library has them."""
COUNTERS_OPTIONS = ("db",)
TLS_OPTIONS = ("ssl_ca_certs", "ssl_certfile", "ssl_keyfile", "ssl_cert_reqs")
"""Parameters that the URL may have. Others the client library takes too, or stumbles over when it connects."""


def variable(name: str) -> str:
    """The environment variable of a setting."""
    return f"{PREFIX}{name}".upper()


def listed(is_one: Callable[[str], object], kind: str) -> AfterValidator:
    """Takes texts of a kind with commas between, and leaves out the spaces."""

    def without_spaces(text: str) -> str:
        parts = [part.strip() for part in text.split(",") if part.strip()]
        for part in parts:
            if not is_one(part):
                raise ValueError(f"{part} is no {kind}")
        return ",".join(parts)

    return AfterValidator(without_spaces)


def is_network(text: str) -> bool:
    try:
        return bool(ip_network(text))
    except ValueError:
        return False


def is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def async_url(text: str) -> str:
    """Read the URL of the database; among several hosts, the driver takes the one that accepts writes."""
    return driver_url(text, WRITABLE)


def standby_url(text: str, settings: ValidationInfo) -> str:
    """Read the URL of a standby; among several hosts, the driver prefers a standby."""
    url = driver_url(text, READABLE)
    if settings.data.get("database_url") is None:
        raise ValueError(f"must not be given without {variable('database_url')}")
    return url


def driver_url(text: str, session_attrs: Sequence[str]) -> str:
    """The URL as SQLAlchemy's asyncpg dialect expects it; refusals never repeat the password.

    `session_attrs` are the allowed values of `target_session_attrs`. The first is the default for several hosts.
    """
    try:
        url = with_hosts(text)
    except (ArgumentError, ValueError):
        raise ValueError("this is no database URL, such as postgresql://user:password@host:5432/database") from None
    if url.drivername not in URL_SCHEMES:
        raise ValueError(f"the database must be PostgreSQL (postgresql://…), not {url.drivername}")
    if "@" in f"{url.host}{url.query.get('host')}":
        # The text before it is a part of the password, and would be shown as a part of the host.
        raise ValueError("an @ in the user or the password must be written as %40 in the URL")
    unknown = [option for option in url.query if option not in URL_OPTIONS]
    if unknown:
        raise ValueError(f"the option {unknown[0]} isn't supported in the URL; supported are {', '.join(URL_OPTIONS)}")
    refuse_bad_ports(url)
    query = {URL_OPTIONS[option]: value for option, value in url.query.items()}
    if len(url.normalized_query.get("host", ())) > 1 or "," in str(url.query.get("host", "")):
        query.setdefault("target_session_attrs", session_attrs[0])
    if (value := query.get("target_session_attrs")) not in {None, *session_attrs}:
        raise ValueError(f"target_session_attrs must be one of {', '.join(session_attrs)}, not {value}")
    return url.set(drivername="postgresql+asyncpg", query=query).render_as_string(hide_password=False)


def with_hosts(text: str) -> URL:
    """Parse a URL with several hosts, separated by commas; SQLAlchemy's parser accepts only one."""
    parts = AUTHORITY.fullmatch(text)
    if parts is None or "," not in parts[2]:
        return make_url(text)
    before, listed, after = parts.groups()
    hosts = [HOST_AND_PORT.fullmatch(each) for each in listed.split(",")]
    if not all(hosts):
        raise ValueError
    named = [each.group(1).strip("[]") for each in hosts if each]
    ports = [each.group(2) or str(USUAL_PORT) for each in hosts if each]
    return make_url(before + after).update_query_dict({"host": ",".join(named), "port": ",".join(ports)})


def refuse_bad_ports(url: URL) -> None:
    """Also those of the options, where there may be several."""
    listed = ",".join(url.normalized_query.get("port", ()))
    for port in [*listed.split(","), "" if url.port is None else str(url.port)]:
        if port and not (port.isdecimal() and 0 < int(port) < 2**16):
            raise ValueError(f"{port} is no port: one is between 1 and 65535")


def key_set_url(text: str) -> str:
    """Refuse a URL of keys that isn't HTTPS: keys could be exchanged on the way. Loopback may be HTTP."""
    try:
        url = urlsplit(text)
        readable = url.port != 0 and bool(url.hostname) and re.fullmatch("[!-~]+", text) is not None
    except ValueError:
        url, readable = urlsplit(""), False
    if not readable:
        raise ValueError("this is no URL, such as https://login.example.com/.well-known/jwks.json")
    if url.username is not None or url.password is not None or url.fragment:
        raise ValueError("the URL must have no user, no password and no fragment")
    if url.scheme != "https" and not (url.scheme == "http" and is_loopback(url.hostname or "")):
        raise ValueError("the URL must begin with https://; http:// is for loopback only")
    return text


def required_with_key_set(text: str | None, settings: ValidationInfo) -> str | None:
    if text is None and settings.data.get("jwks_url") is not None:
        raise ValueError(f"must be given where {variable('jwks_url')} is")
    return text


def counters_url(text: str, settings: ValidationInfo) -> str:
    """The URL as the client library expects it; refusals never repeat the password."""
    try:
        url = urlsplit(text)
        is_whole = bool(url.path) if url.scheme == "unix" else bool(url.hostname) and url.port != 0
    except ValueError:
        url, is_whole = urlsplit(""), False
    if url.scheme not in COUNTERS_SCHEMES or not is_whole:
        raise ValueError("this is no URL of a Valkey or Redis, such as redis://user:password@host:6379/0")
    options = dict(parse_qsl(url.query, keep_blank_values=True))
    supported = COUNTERS_OPTIONS + (TLS_OPTIONS if COUNTERS_SCHEMES[url.scheme] == "rediss" else ())
    for option in options:
        if option not in supported:
            names = ", ".join(supported)
            raise ValueError(f"the option {option} isn't supported in the URL; supported are {names}")
    number = options.get("db", "" if url.scheme == "unix" else url.path.strip("/"))
    if number and not number.isdecimal():
        raise ValueError(f"{number} is no number of a database")
    if settings.data.get("rate_limit_cost_per_minute") is None:
        raise ValueError(f"must not be given without {variable('rate_limit_cost_per_minute')}")
    return url._replace(scheme=COUNTERS_SCHEMES[url.scheme]).geturl()
