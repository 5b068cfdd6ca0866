"""API tokens as they are stored: of the secret only its hash."""

import hashlib
import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import Text, any_, bindparam, func, insert, select, update
from sqlalchemy.dialects.postgresql import ARRAY
from typeid import TypeID

from app.domain.model import UserId
from app.storage.connections.connection import ReadConnection, WriteConnection
from app.storage.tables import API_TOKEN, USER

PREFIX = "fp_"
ID = re.compile("[0-9a-z]{26}")
"""What the id of a token looks like; the words of the demo world don't, so that they are no part of another token."""
USE_IS_NOTED_AFTER = timedelta(minutes=5)
"""A token that was used less than this ago is not written to again."""

_TO_CHECK = (
    select(
        API_TOKEN.c.id,
        API_TOKEN.c.user_id,
        API_TOKEN.c.secret_hash,
        API_TOKEN.c.expires_at,
        API_TOKEN.c.revoked_at,
        API_TOKEN.c.last_used_at,
    )
    .join_from(API_TOKEN, USER, API_TOKEN.c.user_id == USER.c.id)
    .where(API_TOKEN.c.id == any_(bindparam("tokens", type_=ARRAY(Text))), USER.c.active)
)

_TOKENS = (
    select(
        API_TOKEN.c.id,
        API_TOKEN.c.name,
        USER.c.email,
        API_TOKEN.c.created_at,
        API_TOKEN.c.expires_at,
        API_TOKEN.c.last_used_at,
        API_TOKEN.c.revoked_at,
    )
    .join_from(API_TOKEN, USER, API_TOKEN.c.user_id == USER.c.id)
    .order_by(API_TOKEN.c.id)
)

_USER = select(USER.c.id).where(USER.c.email_key == bindparam("email_key"))
_ADD = insert(API_TOKEN)
_NOTE_USE = update(API_TOKEN).where(API_TOKEN.c.id == bindparam("token")).values(last_used_at=bindparam("now"))
_REVOKE = (
    update(API_TOKEN)
    .where(API_TOKEN.c.id == bindparam("token"))
    .values(revoked_at=func.coalesce(API_TOKEN.c.revoked_at, bindparam("now")))
    .returning(API_TOKEN.c.id)
)


class TokenToCheck(NamedTuple):
    """What is stored of a token that somebody sends."""

    id: str
    user_id: UserId
    secret_hash: bytes
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None


class TokenOwner(NamedTuple):
    user_id: UserId
    token_id: str
    is_use_due: bool
    """That the token is used is to be noted: it wasn't for a while."""


@dataclass(frozen=True, slots=True)
class StoredToken:
    id: str
    name: str
    user_email: str
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class NewToken:
    id: str
    name: str
    secret: str
    created_at: datetime
    expires_at: datetime | None


def email_key(email: str) -> str:
    """The form in which e-mail addresses are compared."""
    return email.casefold()


def secret_hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()


def new_token_id() -> str:
    return str(TypeID())


def token_text(token_id: str, secret: str) -> str:
    return f"{PREFIX}{token_id}_{secret}"


def id_of(text: str) -> str | None:
    """The id that a token says it has; None for what is none."""
    token_id, _ = _parts(text)
    if text.startswith(PREFIX) and not ID.fullmatch(token_id):
        return None
    return token_id if token_id.isascii() and token_id.isprintable() else None


async def tokens_to_check(connection: ReadConnection, ids: Sequence[str]) -> dict[str, TokenToCheck]:
    """What is stored of these tokens, by id, but for those of deactivated users (W8). One statement."""
    rows = await connection.rows(_TO_CHECK, {"tokens": ids})
    return {token_id: TokenToCheck(token_id, *stored) for token_id, *stored in rows}


def owner_of(token: TokenToCheck, text: str, now: datetime) -> TokenOwner | None:
    """Whose token this is; None if its secret is wrong, or if it is expired or revoked."""
    _, secret = _parts(text)
    if not hmac.compare_digest(token.secret_hash, secret_hash(secret)):
        return None
    if token.revoked_at is not None or (token.expires_at is not None and token.expires_at <= now):
        return None
    is_use_due = token.last_used_at is None or now - token.last_used_at > USE_IS_NOTED_AFTER
    return TokenOwner(token.user_id, token.id, is_use_due)


async def note_use(connection: WriteConnection, token_id: str, now: datetime) -> None:
    """Note that a token was used just now."""
    await connection.change(_NOTE_USE, {"token": token_id, "now": now})


async def add_token(connection: WriteConnection, email: str, token: NewToken) -> bool:
    """Store a token for the user of this address; False if there is none."""
    user = await connection.value(_USER, {"email_key": email_key(email)})
    if user is None:
        return False
    row = {
        "id": token.id,
        "user_id": user,
        "name": token.name,
        "secret_hash": secret_hash(token.secret),
        "created_at": token.created_at,
        "expires_at": token.expires_at,
    }
    await connection.change(_ADD, row)
    return True


async def all_tokens(connection: ReadConnection) -> list[StoredToken]:
    """All tokens, the oldest first."""
    return [StoredToken(*row) for row in await connection.rows(_TOKENS)]


async def revoke(connection: WriteConnection, token_id: str, now: datetime) -> bool:
    """Revoke a token for good; False if there is none. One that is revoked stays so since when it was."""
    return bool(await connection.change(_REVOKE, {"token": token_id, "now": now}))


def _parts(text: str) -> tuple[str, str]:
    """Id and secret. The tokens of the demo world are plain words, which are both."""
    if not text.startswith(PREFIX):
        return text, text
    token_id, _, secret = text.removeprefix(PREFIX).partition("_")
    return token_id, secret
