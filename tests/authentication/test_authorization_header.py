"""The header: what it may look like, and API tokens in it; whatever else comes is refused, and never breaks anything."""

import hashlib
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.http.authentication.authenticator import MAX_TOKEN_BYTES
from app.http.responses import RequestError
from app.storage.connections.database import Database
from tests.authentication.checked_authenticator import (
    NO_TOKEN,
    NOT_BEARER,
    START,
    TOO_LONG,
    CheckedAuthenticator,
    open_authenticator,
    viewer_of,
)
from tests.authentication.issuer import claims_at, ec_key, jwt_of, part, rsa_key
from tests.commands import issue_token, list_tokens, revoke_token
from tests.databases import Loaded, run_sql
from tests.property_settings import bounded

NOT_KNOWN = "unknown, expired or revoked"


async def test_without_a_header_nobody_calls(fixed_authenticator: CheckedAuthenticator) -> None:
    assert await viewer_of(fixed_authenticator.authenticator) is None


@pytest.mark.parametrize("form", ["Bearer {}", "bearer {}", "BEARER {}", "Bearer   {}", "Bearer {} "])
async def test_an_api_token_lets_its_user_in(
    fixed_authenticator: CheckedAuthenticator, loaded_users: Loaded, form: str
) -> None:
    header = form.format(loaded_users.tokens["Ada"])
    assert await viewer_of(fixed_authenticator.authenticator, header) == loaded_users.ids["Ada"]


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        ("", NOT_BEARER),
        (" ", NOT_BEARER),
        ("Bearer", NO_TOKEN),
        ("Bearer ", NO_TOKEN),
        ("Bearer a b", NO_TOKEN),
        ("Bearer a, Bearer b", NO_TOKEN),
        ("Bearer null\0", NO_TOKEN),
        ("Bearer tökén", NO_TOKEN),
        ('Bearer "demo"', NO_TOKEN),
        ("Bearer =", NO_TOKEN),
        ("Basic YTpi", NOT_BEARER),
        ("Token demo-integrator", NOT_BEARER),
        ("demo-integrator", NOT_BEARER),
        ("Bearer\tdemo-integrator", NOT_BEARER),
        ("Bearer demo-nobody", NOT_KNOWN),
        ("Bearer fp_", NOT_KNOWN),
        ("Bearer fp__", NOT_KNOWN),
        ("Bearer fp_00000000000000000000000000_x", NOT_KNOWN),
        ("Bearer a.b", NOT_KNOWN),
        ("Bearer a.b.c.d.e", NOT_KNOWN),
        ("Bearer fp_a.b.c", NOT_KNOWN),
        ("Bearer " + "x" * MAX_TOKEN_BYTES, NOT_KNOWN),
        ("Bearer " + "x" * (MAX_TOKEN_BYTES + 1), TOO_LONG),
    ],
)
async def test_headers_that_are_refused(fixed_authenticator: CheckedAuthenticator, header: str, reason: str) -> None:
    assert await fixed_authenticator.refuses(header) == reason


async def test_a_good_token_that_is_too_long_is_refused(fixed_authenticator: CheckedAuthenticator) -> None:
    token = fixed_authenticator.token(rsa_key(), "rsa", more="x" * MAX_TOKEN_BYTES)
    assert await fixed_authenticator.refuses(f"Bearer {token}") == TOO_LONG


@pytest.mark.parametrize("end", ["revoked", "expired"])
async def test_the_end_of_an_api_token_is_seen_at_once(
    fixed_authenticator: CheckedAuthenticator, loaded_users: Loaded, users_url: str, end: str
) -> None:
    token = await issue_token(users_url, "mike@example.com", name=end, expires_days=None)
    assert await fixed_authenticator.admits(token) == loaded_users.ids["mike"]
    [token_id] = [info.id for info in await list_tokens(users_url) if info.name == end]
    if end == "revoked":
        await revoke_token(users_url, token_id)
    else:
        await run_sql(users_url, "update api_token set expires_at = :now where id = :id", now=START, id=token_id)
    assert await fixed_authenticator.refuses(f"Bearer {token}") == NOT_KNOWN


@pytest.fixture
async def word(loaded_users: Loaded, users_url: str) -> str:
    """A token that is a plain word, as those of the demo world are; it is Mike's."""
    word = "demo-mike"
    hashed = (
        "insert into api_token (id, user_id, name, secret_hash, created_at) values (:id, :user, 'demo', :hash, now())"
    )
    await run_sql(
        users_url,
        f"{hashed} on conflict do nothing",
        id=word,
        user=loaded_users.ids["mike"],
        hash=hashlib.sha256(word.encode()).digest(),
    )
    return word


async def test_a_word_lets_in_only_where_words_that_everybody_knows_may(
    users: Database, loaded_users: Loaded, word: str
) -> None:
    async with open_authenticator(users, None, demo_tokens=True) as authenticator:
        assert await authenticator.admits(word) == loaded_users.ids["mike"]
    async with open_authenticator(users, None, demo_tokens=False) as authenticator:
        assert await authenticator.refuses(f"Bearer {word}") == "no API token"
        assert await authenticator.admits(loaded_users.tokens["mike"]) == loaded_users.ids["mike"]


async def test_a_word_that_everybody_knows_is_no_part_of_a_token_of_another_form(
    fixed_authenticator: CheckedAuthenticator, word: str
) -> None:
    assert await fixed_authenticator.refuses(f"Bearer fp_{word}_{word}") == NOT_KNOWN


async def test_where_no_keys_are_set_a_jwt_is_a_token_that_nobody_knows(users: Database) -> None:
    async with open_authenticator(users, None) as authenticator:
        assert await authenticator.refuses(f"Bearer {authenticator.token(rsa_key(), 'rsa')}") == NOT_KNOWN


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
_names = st.sampled_from(["alg", "kid", "crit", "b64", "typ", "iss", "aud", "exp", "nbf", "email", "email_verified"])
_anything = st.text(max_size=200).map(lambda text: f"Bearer {text}") | st.text(max_size=50)
_parts = st.binary(max_size=30).map(part) | st.dictionaries(_names, _json, max_size=4).map(part)
_jwts = st.tuples(_parts, _parts, _parts).map(lambda parts: f"Bearer {'.'.join(parts)}")


@given(header=_anything | _jwts)
@bounded
async def test_whatever_the_header_says_it_is_refused_in_the_same_words(
    fixed_authenticator: CheckedAuthenticator, header: str
) -> None:
    await fixed_authenticator.refuses(header)


@given(claim=_names, value=_json, named=st.sampled_from(["ec", "rsa", "x"]))
@bounded
async def test_whatever_a_signed_claim_says_the_answer_is_yes_or_no(
    fixed_authenticator: CheckedAuthenticator, loaded_users: Loaded, claim: str, value: Any, named: str
) -> None:
    token = jwt_of(claims_at(START.timestamp()) | {claim: value}, ec_key().signs(), alg="ES256", kid=named)
    admitted = None
    with suppress(RequestError):
        admitted = await fixed_authenticator.admits(token)
    assert admitted is None or (admitted, named) == (loaded_users.ids["Ada"], "ec")
