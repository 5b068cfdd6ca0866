"""JWTs: who signed them, for whom, until when, and whom they name; and the keys that sign them.

The keys are fetched from a JWKS URL, cached, and used on while their host can't be reached.
"""

import asyncio
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx
import jwt
import orjson
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from jwt.types import Options

from app.telemetry.log import log

VERIFIED_EMAIL = "email"

_CHECKED: Options = {"require": ["iss", "aud", "exp"], "verify_iat": False}

MAX_BYTES = 131_072
FETCH_SECONDS = 5
BETWEEN_REFETCHES = 10
"""Seconds between two fetches for keys that nobody knows, and after a fetch in vain."""
STALE_SECONDS = 86_400
"""How long keys are used on when they can't be fetched anew."""

ALGORITHMS = ("RS256", "ES256", "EdDSA")
CURVES = (None, "P-256", "Ed25519")
"""The accepted algorithms and curves of keys. Each type of key has one algorithm."""
PARTS = ("kty", "crv", "n", "e", "x", "y", "kid", "alg")
"""The public parts of a key, which alone are read."""
RSA_BITS = range(2048, 8193)


class BadToken(Exception):
    """A token that lets nobody in; the message is for our log alone, and has nothing of the token in it."""


@dataclass(frozen=True, slots=True)
class JsonWebTokens:
    """Checks JWTs of one issuer."""

    keys: "KeySet"
    issuer: str
    audience: str
    user_claim: str
    leeway_seconds: float

    async def user_of(self, token: str) -> tuple[str, bool]:
        """The user whom a token names that is good now, and whether by an e-mail address.

        Raises BadToken, and KeysUnavailable where it can't be told.
        """
        try:
            key_id = jwt.get_unverified_header(token).get("kid")
            key = await self.keys.find(key_id)
            if key is None:
                raise BadToken(
                    "there is no key of this id" if key_id is not None else "no key is named, nor is there just one"
                )
            claims = jwt.decode(
                token,
                key,
                # The algorithm is the key's: the header must name the same.
                algorithms=[key.algorithm_name],
                issuer=self.issuer,
                audience=self.audience,
                leeway=self.leeway_seconds,
                options=_CHECKED,
            )
        except jwt.PyJWTError as error:
            raise BadToken(kind_of(error)) from None
        return self._user_in(claims)

    def _user_in(self, claims: dict[str, Any]) -> tuple[str, bool]:
        name = claims.get(self.user_claim)
        if not isinstance(name, str) or not name:
            raise BadToken(f"{self.user_claim} names no user")
        if self.user_claim == VERIFIED_EMAIL and claims.get("email_verified") is not True:
            raise BadToken("the e-mail address is not verified")
        return name, self.user_claim == VERIFIED_EMAIL or "@" in name


def kind_of(error: jwt.PyJWTError) -> str:
    """Name the mistake, without the library's message, which may quote the token."""
    missing = f": {error.claim}" if isinstance(error, jwt.MissingRequiredClaimError) else ""
    return f"{type(error).__name__}{missing}"


class KeysUnavailable(Exception):
    """Whether a token is good can't be told: the keys could not be fetched, and those from before don't have its key."""


class FetchInVain(Exception):
    """The host answered something that is no set of keys."""


class KeySet:
    """The keys behind a URL. Fetches are few: one at a time, whoever waits for it, and bounded in number."""

    def __init__(self, url: str, *, life_seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._url = url
        # Some hosts take a key of their own in the query.
        self._shown_url = urlsplit(url)._replace(query="").geturl()
        self._life = life_seconds
        self._clock = clock
        self._keys: tuple[jwt.PyJWK, ...] = ()
        self._fetched_at = self._refetched_at = self._in_vain_at = -math.inf
        """Times of the last fetch, the last one for an unknown key, and the last one if it failed."""
        self._fetching: asyncio.Task[None] | None = None
        # A proxy of the environment may stand between us and the world, never between us and ourselves.
        self._http = httpx.AsyncClient(
            trust_env=urlsplit(url).scheme == "https",
            follow_redirects=False,
            timeout=FETCH_SECONDS,
            headers={"Accept": "application/jwk-set+json, application/json", "Accept-Encoding": "identity"},
        )

    async def find(self, key_id: str | None) -> jwt.PyJWK | None:
        """The key of this id; without an id the only key there is. Returns None for an unknown id.

        An unknown id makes us look at the host again, but not often. Raises KeysUnavailable where that was in vain.
        """
        is_down, before = self._in_vain_at > -math.inf, self._fetched_at
        if self._age() >= self._life:
            # While the host is down, nobody waits who has keys to go on with.
            await self._fetch(waits=not is_down or self._age() >= STALE_SECONDS)
        if self._age() >= STALE_SECONDS:
            raise KeysUnavailable("there are no keys")
        key, now = self._key_of(key_id), self._clock()
        may_refetch = self._fetching is not None or now - self._refetched_at >= BETWEEN_REFETCHES
        if key is None and key_id is not None and self._fetched_at == before and may_refetch:
            self._refetched_at = now
            await self._fetch()
            key = self._key_of(key_id)
        if key is None and self._in_vain_at > -math.inf:
            raise KeysUnavailable("the key is unknown, and the keys could not be fetched anew")
        return key

    async def close(self) -> None:
        if self._fetching is not None:
            self._fetching.cancel()
            await asyncio.gather(self._fetching, return_exceptions=True)
        await self._http.aclose()

    def _key_of(self, key_id: str | None) -> jwt.PyJWK | None:
        if key_id is None:
            return self._keys[0] if len(self._keys) == 1 else None
        return next((key for key in self._keys if key.key_id == key_id), None)

    def _age(self) -> float:
        return self._clock() - self._fetched_at

    async def _fetch(self, *, waits: bool = True) -> None:
        """Begin to fetch the keys, unless a fetch is under way or was in vain a moment ago."""
        if self._fetching is None:
            if self._clock() - self._in_vain_at < BETWEEN_REFETCHES:
                return
            self._fetching = asyncio.create_task(self._fetch_once())
        if waits:
            await asyncio.shield(self._fetching)

    async def _fetch_once(self) -> None:
        try:
            self._keys = keys_in(await self._download())
        except (FetchInVain, httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
            self._in_vain_at = self._clock()
            log().warning("keys for JWTs could not be fetched", url=self._shown_url, reason=repr(error))
        else:
            self._fetched_at, self._in_vain_at = self._clock(), -math.inf
        finally:
            self._fetching = None

    async def _download(self) -> bytes:
        body = b""
        async with asyncio.timeout(FETCH_SECONDS), self._http.stream("GET", self._url) as response:
            if response.status_code != httpx.codes.OK:
                raise FetchInVain(f"status {response.status_code}")
            # Raw, since a few compressed bytes may be many; we ask for none.
            async for part in response.aiter_raw():
                body += part
                if len(body) > MAX_BYTES:
                    raise FetchInVain(f"more than {MAX_BYTES} bytes")
        return body


def keys_in(body: bytes) -> tuple[jwt.PyJWK, ...]:
    """The keys of a JWK set that we can use; the others are as if they weren't there.

    Raises FetchInVain, and ValueError for what isn't JSON.
    """
    document = orjson.loads(body)
    entries = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(entries, list):
        raise FetchInVain("no JWK set")
    return tuple(key for key in map(usable_key, entries) if key is not None)


def usable_key(entry: object) -> jwt.PyJWK | None:
    """A key for checking signatures with the algorithm of its type; None if it is anything else."""
    if not isinstance(entry, dict) or entry.get("use", "sig") != "sig" or entry.get("crv") not in CURVES:
        return None
    operations = entry.get("key_ops", ["verify"])
    if not isinstance(entry.get("kid"), str | None) or not isinstance(operations, list) or "verify" not in operations:
        return None
    try:
        key = jwt.PyJWK({part: entry[part] for part in PARTS if part in entry})
    except (jwt.PyJWTError, LookupError, ValueError, TypeError):
        return None
    is_of_odd_size = isinstance(key.key, RSAPublicKey) and key.key.key_size not in RSA_BITS
    return None if is_of_odd_size or key.algorithm_name not in ALGORITHMS else key
