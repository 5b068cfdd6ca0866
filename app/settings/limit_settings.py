"""How much one request may hold, cost and take, and one caller spend."""

from typing import Annotated
from urllib.parse import parse_qsl, urlsplit

from pydantic import AfterValidator, Field, ValidationInfo
from pydantic_settings import BaseSettings

from app.settings.names import variable

COUNTERS_SCHEMES = {"redis": "redis", "rediss": "rediss", "valkey": "redis", "valkeys": "rediss", "unix": "unix"}
"""As people write them, and as the client library has them."""
COUNTERS_OPTIONS = ("db",)
TLS_OPTIONS = ("ssl_ca_certs", "ssl_certfile", "ssl_keyfile", "ssl_cert_reqs")
"""Parameters that the URL may have. Others the client library takes too, or stumbles over when it connects."""


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


class LimitSettings(BaseSettings):
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
