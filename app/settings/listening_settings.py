"""The address on which the server listens, and the callers that it answers."""

import re
from ipaddress import ip_address, ip_network
from typing import Annotated, Literal

from pydantic import AfterValidator, Field
from pydantic_settings import BaseSettings

# The scheme, the host and, where it isn't the usual one, the port; in small letters, as browsers send them.
ORIGIN = re.compile(r"https?://([a-z0-9.-]+|\[[0-9a-f:.]+\])(:\d{1,5})?")

HOST_NAME = re.compile(r"(\*\.)?[a-z0-9_-]+(\.[a-z0-9_-]+)*")
"""A name as the header `Host` has it, without a port; `*.` before it stands for all that is below."""


def listed_origins(text: str) -> str:
    """Origins as browsers send them, without spaces between."""
    origins = [origin.strip() for origin in text.split(",") if origin.strip()]
    for origin in origins:
        if not ORIGIN.fullmatch(origin):
            raise ValueError(f"{origin} is no origin, such as https://app.example.com or http://localhost:3000")
    return ",".join(origins)


def listed_hosts(text: str) -> str:
    """Host names in small letters, without spaces between."""
    hosts = [host.strip().lower() for host in text.split(",") if host.strip()]
    for host in hosts:
        if not HOST_NAME.fullmatch(host):
            raise ValueError(f"{host} is no host name, such as flowport.example.com or *.example.com")
    return ",".join(hosts)


def listed_networks(text: str) -> str:
    """Addresses and networks, without spaces between."""
    networks = [network.strip() for network in text.split(",") if network.strip()]
    for network in networks:
        try:
            ip_network(network)
        except ValueError:
            raise ValueError(f"{network} is no address or network, such as 10.0.0.5 or 10.0.0.0/8") from None
    return ",".join(networks)


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
    trusted_proxies: Annotated[str, AfterValidator(listed_networks)] | None = Field(
        default=None,
        description="addresses and networks, with commas between, whose `X-Forwarded-For` is believed; unset, nobody's",
    )
    allowed_hosts: Annotated[str, AfterValidator(listed_hosts)] | None = Field(
        default=None,
        description="host names, with commas between, that the header `Host` may have (`*.example.com`: all below it), "
        "besides `localhost` and IP addresses; unset, any name off loopback, and none on loopback, "
        "where IP addresses are those of loopback only",
    )
    cors_origins: Annotated[str, AfterValidator(listed_origins)] | None = Field(
        default=None, description="origins, with commas between, whose pages may call; unset, only our own page may"
    )
    graphiql: Switch = Field(
        default="auto",
        description="the page for browsers; auto: open on loopback, else for callers with a token; on: for everybody",
    )
    introspection: Switch = Field(
        default="auto", description="questions about the schema; auto: open on loopback, else for callers with a token"
    )
