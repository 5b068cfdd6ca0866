"""The keys of the issuer: fetched when they are needed, and seldom."""

import asyncio
import json

import pytest

from app.http.authentication.json_web_tokens import BETWEEN_REFETCHES, MAX_BYTES, KeySet
from tests.authentication.checked_authenticator import LIFE, CheckedAuthenticator
from tests.authentication.issuer import Json, ec_key, ed_key, p384_key, rsa_key
from tests.authentication.jwks_host import PATH, JwksHost, fetched

ONE, OTHER = ec_key(1), ec_key(2)
UNKNOWN = "there is no key of this id"
UNNAMED = "no key is named, nor is there just one"


async def test_keys_are_fetched_once_for_all_who_come_during_their_life(
    host: JwksHost, authenticator: CheckedAuthenticator
) -> None:
    host.show(ONE.jwk("one"), OTHER.jwk("two"))
    await asyncio.gather(*(authenticator.admits(authenticator.token(ONE, "one")) for _ in range(20)))
    authenticator.clock.seconds = LIFE - 0.1
    assert await authenticator.admits(authenticator.token(OTHER, "two")) is not None
    assert host.paths == [PATH]
    authenticator.clock.seconds = LIFE
    await asyncio.gather(*(authenticator.admits(authenticator.token(ONE, "one")) for _ in range(20)))
    assert host.fetches == 2


async def test_nothing_is_fetched_for_what_needs_no_key(host: JwksHost, authenticator: CheckedAuthenticator) -> None:
    for header in ("Bearer a.b.c", "Bearer demo-integrator", "Bearer fp_a.b.c", f"Bearer {'x' * 8193}", "Basic a.b.c"):
        await authenticator.refuses(header)
    assert host.fetches == 0


async def test_a_new_key_is_found_at_once_and_a_removed_one_is_refused(
    host: JwksHost, authenticator: CheckedAuthenticator
) -> None:
    host.show(ONE.jwk("one"))
    assert await authenticator.admits(authenticator.token(ONE, "one")) is not None
    host.show(OTHER.jwk("two"))
    assert await authenticator.admits(authenticator.token(OTHER, "two")) is not None
    assert await authenticator.refuses(f"Bearer {authenticator.token(ONE, 'one')}") == UNKNOWN
    assert host.fetches == 2


async def test_a_removed_key_is_refused_when_the_life_of_the_keys_is_over(
    host: JwksHost, authenticator: CheckedAuthenticator
) -> None:
    host.show(ONE.jwk("one"))
    await authenticator.admits(authenticator.token(ONE, "one"))
    host.show()
    authenticator.clock.seconds = LIFE
    assert await authenticator.refuses(f"Bearer {authenticator.token(ONE, 'one')}") == UNKNOWN


async def test_the_key_behind_an_id_may_be_exchanged(host: JwksHost, authenticator: CheckedAuthenticator) -> None:
    host.show(ONE.jwk("same"))
    await authenticator.admits(authenticator.token(ONE, "same"))
    host.show(OTHER.jwk("same"))
    authenticator.clock.seconds = LIFE
    assert await authenticator.admits(authenticator.token(OTHER, "same")) is not None
    assert await authenticator.refuses(f"Bearer {authenticator.token(ONE, 'same')}") == "InvalidSignatureError"


async def test_unknown_ids_are_looked_for_now_and_then_however_many_come(
    host: JwksHost, authenticator: CheckedAuthenticator
) -> None:
    host.show(ONE.jwk("one"))
    await authenticator.admits(authenticator.token(ONE, "one"))
    for moment, fetches in [(0, 2), (BETWEEN_REFETCHES - 0.1, 2), (BETWEEN_REFETCHES, 3), (2 * BETWEEN_REFETCHES, 4)]:
        authenticator.clock.seconds = moment
        for name in ("?", "??", "???"):
            assert await authenticator.refuses(f"Bearer {authenticator.token(OTHER, name)}") == UNKNOWN
        assert host.fetches == fetches


async def test_an_unknown_id_is_not_looked_for_twice_in_keys_just_fetched(
    host: JwksHost, authenticator: CheckedAuthenticator
) -> None:
    host.show(ONE.jwk("one"))
    assert await authenticator.refuses(f"Bearer {authenticator.token(OTHER, 'two')}") == UNKNOWN
    assert host.fetches == 1


async def test_whoever_goes_away_takes_the_first_keys_from_nobody(
    host: JwksHost, authenticator: CheckedAuthenticator
) -> None:
    host.show(ONE.jwk("one"))
    host.hold()
    waiting = [asyncio.create_task(authenticator.admits(authenticator.token(ONE, "one"))) for _ in range(3)]
    await fetched(host, 1)
    waiting.pop(0).cancel()
    await asyncio.sleep(0)
    host.released.set()
    assert None not in await asyncio.gather(*waiting)
    assert host.fetches == 1


async def test_all_who_wait_for_a_key_share_one_fetch(host: JwksHost, authenticator: CheckedAuthenticator) -> None:
    host.show(ONE.jwk("one"))
    await authenticator.admits(authenticator.token(ONE, "one"))
    host.show(ONE.jwk("one"), OTHER.jwk("two"))
    host.hold()
    waiting = [asyncio.create_task(authenticator.admits(authenticator.token(OTHER, "two"))) for _ in range(20)]
    await fetched(host, 2)
    # Those with a known key don't wait, and whoever goes away takes nothing from the others.
    assert await authenticator.admits(authenticator.token(ONE, "one")) is not None
    waiting.pop(0).cancel()
    await asyncio.sleep(0)
    host.released.set()
    assert None not in await asyncio.gather(*waiting)
    assert host.fetches == 2


async def test_a_set_may_be_as_long_as_the_limit(host: JwksHost, authenticator: CheckedAuthenticator) -> None:
    keys = json.dumps({"keys": [ONE.jwk("one")]}).encode()
    host.answer(keys + b" " * (MAX_BYTES - len(keys)))
    assert await authenticator.admits(authenticator.token(ONE, "one")) is not None


async def test_closing_ends_a_fetch_that_is_under_way(host: JwksHost) -> None:
    keys = KeySet(host.url, life_seconds=LIFE)
    host.hold()
    waiting = asyncio.create_task(keys.find("one"))
    await fetched(host, 1)
    await keys.close()
    with pytest.raises(asyncio.CancelledError):
        await waiting


@pytest.mark.parametrize(
    ("shown", "key_id", "reason"),
    [
        ([ONE.jwk("one")], None, None),
        ([ONE.jwk(None)], None, None),
        ([ONE.jwk("one"), {"kty": "oct", "k": "c2VjcmV0"}, p384_key().jwk("p384")], None, None),
        ([ONE.jwk("one"), OTHER.jwk("two")], None, UNNAMED),
        ([ONE.jwk(None), OTHER.jwk(None)], None, UNNAMED),
        ([ONE.jwk("one"), rsa_key().jwk("rsa"), ed_key().jwk("ed")], None, UNNAMED),
        ([], None, UNNAMED),
        ([ONE.jwk(None)], "one", UNKNOWN),
    ],
)
async def test_a_token_that_names_no_key_is_good_where_there_is_just_one(
    host: JwksHost, authenticator: CheckedAuthenticator, shown: list[Json], key_id: str | None, reason: str | None
) -> None:
    host.show(*shown)
    token = authenticator.token(ONE, key_id)
    if reason is None:
        assert await authenticator.admits(token) is not None
    else:
        assert await authenticator.refuses(f"Bearer {token}") == reason
    assert host.fetches == 1


@pytest.mark.parametrize(
    "unusable",
    [
        None,
        "key",
        ["EC"],
        {},
        {"kid": "x"},
        {"kid": "x", "kty": "EC"},
        {"kid": "x", "kty": ["EC"], "crv": {}},
        {"kid": "x", "kty": "RSA", "n": "AQAB"},
        {"kid": "x", "kty": "RSA", "n": "AQAB", "e": "AQAB"},
        {"kid": "x", "kty": "RSA", "n": "", "e": ""},
        {"kid": "x", "kty": "RSA", "n": [1], "e": 3},
        {"kid": "x", "kty": "EC", "crv": "P-256", "x": "AQAB", "y": "AQAB"},
        {"kid": "x", "kty": "EC", "crv": "P-256", "x": "A" * 43, "y": "A" * 43},
        {"kid": "x", "kty": "OKP", "crv": "Ed25519", "x": "é"},
        {"kid": "x", "kty": "OKP", "crv": "X25519", "x": "A" * 43},
        ec_key(3).jwk("x", kid=3),
        ec_key(3).jwk("x", use="enc"),
        ec_key(3).jwk("x", use=None),
        ec_key(3).jwk("x", alg="ES384"),
        ec_key(3).jwk("x", alg="HS256"),
        ec_key(3).jwk("x", key_ops=["sign"]),
        ec_key(3).jwk("x", key_ops="verify"),
        ec_key(3).jwk("x", crv="P-384"),
        rsa_key(3).jwk("x", alg="PS256"),
        rsa_key(3).jwk("x", kty="oct", k="AQAB"),
        rsa_key(4, bits=1024).jwk("x"),
    ],
)
async def test_what_is_no_key_of_ours_is_as_if_it_were_not_there(
    host: JwksHost, authenticator: CheckedAuthenticator, unusable: Json
) -> None:
    host.show(unusable, ONE.jwk("one"))
    assert await authenticator.admits(authenticator.token(ONE, None)) is not None


async def test_of_a_private_key_only_the_public_part_is_taken(
    host: JwksHost, authenticator: CheckedAuthenticator
) -> None:
    host.show(*(key.private_jwk(key.algorithm) for key in (ONE, rsa_key(), ed_key())))
    for key in (ONE, rsa_key(), ed_key()):
        assert await authenticator.admits(authenticator.token(key, key.algorithm)) is not None
    keys = KeySet(host.url, life_seconds=LIFE)
    found = await keys.find("RS256")
    assert found is not None
    assert not hasattr(found.key, "private_numbers")
    await keys.close()
