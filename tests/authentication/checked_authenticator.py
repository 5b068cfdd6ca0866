"""An Authenticator with a clock that the test sets, and what it says of a token."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from unittest.mock import patch

import pytest
from starlette.datastructures import Headers
from structlog.testing import capture_logs

from app.domain.model import UserId
from app.http.authentication.authenticator import MAX_TOKEN_BYTES, Authenticator, bearer_token
from app.http.authentication.json_web_tokens import JsonWebTokens, KeySet
from app.http.responses import RequestError
from app.storage.connections.database import Database
from tests.authentication.issuer import AUDIENCE, ISSUER, SigningKey, claims_at, jwt_of

START = datetime(2030, 1, 1, tzinfo=UTC)
LIFE = 300
LEEWAY = 30

NOT_BEARER = "doesn't begin with Bearer and a space"
NO_TOKEN = "has no token, or one with characters that no token has"
TOO_LONG = f"has a token that is longer than {MAX_TOKEN_BYTES} bytes"
TWICE = "is there more than once"
"""What is wrong with the form of a header; of this alone the caller is told."""


def said_of_the_header(reason: str) -> str:
    return f"The Authorization header {reason}. Send `Authorization: Bearer <token>`."


def told_of(reason: str) -> tuple[int, str, str, dict[str, str]]:
    """What the caller is told: of every token the same."""
    message = "The token is unknown, expired or revoked."
    if reason in (NOT_BEARER, NO_TOKEN, TOO_LONG, TWICE):
        message = said_of_the_header(reason)
    return 401, "UNAUTHENTICATED", message, {"WWW-Authenticate": 'Bearer error="invalid_token"'}


@dataclass(slots=True)
class Clock:
    seconds: float = 0

    def now(self) -> datetime:
        return START + timedelta(seconds=self.seconds)

    def monotonic(self) -> float:
        return self.seconds


_CLOCK: ContextVar[Clock | None] = ContextVar("clock", default=None)


class TimeForJwts:
    """What PyJWT takes for `datetime`: the time of the authenticator that is asked, else that of the machine."""

    @staticmethod
    def now(tz: tzinfo) -> datetime:
        clock = _CLOCK.get()
        return datetime.now(tz) if clock is None else clock.now()


@contextmanager
def jwts_by_clocks_of_tests() -> Iterator[None]:
    with patch("jwt.api_jwt.datetime", TimeForJwts):
        yield


@dataclass(frozen=True, slots=True)
class CheckedAuthenticator:
    authenticator: Authenticator
    clock: Clock

    async def admits(self, token: str) -> UserId | None:
        """Who gets in with a token."""
        before = _CLOCK.set(self.clock)
        try:
            return await viewer_of(self.authenticator, f"Bearer {token}")
        finally:
            _CLOCK.reset(before)

    async def refuses(self, header: str) -> str:
        """Why a header is refused, for the log; that the caller isn't told, nor anybody the token, is asserted."""
        before = _CLOCK.set(self.clock)
        with capture_logs() as log, pytest.raises(RequestError) as refused:
            await viewer_of(self.authenticator, header)
        _CLOCK.reset(before)
        told = refused.value
        assert told.reason is not None
        assert (told.status, told.code, told.message, told.headers) == told_of(told.reason)
        for piece in header.removeprefix("Bearer ").split("."):
            assert len(piece) < 8 or piece not in f"{told.reason} {log}"
        return told.reason

    async def cannot_tell(self, token: str) -> None:
        """That a token is neither accepted nor called bad."""
        with pytest.raises(RequestError) as refused:
            await self.admits(token)
        assert (refused.value.status, refused.value.code) == (503, "SERVICE_UNAVAILABLE")
        assert refused.value.headers == {"Retry-After": "10"}

    def token(self, key: SigningKey, key_id: str | None, **changes: object) -> str:
        """A token that is good now, but for the changes to its claims."""
        named = {} if key_id is None else {"kid": key_id}
        claims = claims_at(self.clock.now().timestamp(), **changes)
        return jwt_of(claims, key.signs(), alg=key.algorithm, typ="JWT", **named)


@asynccontextmanager
async def open_authenticator(
    database: Database, url: str | None, *, user_claim: str = "email", demo_tokens: bool = True
) -> AsyncIterator[CheckedAuthenticator]:
    """One with the keys behind a URL, or without any."""
    clock = Clock()
    checks = url and JsonWebTokens(
        keys=KeySet(url, life_seconds=LIFE, clock=clock.monotonic),
        issuer=ISSUER,
        audience=AUDIENCE,
        user_claim=user_claim,
        leeway_seconds=LEEWAY,
    )
    authenticator = Authenticator(database, now=clock.now, demo_tokens=demo_tokens, json_web_tokens=checks or None)
    yield CheckedAuthenticator(authenticator, clock)
    await authenticator.close()


async def viewer_of(authenticator: Authenticator, *headers: str) -> UserId | None:
    """The user whom these headers name."""
    token = bearer_token(Headers(raw=[(b"authorization", header.encode()) for header in headers]))
    return None if token is None else (await authenticator.caller(token)).user_id
