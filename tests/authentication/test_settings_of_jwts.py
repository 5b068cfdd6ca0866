"""The settings of JWTs: which go together, and what a URL for keys may be."""

import pytest

from app.server.application import json_web_tokens_of
from app.settings import BadSettings, read_settings

URL = "https://login.example.com/.well-known/jwks.json"
GIVEN = {"jwks_url": URL, "jwt_issuer": "https://login.example.com/", "jwt_audience": "flowport"}
NO_URL = "this is no URL, such as https://login.example.com/.well-known/jwks.json"
NO_TRUST = "the URL must begin with https://; http:// is for loopback only"
NO_SECRETS = "the URL must have no user, no password and no fragment"


def complaints(**changes: object) -> list[str]:
    with pytest.raises(BadSettings) as refused:
        read_settings(GIVEN | changes)
    return str(refused.value).splitlines()


async def test_with_all_three_settings_jwts_are_checked_and_without_them_there_are_none() -> None:
    assert json_web_tokens_of(read_settings()) is None
    checks = json_web_tokens_of(read_settings(GIVEN))
    assert checks is not None
    assert (checks.issuer, checks.audience) == ("https://login.example.com/", "flowport")
    assert (checks.user_claim, checks.leeway_seconds) == ("email", 30)
    await checks.keys.close()


def test_a_url_needs_an_issuer_and_an_audience() -> None:
    assert complaints(jwt_issuer=None, jwt_audience=None) == [
        "FLOWPORT_JWT_ISSUER: must be given where FLOWPORT_JWKS_URL is",
        "FLOWPORT_JWT_AUDIENCE: must be given where FLOWPORT_JWKS_URL is",
    ]
    assert complaints(jwt_issuer=None) == ["FLOWPORT_JWT_ISSUER: must be given where FLOWPORT_JWKS_URL is"]
    assert complaints(jwt_audience="") == ['FLOWPORT_JWT_AUDIENCE: string should have at least 1 character (given: "")']


def test_without_a_url_neither_is_needed() -> None:
    assert read_settings({"jwt_issuer": "x"}).jwks_url is None


@pytest.mark.parametrize(
    "url", [URL, "http://127.0.0.1:8080/keys", "http://[::1]/keys", "http://localhost/keys", "HTTPS://h:1/?keys=1"]
)
def test_urls_that_may_be_asked_for_keys(url: str) -> None:
    assert read_settings(GIVEN | {"jwks_url": url}).jwks_url == url


@pytest.mark.parametrize(
    ("url", "complaint"),
    [
        ("x", NO_URL),
        ("https://", NO_URL),
        ("https:///keys", NO_URL),
        ("https://h:port/", NO_URL),
        ("https://h:0/", NO_URL),
        ("https://h:99999/", NO_URL),
        ("https://[::1/", NO_URL),
        ("https://h/a b", NO_URL),
        ("https://h/é", NO_URL),
        ("http://login.example.com/keys", NO_TRUST),
        ("http://10.0.0.1/keys", NO_TRUST),
        ("http://localhost.example.com/keys", NO_TRUST),
        ("http://127.0.0.1.example.com/keys", NO_TRUST),
        ("ftp://127.0.0.1/keys", NO_TRUST),
        ("https://user:secret@h/keys", NO_SECRETS),
        ("https://secret@h/keys", NO_SECRETS),
        ("https://h/keys#part", NO_SECRETS),
    ],
)
def test_urls_that_may_not(url: str, complaint: str) -> None:
    assert complaints(jwks_url=url) == [f"FLOWPORT_JWKS_URL: {complaint}"]


@pytest.mark.parametrize(
    ("name", "value", "complaint"),
    [
        ("jwt_user_claim", "", "string should have at least 1 character"),
        ("jwt_leeway_seconds", -1, "input should be greater than or equal to 0"),
        ("jwt_leeway_seconds", 301, "input should be less than or equal to 300"),
        ("jwks_cache_seconds", 0, "input should be greater than or equal to 1"),
    ],
)
def test_values_that_are_refused(name: str, value: object, complaint: str) -> None:
    assert complaints(**{name: value}) == [f'FLOWPORT_{name.upper()}: {complaint} (given: "{value}")']
