"""The database, and connections to it."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, ValidationInfo
from pydantic_settings import BaseSettings
from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from app.settings.names import variable

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


class DatabaseSettings(BaseSettings):
    database_url: Annotated[str, AfterValidator(async_url)] | None = Field(
        default=None,
        repr=False,
        description="URL of a PostgreSQL 15 or newer, which may name several hosts; unset, an embedded one runs in the data directory",
    )
    replica_url: Annotated[str, AfterValidator(standby_url)] | None = Field(
        default=None,
        repr=False,
        description="URL of a standby of the database, from which queries read; unset, all read from the database",
    )
    replica_max_lag_seconds: float = Field(
        default=5,
        gt=0,
        le=3600,
        allow_inf_nan=False,
        description="how far the standby may be behind before nobody reads from it",
    )
    data_dir: Path = Field(default=Path(".flowport"), description="folder of the embedded database, made if missing")
    pool_size: int | None = Field(
        default=None, ge=1, le=1000, description="database connections of each process; unset, 10 (150 of all at most)"
    )
    pooler_mode: Literal["auto", "session", "transaction"] = Field(
        default="auto", description="mode of a connection pooler such as pgbouncer; auto: if one is found, transaction"
    )
    statement_timeout_seconds: float = Field(
        default=15, gt=0, allow_inf_nan=False, description="longest time for one SQL statement"
    )
    lock_timeout_seconds: float = Field(
        default=5,
        gt=0,
        allow_inf_nan=False,
        description="longest time for which a call waits for what another one changes",
    )
