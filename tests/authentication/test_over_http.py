"""Authentication over HTTP: who is let in, and what a refusal looks like from outside."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from app.telemetry.log import with_request
from tests.api.client import serving
from tests.authentication.checked_authenticator import NO_TOKEN, NOT_BEARER, TOO_LONG, TWICE, said_of_the_header
from tests.authentication.issuer import AUDIENCE, ISSUER, claims_at, ec_key, jwt_of
from tests.authentication.jwks_host import JwksHost, jwks_host
from tests.databases import Loaded
from tests.property_settings import bounded

WHO = {"query": "{ viewer { id } }"}
SECRET = "a-word-of-the-caller"
NOT_KNOWN = "The token is unknown, expired or revoked."


@pytest.fixture(scope="module")
async def http(users_url: str) -> AsyncIterator[httpx.AsyncClient]:
    with jwks_host() as host:
        host.show(ec_key().jwk("ec"))
        async with serving(users_url, jwks_url=host.url, jwt_issuer=ISSUER, jwt_audience=AUDIENCE) as client:
            yield client


def jwt_now(**changes: object) -> str:
    claims = claims_at(datetime.now(UTC).timestamp(), **changes)
    return jwt_of(claims, ec_key().signs(), alg="ES256", kid="ec")


def is_refusal(response: httpx.Response, message: str = NOT_KNOWN) -> None:
    refused = {"errors": [{"message": message, "extensions": {"code": "UNAUTHENTICATED"}}]}
    assert (response.status_code, response.json()) == (401, refused)
    assert response.headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'
    assert response.headers["Content-Type"] == "application/json; charset=utf-8"
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["Vary"] == "Accept, Authorization"


async def ask(http: httpx.AsyncClient, *headers: str, document: dict[str, Any] | None = None) -> httpx.Response:
    return await http.post("/graphql", json=document or WHO, headers=[("Authorization", header) for header in headers])


async def test_a_jwt_and_an_api_token_of_one_user_are_one_caller(http: httpx.AsyncClient, loaded_users: Loaded) -> None:
    for token in (jwt_now(), loaded_users.tokens["Ada"]):
        response = await ask(http, f"Bearer {token}")
        assert response.json()["data"] == {"viewer": {"id": loaded_users.ids["Ada"]}}
        assert response.headers["Cache-Control"] == "no-store"


async def test_authenticating_takes_one_statement(http: httpx.AsyncClient) -> None:
    await ask(http, f"Bearer {jwt_now()}")
    with capture_logs() as log:
        await ask(http, f"Bearer {jwt_now()}", document={"query": "{ __typename }"})
    assert [line["statements"] for line in log if line["event"] == "operation"] == [1]


@pytest.mark.parametrize("document", [WHO, {"query": "{ __typename }"}, {"query": "{"}, {}])
@pytest.mark.parametrize(
    "changes", [{"exp": 1}, {"iss": "x"}, {"aud": "x"}, {"email": "nobody@example.com"}, {"email_verified": False}]
)
async def test_a_bad_token_is_refused_before_anything_is_run_or_read(
    http: httpx.AsyncClient, changes: dict[str, object], document: dict[str, Any]
) -> None:
    is_refusal(await ask(http, f"Bearer {jwt_now(**changes)}", document=document))


async def test_bad_tokens_of_all_kinds_are_answered_byte_for_byte_alike(http: httpx.AsyncClient) -> None:
    headers = ["Bearer fp_a_b", "Bearer demo-integrator", "Bearer a.b.c", "Bearer " + "x" * 8000]
    answers = [await ask(http, header) for header in [*headers, f"Bearer {jwt_now(email='nobody@example.com')}"]]
    assert len({answer.content for answer in answers}) == 1
    assert len({(*answer.headers.keys(), answer.headers["WWW-Authenticate"]) for answer in answers}) == 1
    for answer in answers:
        is_refusal(answer)


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        ("", NOT_BEARER),
        ("Basic YTpi", NOT_BEARER),
        ("demo-integrator", NOT_BEARER),
        ("Bearer", NO_TOKEN),
        ('Bearer "a"', NO_TOKEN),
        ("Bearer " + "x" * 9000, TOO_LONG),
    ],
)
async def test_what_is_wrong_with_the_form_of_a_header_is_said(
    http: httpx.AsyncClient, header: str, reason: str
) -> None:
    is_refusal(await ask(http, header), said_of_the_header(reason))


async def test_two_headers_are_none_that_can_be_read(http: httpx.AsyncClient, loaded_users: Loaded) -> None:
    good = f"Bearer {loaded_users.tokens['Ada']}"
    is_refusal(await ask(http, good, f"Bearer {jwt_now()}"), said_of_the_header(TWICE))
    is_refusal(await ask(http, good, ""), said_of_the_header(TWICE))


async def test_without_a_token_the_challenge_speaks_of_no_error(http: httpx.AsyncClient) -> None:
    response = await ask(http)
    assert (response.status_code, response.headers["WWW-Authenticate"]) == (401, "Bearer")


async def test_the_log_says_why_under_the_id_of_the_request_and_has_no_token(http: httpx.AsyncClient) -> None:
    token = jwt_now(exp=1)
    with capture_logs([with_request]) as log:
        response = await http.post(
            "/graphql", json=WHO, headers={"Authorization": f"Bearer {token}", "X-Request-Id": "its-id"}
        )
    is_refusal(response)
    [line] = log
    assert (line["event"], line["code"], line["reason"]) == (
        "request refused",
        "UNAUTHENTICATED",
        "ExpiredSignatureError",
    )
    assert (line["log_level"], line["request_id"]) == ("info", "its-id")
    assert token.split(".")[1] not in str(log)


@pytest.mark.parametrize(
    "header",
    [
        {"alg": SECRET},
        {"kid": SECRET},
        {"crit": [SECRET]},
        {"crit": ["b64", SECRET], "b64": SECRET},
        {"crit": SECRET},
        {"typ": SECRET, SECRET: SECRET},
    ],
)
async def test_what_a_caller_writes_into_a_token_does_not_get_into_the_log(
    http: httpx.AsyncClient, header: dict[str, object]
) -> None:
    claims = claims_at(datetime.now(UTC).timestamp(), iss=SECRET)
    token = jwt_of(claims, ec_key().signs(), **({"alg": "ES256", "kid": "ec"} | header))
    with capture_logs() as log:
        is_refusal(await ask(http, f"Bearer {token}"))
    assert [line["event"] for line in log] == ["request refused"]
    assert SECRET not in str(log)


async def test_while_there_are_no_keys_jwts_are_told_to_come_again_and_api_tokens_pass(
    users_url: str, loaded_users: Loaded, host: JwksHost
) -> None:
    host.down()
    async with serving(users_url, jwks_url=host.url, jwt_issuer=ISSUER, jwt_audience=AUDIENCE) as http:
        response = await ask(http, f"Bearer {jwt_now()}")
        assert (response.status_code, response.headers["Retry-After"]) == (503, "10")
        assert response.json()["errors"][0]["extensions"] == {"code": "SERVICE_UNAVAILABLE", "written": "NO"}
        assert (await ask(http, f"Bearer {loaded_users.tokens['Ada']}")).status_code == 200


_letters = st.text(st.characters(max_codepoint=255, exclude_characters="\r\n\0"), max_size=100)


@given(header=_letters | _letters.map(lambda text: f"Bearer {text}"))
@bounded
async def test_any_header_at_all_is_refused(http: httpx.AsyncClient, header: str) -> None:
    response = await http.post("/graphql", json=WHO, headers=[(b"Authorization", header.encode("latin-1"))])
    message = response.json()["errors"][0]["message"]
    assert message in {NOT_KNOWN, *map(said_of_the_header, (NOT_BEARER, NO_TOKEN))}
    is_refusal(response, message)
