"""Settings, read once from the environment (FLOWPORT_*)."""

import os
import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, FilePath, ValidationError, ValidationInfo
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

PREFIX = "FLOWPORT_"

URL_SCHEMES = {"postgres", "postgresql", "postgresql+asyncpg"}
# What asyncpg understands of the options that libpq knows, by the name that it has there.
URL_OPTIONS = {
    "host": "host",
    "port": "port",
    "sslmode": "ssl",
    "ssl": "ssl",
}

# The scheme, the host and, where it isn't the usual one, the port; in small letters, as browsers send them.
ORIGIN = re.compile(r"https?://([a-z0-9.-]+|\[[0-9a-f:.]+\])(:\d{1,5})?")

HOST_NAME = re.compile(r"(\*\.)?[a-z0-9_-]+(\.[a-z0-9_-]+)*")
"""A name as the header `Host` has it, without a port; `*.` before it stands for all that is below."""


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


def key_set_url(given: str) -> str:
    """A URL from which keys may be taken: nobody on the way can exchange them."""
    try:
        url = urlsplit(given)
        readable = url.port != 0 and bool(url.hostname) and re.fullmatch("[!-~]+", given) is not None
    except ValueError:
        url, readable = urlsplit(""), False
    if not readable:
        raise ValueError("this is no URL, such as https://login.example.com/.well-known/jwks.json")
    if url.username is not None or url.password is not None or url.fragment:
        raise ValueError("the URL must have no user, no password and no fragment")
    if url.scheme != "https" and not (url.scheme == "http" and is_loopback(url.hostname or "")):
        raise ValueError("the URL must begin with https://; http:// is for loopback only")
    return given


def needed_with_key_set(given: str | None, others: ValidationInfo) -> str | None:
    if given is None and others.data.get("jwks_url") is not None:
        raise ValueError(f"must be given where {variable('jwks_url')} is")
    return given


def listed_origins(given: str) -> str:
    """Origins as browsers send them, without spaces between."""
    origins = [origin.strip() for origin in given.split(",") if origin.strip()]
    for origin in origins:
        if not ORIGIN.fullmatch(origin):
            raise ValueError(f"{origin} is no origin, such as https://app.example.com or http://localhost:3000")
    return ",".join(origins)


def listed_hosts(given: str) -> str:
    """Host names in small letters, without spaces between."""
    hosts = [host.strip().lower() for host in given.split(",") if host.strip()]
    for host in hosts:
        if not HOST_NAME.fullmatch(host):
            raise ValueError(f"{host} is no host name, such as flowport.example.com or *.example.com")
    return ",".join(hosts)


def listed_networks(given: str) -> str:
    """Addresses and networks, without spaces between."""
    networks = [network.strip() for network in given.split(",") if network.strip()]
    for network in networks:
        try:
            ip_network(network)
        except ValueError:
            raise ValueError(f"{network} is no address or network, such as 10.0.0.5 or 10.0.0.0/8") from None
    return ",".join(networks)


def given_both_or_neither(key: Path | None, others: ValidationInfo) -> Path | None:
    if "tls_certificate" in others.data and (key is None) != (others.data["tls_certificate"] is None):
        raise ValueError("the certificate and its key belong together: give both or neither")
    return key


def is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


Switch = Literal["auto", "on", "off"]
NeededWithKeySet = Annotated[str | None, AfterValidator(needed_with_key_set)]


class Settings(BaseSettings):
    """Every setting with its default; an environment variable of the same name in capitals sets it."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_ignore_empty=True, frozen=True, hide_input_in_errors=True)

    database_url: Annotated[str, AfterValidator(async_url)] | None = Field(
        default=None,
        repr=False,
        description="URL of a PostgreSQL 15 or newer; unset, an embedded one runs in the data directory",
    )
    data_dir: Path = Field(default=Path(".flowport"), description="folder of the embedded database, made if missing")
    host: str = Field(default="127.0.0.1", min_length=1, description="address to listen on")
    port: int = Field(default=8000, ge=0, le=65535, description="port to listen on; 0 takes any that is free")
    workers: int = Field(default=1, ge=1, le=64, description="number of server processes")
    graphiql: Switch = Field(
        default="auto",
        description="the page for browsers; auto: open on loopback, else for callers with a token; on: for everybody",
    )
    introspection: Switch = Field(
        default="auto", description="questions about the schema; auto: open on loopback, else for callers with a token"
    )
    # Somebody may write a password into it, which is refused and not repeated.
    jwks_url: Annotated[str, AfterValidator(key_set_url)] | None = Field(
        default=None,
        repr=False,
        description="URL of the keys that sign JWTs (a JWK set); unset, only API tokens are accepted",
    )
    jwt_issuer: NeededWithKeySet = Field(
        default=None, validate_default=True, min_length=1, description="`iss` of every JWT; needed with the URL"
    )
    jwt_audience: NeededWithKeySet = Field(
        default=None, validate_default=True, min_length=1, description="`aud` of every JWT; needed with the URL"
    )
    jwt_user_claim: str = Field(
        default="email",
        min_length=1,
        description="claim of a JWT that names its user, by e-mail address or id; `email` must be verified",
    )
    jwt_leeway_seconds: int = Field(
        default=30, ge=0, le=300, description="how far the clock of the issuer of JWTs may be off"
    )
    jwks_cache_seconds: int = Field(default=300, ge=1, le=86_400, description="how long the keys are cached")
    allowed_hosts: Annotated[str, AfterValidator(listed_hosts)] | None = Field(
        default=None,
        description="host names, with commas between, that the header `Host` may have (`*.example.com`: all below it), "
        "besides `localhost` and IP addresses; unset, any name off loopback, and none on loopback, "
        "where IP addresses are those of loopback only",
    )
    cors_origins: Annotated[str, AfterValidator(listed_origins)] | None = Field(
        default=None, description="origins, with commas between, whose pages may call; unset, only our own page may"
    )
    tls_certificate: FilePath | None = Field(
        default=None, description="file with the certificate chain (PEM) for HTTPS; unset, HTTP is served"
    )
    tls_key: Annotated[FilePath | None, AfterValidator(given_both_or_neither)] = Field(
        default=None, validate_default=True, description="file with the key of the certificate (PEM), not encrypted"
    )
    metrics: Switch = Field(
        default="auto",
        description="`/metrics`; auto: open on loopback, else for whoever has the token, if there is one",
    )
    metrics_token: str | None = Field(
        default=None, min_length=16, repr=False, description="bearer token that `/metrics` asks for; unset, none"
    )
    log_format: Literal["auto", "console", "json"] = Field(
        default="auto", description="how the log is written; auto: console on a terminal, else json"
    )
    log_level: Annotated[Literal["debug", "info", "warning", "error"], BeforeValidator(str.lower)] = Field(
        default="info", description="least urgent level that is logged"
    )
    trusted_proxies: Annotated[str, AfterValidator(listed_networks)] | None = Field(
        default=None,
        description="addresses and networks, with commas between, whose `X-Forwarded-For` is believed; unset, nobody's",
    )
    max_header_bytes: int = Field(default=65_536, ge=1024, description="largest request line with all headers")
    header_timeout_seconds: float = Field(
        default=10, gt=0, allow_inf_nan=False, description="longest time for the headers of a request to come"
    )
    max_body_bytes: int = Field(default=1_048_576, ge=1, description="largest request body")
    max_tokens: int = Field(default=10_000, ge=1, description="most tokens of a document")
    max_document_characters: int = Field(
        default=262_144, ge=1024, description="longest document; graphs and other long values belong into variables"
    )
    max_depth: int = Field(default=20, ge=1, description="deepest nesting of fields in a document")
    max_fields: int = Field(default=2_000, ge=1, description="most fields of an operation, fragments expanded")
    max_aliases: int = Field(default=100, ge=0, description="most aliases of an operation, fragments expanded")
    max_directives: int = Field(default=100, ge=0, description="most directives of an operation, fragments expanded")
    max_root_fields: int = Field(default=50, ge=1, description="most fields at the root of a query")
    max_mutations: int = Field(default=5, ge=1, description="most mutations of one document")
    max_page_size: int = Field(default=100, ge=50, le=100, description="largest page that may be asked for")
    max_cost: int = Field(default=50_000, ge=1, description="highest cost of an operation: the objects it may answer")
    max_values: int = Field(default=500_000, ge=1, description="most leaf values that an answer may hold")
    max_input_elements: int = Field(
        default=3000, ge=100, description="most elements of all lists in the variables of a request, graphs apart"
    )
    max_answer_bytes: int = Field(
        default=16_777_216, ge=1024, description="largest answer, with the graphs that are read for it"
    )
    max_graph_characters: int = Field(
        default=1_000_000, ge=1, description="characters of graphs after which a request begins no further mutation"
    )
    rate_limit_cost_per_minute: int | None = Field(
        default=None, ge=1, description="cost that a caller may spend in a minute; unset, nobody is counted"
    )
    request_timeout_seconds: float = Field(
        default=30, gt=0, allow_inf_nan=False, description="longest time for one request"
    )
    statement_timeout_seconds: float = Field(
        default=15, gt=0, allow_inf_nan=False, description="longest time for one SQL statement"
    )
    worker_timeout_seconds: float = Field(
        default=10,
        gt=0,
        allow_inf_nan=False,
        description="longest time that one piece of work may keep a worker from all others, before it is replaced",
    )
    shutdown_seconds: float = Field(
        default=8, ge=0, le=3600, allow_inf_nan=False, description="longest time for requests to end at a shutdown"
    )
    set_aside_days: int = Field(default=30, ge=1, le=36_500, description="days that a draft set aside is kept")
    idempotency_key_hours: int = Field(default=24, ge=1, le=8_760, description="hours that an idempotency key is kept")
    pool_size: int | None = Field(
        default=None, ge=1, le=1000, description="database connections of each process; unset, 10 (150 of all at most)"
    )
    pooler_mode: Literal["auto", "session", "transaction"] = Field(
        default="auto", description="mode of a connection pooler such as pgbouncer; auto: if one is found, transaction"
    )


class BadSettings(Exception):
    """Settings that can't be used; the message has a line for each of them."""


def read_settings(options: Mapping[str, object] | None = None) -> Settings:
    """Settings from the environment, over which options win where they are given. Raises BadSettings."""
    given = {name: value for name, value in (options or {}).items() if value is not None}
    wrong = list(unknown_variables(os.environ))
    try:
        settings = Settings(**given)  # type: ignore[arg-type]  # the names and values are validated here
    except ValidationError as error:
        raise BadSettings("\n".join([*wrong, *complaints(error)])) from None
    if wrong:
        raise BadSettings("\n".join(wrong))
    return settings


def unknown_variables(environ: Mapping[str, str]) -> Iterator[str]:
    """A complaint about each variable with our prefix that sets nothing. Its value isn't shown: it may be a secret."""
    for name in sorted(environ):
        given = name.lower().removeprefix(PREFIX.lower())
        if name.upper().startswith(PREFIX) and given not in Settings.model_fields:
            [nearest] = get_close_matches(given, Settings.model_fields, n=1, cutoff=0)
            yield f"{name}: there is no such setting; the nearest is {variable(nearest)}"


def complaints(error: ValidationError) -> Iterator[str]:
    for each in error.errors():
        name, said = str(each["loc"][0]), each["msg"].removeprefix("Value error, ")
        # What our own rules complain about they name themselves.
        shown = each["type"] != "value_error" and Settings.model_fields[name].repr
        given = f' (given: "{each["input"]}")' if shown else ""
        yield f"{variable(name)}: {said[:1].lower()}{said[1:]}{given}"


def variable(name: str) -> str:
    return f"{PREFIX}{name}".upper()


def described() -> Iterator[tuple[str, str, str]]:
    """Every setting: the name of its variable, its default and what it is."""
    for name, field in Settings.model_fields.items():
        default = "" if field.default is None else str(field.default)
        yield variable(name), default, field.description or ""
