"""Secrets in the words of others: in the messages of unexpected exceptions, and in what libraries log."""

import json
import logging as of_libraries
from typing import Any, NoReturn

import pytest

from app.telemetry.log import configure_log
from app.telemetry.redaction import redacted
from tests.api.client import Json
from tests.databases import Databases, Loaded
from tests.secrets.planted import DATABASE_PASSWORD, MARK, jwts
from tests.serving.logs import logging
from tests.serving.real import real_server

TOKEN = f"fp_{'0' * 26}_{MARK}"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"the token {TOKEN} is odd", "the token fp_[hidden] is odd"),
        (f"header: {jwts()['good']}, {jwts()['good']}", "header: [hidden], [hidden]"),
        (f"b'Authorization: Bearer {MARK}'", "b'Authorization: Bearer [hidden]'"),
        (f"authorization: basic {MARK}==", "authorization: basic [hidden]"),
        (f"postgresql://me:{MARK}@host/x", "postgresql://[hidden]@host/x"),
        (f"postgresql://me:a:/b?{MARK}@host/x", "postgresql://[hidden]@host/x"),
        (f"redis://:{MARK}@[::1]:6379/0 is away", "redis://[hidden]@[::1]:6379/0 is away"),
        ("http://localhost:8000/graphql?a=b", "http://localhost:8000/graphql?a=b"),
        (
            "flow_01jgfjjz00e01aetbqh5w05jv2 eyes. bearer of news",
            "flow_01jgfjjz00e01aetbqh5w05jv2 eyes. bearer of news",
        ),
    ],
)
def test_what_has_the_form_of_a_secret_is_taken_out(text: str, shown: str) -> None:
    assert redacted(text) == shown


@pytest.mark.parametrize("part", ["://a:b", "://:", "://" + 1000 * ":", "ey", "bearer ", "fp_"])
def test_a_long_text_is_looked_through_once(part: str) -> None:
    """Otherwise it would take hours, and nobody else would be served meanwhile."""
    text = part * (500_000 // len(part))
    assert redacted(text) == text


@pytest.mark.parametrize("log_format", ["json", "console"])
async def test_an_unexpected_exception_is_logged_without_the_secrets_in_its_message(
    databases: Databases, loaded_trade: Loaded, monkeypatch: pytest.MonkeyPatch, log_format: str
) -> None:
    def failing(*_: Any, **__: Any) -> NoReturn:
        raise RuntimeError(f"{loaded_trade.tokens['ada']} at postgresql://me:{DATABASE_PASSWORD}@host/x")

    monkeypatch.setattr("app.graphql.queries.Lookup", failing)
    with logging() as log:
        async with real_server(databases, loaded_trade, log_format=log_format) as real:
            await real.posting('{ flow(id: "any") { id } }')
    assert "RuntimeError: fp_[hidden] at postgresql://[hidden]@host/x" in log.getvalue()
    assert loaded_trade.tokens["ada"] not in log.getvalue()
    assert MARK not in log.getvalue()


def test_what_libraries_log_is_redacted_at_every_level() -> None:
    with logging() as log:
        configure_log(log_format="json", level="debug")
        of_libraries.getLogger("some.library").debug("connecting with %s", TOKEN)
        of_libraries.getLogger("httpx").info("HTTP Request: GET https://host/keys?key=%s", MARK)
    lines: list[Json] = [json.loads(line) for line in log.getvalue().splitlines()]
    assert [line["event"] for line in lines] == ["connecting with fp_[hidden]"]
