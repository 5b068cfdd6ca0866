"""Every setting, by subject."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints
from pydantic_settings import BaseSettings, SettingsConfigDict

from app.settings.validators import (
    HOST_NAME,
    ORIGIN,
    PREFIX,
    async_url,
    counters_url,
    is_network,
    key_set_url,
    listed,
    required_with_key_set,
    standby_url,
)

Switch = Literal["auto", "on", "off"]
NeededWithKeySet = Annotated[str | None, AfterValidator(required_with_key_set)]


class Settings(BaseSettings):
    """Every setting with its default; an environment variable of the same name in capitals sets it."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_ignore_empty=True, frozen=True, hide_input_in_errors=True)

    # The database, and connections to it.
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

    # The address on which the server listens, and the callers that it answers.
    host: str = Field(default="127.0.0.1", min_length=1, description="address to listen on")
    port: int = Field(default=8000, ge=0, le=65535, description="port to listen on; 0 takes any that is free")
    workers: int = Field(default=1, ge=1, le=64, description="number of server processes")
    trusted_proxies: Annotated[str, listed(is_network, "address or network, such as 10.0.0.5 or 10.0.0.0/8")] | None = (
        Field(
            default=None,
            description="addresses and networks, with commas between, whose `X-Forwarded-For` is believed; unset, nobody's",
        )
    )
    allowed_hosts: (
        Annotated[
            str,
            AfterValidator(str.lower),
            listed(HOST_NAME.fullmatch, "host name, such as flowport.example.com or *.example.com"),
        ]
        | None
    ) = Field(
        default=None,
        description="host names, with commas between, that the header `Host` may have (`*.example.com`: all below it), "
        "besides `localhost` and IP addresses; unset, any name off loopback, and none on loopback, "
        "where IP addresses are those of loopback only",
    )
    cors_origins: (
        Annotated[str, listed(ORIGIN.fullmatch, "origin, such as https://app.example.com or http://localhost:3000")]
        | None
    ) = Field(
        default=None, description="origins, with commas between, whose pages may call; unset, only our own page may"
    )
    graphiql: Switch = Field(
        default="auto",
        description="the page for browsers; auto: open on loopback, else for callers with a token; on: for everybody",
    )
    introspection: Switch = Field(
        default="auto", description="questions about the schema; auto: open on loopback, else for callers with a token"
    )

    # JWTs: whose are accepted, and where the keys are that sign them.
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

    # How much one request may hold, cost and take, and one caller spend.
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
    max_input_elements: int = Field(
        default=3000, ge=100, description="most elements of all lists in the variables of a request, graphs apart"
    )
    max_answer_bytes: int = Field(
        default=16_777_216, ge=1024, description="largest answer, with the graphs that are read for it"
    )
    max_cpu_seconds: float = Field(
        default=5,
        gt=0,
        allow_inf_nan=False,
        description="most CPU time that an operation may take before it is given up",
    )
    rate_limit_cost_per_minute: int | None = Field(
        default=None, ge=1, description="cost that a caller may spend in a minute; unset: no limit"
    )
    rate_limit_url: Annotated[str, AfterValidator(counters_url)] | None = Field(
        default=None,
        repr=False,
        description="URL of a Valkey or Redis by which all servers count together; unset, each server process counts alone",
    )
    request_timeout_seconds: float = Field(
        default=30, gt=0, allow_inf_nan=False, description="longest time for one request"
    )

    # How much each process does at once, and how long requests are queued.
    max_running_requests: int | None = Field(
        default=None,
        ge=2,
        le=10_000,
        description="most requests that a process executes at once, at most half of them (rounded up) of one caller; "
        "others are queued; unset, 8 for every 5 database connections",
    )
    max_running_costly: int = Field(
        default=3,
        ge=1,
        le=1_000,
        description="most operations with a cost of 1,000 or more that a process executes at once, at most half of them "
        "(rounded up) of one caller",
    )
    max_waiting_requests: int = Field(
        default=1_000,
        ge=1,
        le=100_000,
        description="most requests that are queued in a process; above, those of the caller with most of them "
        "are refused with 503",
    )
    max_untaken_bytes: int = Field(
        default=67_108_864,
        ge=1_048_576,
        description="most bytes of answers that one caller hasn't taken yet; above, its requests are refused with 503",
    )
    max_untaken_bytes_in_all: int = Field(
        default=268_435_456,
        ge=1_048_576,
        description="most bytes of answers of a process that haven't been taken yet; above, the oldest answer of the "
        "caller with most of them is cut off",
    )
    max_wait_seconds: float = Field(
        default=2,
        gt=0,
        le=3600,
        allow_inf_nan=False,
        description="longest time that a request is queued, and that it waits for a database connection while all are at "
        "work, before it is refused with 503",
    )

    # Log and metrics for operators, and how long the server waits and keeps records.
    metrics: Switch = Field(
        default="auto",
        description="`/metrics`; auto: open on loopback, else for whoever has the token, if there is one",
    )
    metrics_token: str | None = Field(
        default=None,
        min_length=16,
        repr=False,
        description="bearer token that `/metrics` asks for, of at least 16 characters; unset, none",
    )
    log_format: Literal["auto", "console", "json"] = Field(
        default="auto", description="how the log is written; auto: console on a terminal, else json"
    )
    log_level: Annotated[Literal["debug", "info", "warning", "error"], BeforeValidator(str.lower)] = Field(
        default="info", description="least urgent level that is logged"
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
    record_days: int = Field(
        default=400,
        ge=1,
        le=36_500,
        description="days that the record of an export is kept once it was undone or its destination was deleted",
    )
    event_days: int = Field(default=400, ge=1, le=36_500, description="days that an event is kept")
    idempotency_key_hours: int = Field(default=24, ge=1, le=8_760, description="hours that an idempotency key is kept")

    # The server that the commands `flowport release` and `flowport status` call, and as whom.
    server: Annotated[str, StringConstraints(pattern=r"^https?://[^/\s]")] = Field(
        default="http://127.0.0.1:8000", description="address of the server that `flowport release` and `status` call"
    )
    token: Annotated[str, StringConstraints(pattern=r"^[!-~]+$")] | None = Field(
        default=None,
        repr=False,
        description="API token or JWT that `flowport release` and `status` send",
    )
