"""JWTs: who signed them, for whom, until when, and whom they name."""

from dataclasses import dataclass
from datetime import datetime
from math import isfinite
from typing import Any

import jwt
from jwt.types import Options

from app.http.authentication.jwks import ALGORITHMS, KeySet

VERIFIED_EMAIL = "email"

# The times are checked by our own clock, which tests can set.
_CHECKED: Options = {"require": ["iss", "aud", "exp"], "verify_exp": False, "verify_nbf": False, "verify_iat": False}


class BadToken(Exception):
    """A token that lets nobody in; the message is for our log alone, and has nothing of the token in it."""


@dataclass(frozen=True, slots=True)
class JsonWebTokens:
    """Checks JWTs of one issuer."""

    keys: KeySet
    issuer: str
    audience: str
    user_claim: str
    leeway_seconds: float

    async def user_of(self, token: str, now: datetime) -> tuple[str, bool]:
        """The user whom a token names that is good now, and whether by an e-mail address.

        Raises BadToken, and KeysUnavailable where it can't be told.
        """
        try:
            key = await self._key_of(jwt.get_unverified_header(token))
            claims = jwt.decode(
                token,
                key,
                algorithms=[key.algorithm_name],
                issuer=self.issuer,
                audience=self.audience,
                options=_CHECKED,
            )
        except jwt.PyJWTError as error:
            raise BadToken(kind_of(error)) from None
        self._check_times(claims, now.timestamp())
        return self._user_in(claims)

    async def _key_of(self, header: dict[str, Any]) -> jwt.PyJWK:
        """The key that a header names. The algorithm is the key's: what the header says of it must be the same."""
        algorithm, key_id = header.get("alg"), header.get("kid")
        if algorithm not in ALGORITHMS:
            raise BadToken(f"the algorithm is not one of {', '.join(ALGORITHMS)}")
        key = await self.keys.find(key_id)
        if key is None:
            raise BadToken(
                "there is no key of this id" if key_id is not None else "no key is named, nor is there just one"
            )
        if key.algorithm_name != algorithm:
            raise BadToken(f"the algorithm is {algorithm}, but the key is for {key.algorithm_name}")
        return key

    def _check_times(self, claims: dict[str, Any], now: float) -> None:
        """Whether the token is good by now. An issuer may leave `nbf` out: then it is good from the beginning."""
        if moment(claims["exp"]) <= now - self.leeway_seconds:
            raise BadToken("expired")
        if "nbf" in claims and moment(claims["nbf"]) > now + self.leeway_seconds:
            raise BadToken("not yet valid")

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


def moment(claim: object) -> float:
    """A NumericDate. Raises BadToken for others, also for NaN and the infinite: no time is after those, or every time is."""
    if isinstance(claim, bool) or not isinstance(claim, int | float):
        raise BadToken("a time is no number")
    if isinstance(claim, float) and not isfinite(claim):
        raise BadToken("a time is no finite number")
    return claim
