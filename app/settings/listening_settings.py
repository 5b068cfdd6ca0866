"""The address on which the server listens, and the callers that it answers."""

import re
from collections.abc import Callable
from ipaddress import ip_address, ip_network
from typing import Annotated, Literal

from pydantic import AfterValidator, Field
from pydantic_settings import BaseSettings

# The scheme, the host and, where it isn't the usual one, the port; in small letters, as browsers send them.
ORIGIN = re.compile(r"https?://([a-z0-9.-]+|\[[0-9a-f:.]+\])(:\d{1,5})?")

HOST_NAME = re.compile(r"(\*\.)?[a-z0-9_-]+(\.[a-z0-9_-]+)*")
"""A name as the header `Host` has it, without a port; `*.` before it stands for all that is below."""


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


Switch = Literal["auto", "on", "off"]


class ListeningSettings(BaseSettings):
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
