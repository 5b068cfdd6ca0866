"""The database, and connections to it."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field
from pydantic_settings import BaseSettings
from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

URL_SCHEMES = {"postgres", "postgresql", "postgresql+asyncpg"}
# What asyncpg understands of the options that libpq knows, by the name that it has there.
URL_OPTIONS = {
    "host": "host",
    "port": "port",
    "sslmode": "ssl",
    "ssl": "ssl",
}


def async_url(given: str) -> str:
    """The URL as SQLAlchemy's asyncpg dialect wants it; the messages never repeat the password."""
    try:
        url = make_url(given)
    except (ArgumentError, ValueError):
        raise ValueError("this is no database URL, such as postgresql://user:password@host:5432/database") from None
    if url.drivername not in URL_SCHEMES:
        raise ValueError(f"the database must be PostgreSQL (postgresql://…), not {url.drivername}")
    unknown = [option for option in url.query if option not in URL_OPTIONS]
    if unknown:
        raise ValueError(f"the option {unknown[0]} isn't supported in the URL; supported are {', '.join(URL_OPTIONS)}")
    refuse_bad_ports(url)
    query = {URL_OPTIONS[option]: value for option, value in url.query.items()}
    return url.set(drivername="postgresql+asyncpg", query=query).render_as_string(hide_password=False)


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
        description="URL of a PostgreSQL 15 or newer; unset, an embedded one runs in the data directory",
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
