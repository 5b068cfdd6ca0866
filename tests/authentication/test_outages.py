"""The keys of the issuer while their host is down: used on for a while, and what can't be told is not called bad."""

import gzip
import json
from collections.abc import Callable

import pytest

from app.http.authentication import json_web_tokens
from app.http.authentication.json_web_tokens import BETWEEN_REFETCHES, MAX_BYTES, STALE_SECONDS, KeySet, KeysUnavailable
from app.storage.connections.database import Database
from tests.authentication.checked_authenticator import LIFE, CheckedAuthenticator, open_authenticator
from tests.authentication.issuer import ec_key
from tests.authentication.jwks_host import JwksHost, fetched

ONE, OTHER = ec_key(1), ec_key(2)
UNKNOWN = "there is no key of this id"
NO_SET_OF_KEYS: list[Callable[[JwksHost], None]] = [
    JwksHost.down,
    lambda host: host.answer(json.dumps({"keys": [ONE.jwk("one")]}).encode(), 404),
    lambda host: host.answer(json.dumps({"keys": [ONE.jwk("one")]}).encode(), 500),
    lambda host: host.answer(b"", 302, Location=f"{host.url}?elsewhere"),
    lambda host: host.answer(b"", 200),
    lambda host: host.answer(b"<html>Maintenance</html>", 200),
    lambda host: host.answer(b"\xff\xfe", 200),
    lambda host: host.answer(b"[" * 100_000, 200),
    lambda host: host.answer(b"null", 200),
    lambda host: host.answer(json.dumps([ONE.jwk("one")]).encode(), 200),
    lambda host: host.answer(b'{"keys": {}}', 200),
    lambda host: host.answer(b'{"error": "busy"}', 200),
    lambda host: host.answer(b'{"keys": []}' + b" " * MAX_BYTES, 200),
    lambda host: host.answer(gzip.compress(b'{"keys": []}'), 200, Content_Encoding="gzip"),
    lambda host: host.answer(b'{"keys": [', 200, Content_Length="1000"),
]


@pytest.mark.parametrize("go_wrong", NO_SET_OF_KEYS)
async def test_what_the_host_says_in_an_outage_takes_nobody_down_whose_key_is_cached(
    host: JwksHost, authenticator: CheckedAuthenticator, go_wrong: Callable[[JwksHost], None]
) -> None:
    host.show(ONE.jwk("one"))
    await authenticator.admits(authenticator.token(ONE, "one"))
    go_wrong(host)
    for moment in (LIFE, LIFE + 1, STALE_SECONDS - 1):
        authenticator.clock.seconds = moment
        assert await authenticator.admits(authenticator.token(ONE, "one")) is not None
        await authenticator.cannot_tell(authenticator.token(OTHER, "two"))
    authenticator.clock.seconds = STALE_SECONDS
    await authenticator.cannot_tell(authenticator.token(ONE, "one"))
    assert all("elsewhere" not in path for path in host.paths)


@pytest.mark.parametrize("go_wrong", NO_SET_OF_KEYS)
async def test_an_outage_from_the_beginning_is_no_fault_of_the_token(
    host: JwksHost, authenticator: CheckedAuthenticator, go_wrong: Callable[[JwksHost], None]
) -> None:
    go_wrong(host)
    await authenticator.cannot_tell(authenticator.token(ONE, "one"))
    await authenticator.cannot_tell(authenticator.token(OTHER, None))
    await authenticator.refuses("Bearer a.b.c")
    assert host.fetches <= 1
    host.down()
    host.up()
    host.show(ONE.jwk("one"))
    authenticator.clock.seconds = BETWEEN_REFETCHES
    assert await authenticator.admits(authenticator.token(ONE, "one")) is not None


async def test_in_an_outage_nobody_waits_and_the_host_is_seldom_asked(
    host: JwksHost, authenticator: CheckedAuthenticator
) -> None:
    host.show(ONE.jwk("one"))
    await authenticator.admits(authenticator.token(ONE, "one"))
    host.answer(b"", 503)
    authenticator.clock.seconds = LIFE
    await authenticator.admits(authenticator.token(ONE, "one"))
    authenticator.clock.seconds = LIFE + BETWEEN_REFETCHES - 0.1
    await authenticator.admits(authenticator.token(ONE, "one"))
    assert host.fetches == 2
    host.hold()
    authenticator.clock.seconds = LIFE + BETWEEN_REFETCHES
    assert await authenticator.admits(authenticator.token(ONE, "one")) is not None
    await fetched(host, 3)
    assert await authenticator.admits(authenticator.token(ONE, "one")) is not None
    # And when the host is back, all is as before.
    host.show(OTHER.jwk("two"))
    host.released.set()
    assert await authenticator.admits(authenticator.token(OTHER, "two")) is not None
    assert host.fetches == 3
    assert await authenticator.refuses(f"Bearer {authenticator.token(ONE, 'one')}") == UNKNOWN


async def test_a_host_that_does_not_answer_is_left_after_a_while(
    host: JwksHost, users: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(json_web_tokens, "FETCH_SECONDS", 0.05)
    host.show(ONE.jwk("one"))
    host.hold()
    async with open_authenticator(users, host.url) as authenticator:
        await authenticator.cannot_tell(authenticator.token(ONE, "one"))


async def test_a_host_that_answers_byte_by_byte_is_left_likewise(
    host: JwksHost, users: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(json_web_tokens, "FETCH_SECONDS", 0.05)
    host.show(ONE.jwk("one"))
    host.seconds_between_bytes = 0.005
    async with open_authenticator(users, host.url) as authenticator:
        await authenticator.cannot_tell(authenticator.token(ONE, "one"))


async def test_an_unknown_id_is_called_bad_only_when_the_host_was_asked(
    host: JwksHost, authenticator: CheckedAuthenticator
) -> None:
    host.show(ONE.jwk("one"))
    await authenticator.admits(authenticator.token(ONE, "one"))
    host.down()
    for moment in (1, BETWEEN_REFETCHES, BETWEEN_REFETCHES + 1):
        authenticator.clock.seconds = moment
        await authenticator.cannot_tell(authenticator.token(OTHER, "two"))
        assert await authenticator.admits(authenticator.token(ONE, "one")) is not None
    host.up()
    host.show(ONE.jwk("one"), OTHER.jwk("two"))
    # Shortly after an attempt in vain nobody asks again, and it still can't be told.
    await authenticator.cannot_tell(authenticator.token(OTHER, "two"))
    authenticator.clock.seconds = 2 * BETWEEN_REFETCHES + 1
    assert await authenticator.admits(authenticator.token(OTHER, "two")) is not None
    assert await authenticator.refuses(f"Bearer {authenticator.token(OTHER, 'three')}") == UNKNOWN
    assert host.fetches == 2


async def test_a_port_where_nobody_listens_is_an_outage(host: JwksHost) -> None:
    host.down()
    keys = KeySet(host.url, life_seconds=LIFE)
    with pytest.raises(KeysUnavailable):
        await keys.find("one")
    await keys.close()
