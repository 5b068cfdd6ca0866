"""Authentication: the user of an API token or of a JWT. A token that isn't good is refused, never taken for no token."""

import re
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import NamedTuple

from app.domain.model import UserId
from app.http.authentication.json_web_tokens import BadToken, JsonWebTokens, NamedUser
from app.http.authentication.jwks import BETWEEN_REFETCHES, KeysUnavailable
from app.http.refused_requests import DATABASE_TOOK_TOO_LONG, RequestCode, RequestError, out_of_reach, too_slow
from app.meter import Meter, counted_by
from app.storage.accounts.tokens import PREFIX, TokenOwner, id_of, owner_of, tokens_to_check
from app.storage.accounts.users import find_user_by_email, find_user_by_id
from app.storage.connections.commits import CommitState
from app.storage.connections.connection import Row
from app.storage.connections.database import Database, DatabaseUnavailable, StatementTookTooLong
from app.storage.connections.pool import AUTHENTICATION
from app.storage.connections.replicas.positions import NOT_KNOWN, position_of
from app.storage.connections.shared_reads import SharedReads
from app.telemetry.log import log
from app.usecases.manage_tokens import note_token_use
from app.usecases.transaction import UnitOfWork

AUTHENTICATING = Meter(caller=AUTHENTICATION)
"""Whose connections are those of authentication."""
MAX_TOKEN_BYTES = 8192
TOKEN = re.compile(r"[A-Za-z0-9._~+/-]+=*")
"""The form of a token by RFC 6750."""
DOTS_OF_A_JWT = 2


class Caller(NamedTuple):
    """The user who sends a request."""

    user_id: UserId
    position: int | None
    """Up to where in the log of the database it has written, for reading from a replica; None where there is none."""
    names: tuple[str, str, str] | None = None
    """The first name, the last name and the e-mail address, where they were read with an API token."""


class Authenticator:
    """Finds the caller of a request by its `Authorization` header."""

    def __init__(
        self,
        database: Database,
        *,
        now: Callable[[], datetime],
        demo_tokens: bool,
        json_web_tokens: JsonWebTokens | None = None,
    ) -> None:
        """`demo_tokens`: words that everybody knows let in too, where the database has them."""
        self._database = database
        self._work = UnitOfWork(database, now)
        self._now = now
        self._demo_tokens = demo_tokens
        self._json_web_tokens = json_web_tokens
        self._tokens = SharedReads(self._tokens_to_check)

    async def caller(self, headers: list[str]) -> Caller | None:
        """The user whom the header names, and up to where it has written; None without one. Several headers are refused.

        Raises RequestError: 401 for whatever is wrong, saying what only of the form of the header; 503 for a JWT whose key can't be had just now, and
        for everybody while the database is down or too busy. The database is asked every time whether
        the token is still good.
        """
        if not headers:
            return None
        try:
            with counted_by(AUTHENTICATING):
                return await self._caller_of(bearer_token(headers))
        except BadHeader as error:
            message = f"The Authorization header {error}. Send `Authorization: Bearer <token>`."
            raise bad_token(str(error), message) from None
        except BadToken as error:
            raise bad_token(str(error)) from None
        except KeysUnavailable as error:
            log().warning("token not checked", reason=str(error))
            raise cannot_tell() from None
        except DatabaseUnavailable as error:
            raise out_of_reach(error) from None
        except StatementTookTooLong:
            raise too_slow(DATABASE_TOOK_TOO_LONG) from None

    async def close(self) -> None:
        if self._json_web_tokens is not None:
            await self._json_web_tokens.keys.close()

    async def _caller_of(self, token: str) -> Caller:
        if self._json_web_tokens is not None and looks_like_a_jwt(token):
            return await self._user_named(await self._json_web_tokens.user_of(token, self._now()))
        if not (self._demo_tokens or token.startswith(PREFIX)):
            raise BadToken("no API token")
        owner = await self._owner_of(token)
        if owner.is_use_due:
            await note_token_use(self._work, owner.token_id)
        return (await self._caller(owner.user_id))._replace(names=owner.names)

    async def _owner_of(self, token: str) -> TokenOwner:
        token_id = id_of(token)
        stored = None if token_id is None else await self._tokens.find(token_id)
        owner = None if stored is None else owner_of(stored, token, self._now())
        if owner is None:
            raise BadToken("unknown, expired or revoked")
        return owner

    async def _tokens_to_check(self, ids: Sequence[str]) -> dict[str, Row]:
        async with self._database.reading() as connection:
            return await tokens_to_check(connection, ids)

    async def _user_named(self, named: NamedUser) -> Caller:
        find = find_user_by_email if named.is_email else find_user_by_id
        async with self._database.reading() as connection:
            user = await find(connection, named.name)
        if user is None:
            raise BadToken("there is no such user")
        return await self._caller(user)

    async def _caller(self, user: UserId) -> Caller:
        replica = self._database.replica
        if replica is None:
            return Caller(user, None)
        async with self._database.reading() as connection:
            position = await position_of(connection, user)
        if position == NOT_KNOWN:
            replica.note_unsettled(user)
        return Caller(user, position)


class BadHeader(BadToken):
    """The header can't hold a token, whichever: its form is told, since that says nothing of any token."""


def bearer_token(headers: Sequence[str]) -> str:
    """The token in the one header that there should be. Raises BadHeader if there is none."""
    if len(headers) > 1:
        raise BadHeader("is there more than once")
    scheme, _, token = headers[0].partition(" ")
    token = token.strip(" ")
    if scheme.lower() != "bearer":
        raise BadHeader("doesn't begin with Bearer and a space")
    if len(token) > MAX_TOKEN_BYTES:
        raise BadHeader(f"has a token that is longer than {MAX_TOKEN_BYTES} bytes")
    if not TOKEN.fullmatch(token):
        raise BadHeader("has no token, or one with characters that no token has")
    return token


def token_in(headers: Sequence[str]) -> str | None:
    """The token of a request, however its header is spelled; None where there is none that can be read."""
    try:
        return bearer_token(headers) if headers else None
    except BadHeader:
        return None


def looks_like_a_jwt(token: str) -> bool:
    return not token.startswith(PREFIX) and token.count(".") == DOTS_OF_A_JWT


def token_wanted() -> RequestError:
    challenge = {"WWW-Authenticate": "Bearer"}
    return RequestError(401, RequestCode.UNAUTHENTICATED, "Send `Authorization: Bearer <token>`.", challenge)


def bad_token(reason: str, message: str = "The token is unknown, expired or revoked.") -> RequestError:
    challenge = {"WWW-Authenticate": 'Bearer error="invalid_token"'}
    return RequestError(401, RequestCode.UNAUTHENTICATED, message, challenge, reason=reason)


def cannot_tell() -> RequestError:
    again = {"Retry-After": str(BETWEEN_REFETCHES)}
    message = "Tokens of this kind can't be checked right now; try again soon."
    return RequestError(503, RequestCode.SERVICE_UNAVAILABLE, message, again, written=CommitState.NOTHING)
