"""Whom the log calls the client: what proxies say of it is believed only from those that are trusted."""

import json

import pytest

from tests.databases import Databases, Loaded
from tests.serving.logs import logging
from tests.serving.real import VIEWER, real_server

SAID = "203.0.113.9"


@pytest.mark.parametrize(
    ("trusted", "client"),
    [
        (None, "127.0.0.1"),
        ("10.0.0.0/8", "127.0.0.1"),
        ("127.0.0.1", SAID),
        ("10.0.0.0/8, 127.0.0.0/8", SAID),
    ],
)
async def test_the_address_that_a_proxy_tells_is_believed_only_where_the_proxy_is_trusted(
    databases: Databases, loaded_trade: Loaded, trusted: str | None, client: str
) -> None:
    with logging() as log:
        async with real_server(databases, loaded_trade, trusted_proxies=trusted) as real:
            for header in ({}, {"Authorization": "Bearer fp_unknown"}):
                headers = {"X-Forwarded-For": SAID, "Authorization": f"Bearer {real.api.tokens['ada']}"} | header
                await real.api.http.post("/graphql", json={"query": VIEWER}, headers=headers)
    lines = [json.loads(line) for line in log.getvalue().splitlines()]
    told = {line["event"]: line["client"] for line in lines if "request_id" in line}
    assert told == {"operation": client, "request refused": client}


async def test_of_a_chain_the_last_address_that_is_not_a_trusted_proxy_counts(
    databases: Databases, loaded_trade: Loaded
) -> None:
    with logging() as log:
        async with real_server(databases, loaded_trade, trusted_proxies="127.0.0.1,10.0.0.0/8") as real:
            headers = {"X-Forwarded-For": f"198.51.100.1, {SAID}, 10.0.0.7"}
            await real.api.http.post("/graphql", json={"query": "{ __typename }"}, headers=headers)
    [line] = [json.loads(line) for line in log.getvalue().splitlines() if '"operation"' in line]
    assert line["client"] == SAID
