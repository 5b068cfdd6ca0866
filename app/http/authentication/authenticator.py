"""Authentication: the user of an API token or of a JWT. A token that isn't good is refused, never taken for no token."""

import re
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import NamedTuple

from starlette.datastructures import Headers

from app.domain.model import UserId
from app.http.authentication.json_web_tokens import BETWEEN_REFETCHES, BadToken, JsonWebTokens, KeysUnavailable
from app.http.responses import RequestCode, RequestError
from app.storage.accounts import PREFIX, find_user_by_email, find_user_by_id, owner_of, parts_of, tokens_to_check
from app.storage.connections.connection import Row
from app.storage.connections.database import Database
from app.storage.connections.failures import CommitState
from app.storage.connections.replicas.replica import NOT_KNOWN, position_of
from app.storage.connections.shared_reads import SharedReads
from app.storage.reads.rows import UserView
from app.telemetry.log import log
from app.usecases.manage_tokens import note_token_use
from app.usecases.transaction import UnitOfWork

MAX_TOKEN_BYTES = 8192
TOKEN = re.compile(r"[A-Za-z0-9._~+/-]+=*")
"""The form of a token by RFC 6750."""
DOTS_OF_A_JWT = 2


class Caller(NamedTuple):
    """The user who sends a request."""

    user_id: UserId
    position: int | None
    """Up to where in the log of the database it has written, for reading from a replica; None where there is none."""
    user: UserView | None = None
    """The row of the user, where it was read with an API token."""


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

    async def caller(self, token: str) -> Caller:
        """The user whose token this is, and up to where it has written; the database is asked every time.

        Raises RequestError: 401 for whatever is wrong; 503 for a JWT whose key can't be had just now.
        """
        if self._json_web_tokens is not None and looks_like_a_jwt(token):
            return await self._user_of_jwt(self._json_web_tokens, token)
        if not (self._demo_tokens or token.startswith(PREFIX)):
            raise bad_token("no API token")
        parts = parts_of(token)
        stored = None if parts is None else await self._tokens.find(parts[0])
        owner = None if parts is None or stored is None else owner_of(stored, parts[1], self._now())
        if owner is None:
            raise bad_token("unknown, expired or revoked")
        if owner.is_use_due:
            await note_token_use(self._work, owner.token_id)
        return await self._caller(UserId(owner.user.id), owner.user)

    async def close(self) -> None:
        if self._json_web_tokens is not None:
            await self._json_web_tokens.keys.close()

    async def _tokens_to_check(self, ids: Sequence[str]) -> dict[str, Row]:
        async with self._database.reading() as connection:
            return await tokens_to_check(connection, ids)

    async def _user_of_jwt(self, json_web_tokens: JsonWebTokens, token: str) -> Caller:
        try:
            name, is_email = await json_web_tokens.user_of(token)
        except BadToken as error:
            raise bad_token(str(error)) from None
        except KeysUnavailable as error:
            log().warning("token not checked", reason=str(error))
            raise cannot_tell() from None
        find = find_user_by_email if is_email else find_user_by_id
        async with self._database.reading() as connection:
            user = await find(connection, name)
        if user is None:
            raise bad_token("there is no such user")
        return await self._caller(user)

    async def _caller(self, user_id: UserId, user: UserView | None = None) -> Caller:
        replica = self._database.replica
        if replica is None:
            return Caller(user_id, None, user)
        async with self._database.reading() as connection:
            position = await position_of(connection, user_id)
        if position == NOT_KNOWN:
            replica.note_unsettled(user_id)
        return Caller(user_id, position, user)


def bearer_token(headers: Headers) -> str | None:
    """The token in the header `Authorization`, None without one; 401 for a header that holds none.

    The caller is told what is wrong with the form of the header, since that says nothing of any token.
    """
    sent = headers.getlist("authorization")
    if not sent:
        return None
    if len(sent) > 1:
        raise bad_header("is there more than once")
    scheme, _, token = sent[0].partition(" ")
    token = token.strip(" ")
    if scheme.lower() != "bearer":
        raise bad_header("doesn't begin with Bearer and a space")
    if len(token) > MAX_TOKEN_BYTES:
        raise bad_header(f"has a token that is longer than {MAX_TOKEN_BYTES} bytes")
    if not TOKEN.fullmatch(token):
        raise bad_header("has no token, or one with characters that no token has")
    return token


def looks_like_a_jwt(token: str) -> bool:
    return not token.startswith(PREFIX) and token.count(".") == DOTS_OF_A_JWT


def token_wanted() -> RequestError:
    challenge = {"WWW-Authenticate": "Bearer"}
    return RequestError(401, RequestCode.UNAUTHENTICATED, "Send `Authorization: Bearer <token>`.", challenge)


def bad_token(reason: str, message: str = "The token is unknown, expired or revoked.") -> RequestError:
    challenge = {"WWW-Authenticate": 'Bearer error="invalid_token"'}
    return RequestError(401, RequestCode.UNAUTHENTICATED, message, challenge, reason=reason)


def bad_header(mistake: str) -> RequestError:
    return bad_token(mistake, f"The Authorization header {mistake}. Send `Authorization: Bearer <token>`.")


def cannot_tell() -> RequestError:
    again = {"Retry-After": str(BETWEEN_REFETCHES)}
    message = "Tokens of this kind can't be checked right now; try again soon."
    return RequestError(503, RequestCode.SERVICE_UNAVAILABLE, message, again, written=CommitState.NOTHING)
