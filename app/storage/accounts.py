"""Users as those who call, and their API tokens, of whose secrets only the hash is stored.

A deactivated user is answered like one that doesn't exist (W8), and so is a user that is deactivated in its own tenant
and has no access to another one (W9).
"""

import hashlib
import hmac
import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import LargeBinary, Text, and_, bindparam, exists, func, insert, or_, select, update
from typeid import TypeID

from app.domain.input import email_key
from app.domain.model import UserId
from app.storage.connections.connection import ReadConnection, Row, WriteConnection, is_one_of
from app.storage.reads.rows import UserView
from app.storage.tables import API_TOKEN, CONTRACT_ACCESS, TENANT_MEMBER, USER

_PROVISIONS_ANOTHER = and_(TENANT_MEMBER.c.user_id == USER.c.id, TENANT_MEMBER.c.tenant_id != USER.c.tenant_id)
# A user that is deactivated in its tenant sees no contract of that.
_ACTS_ELSEWHERE = or_(exists().where(CONTRACT_ACCESS.c.user_id == USER.c.id), exists().where(_PROVISIONS_ANOTHER))
IS_ADMITTED = and_(USER.c.active, or_(USER.c.active_at_home, _ACTS_ELSEWHERE))
"""Whether tokens and JWTs of a user are accepted."""
_BY_EMAIL = select(USER.c.id, USER.c.email).where(USER.c.email_key == bindparam("key"), IS_ADMITTED)
_BY_ID = select(USER.c.id).where(USER.c.id == bindparam("id"), IS_ADMITTED)


async def find_user_by_email(connection: ReadConnection, email: str) -> UserId | None:
    """The user whose address this is, in whatever case; None if there is none. One statement."""
    if not email.isprintable():
        return None
    row = await connection.row(_BY_EMAIL, {"key": email_key(email)})
    return UserId(row.id) if row is not None and differ_in_case_alone(email, row.email) else None


async def find_user_by_id(connection: ReadConnection, user: str) -> UserId | None:
    """This user, if there is one. One statement."""
    if not (user.isascii() and user.isprintable()):
        return None
    user_id = await connection.value(_BY_ID, {"id": user})
    return None if user_id is None else UserId(user_id)


def differ_in_case_alone(email: str, other: str) -> bool:
    """Whether two addresses with the same key differ at most in upper and lower case.

    Folding also equates the Kelvin sign with k, and ß with ss. A mailbox with such a letter belongs to another person,
    whom the issuer may have verified too.
    """
    return len(email) == len(other) and all(a.isascii() == b.isascii() for a, b in zip(email, other, strict=True))


PREFIX = "fp_"
ID = re.compile("[0-9a-z]{26}")
"""The form of a token's id, which differs from the words of the demo world: these can't be part of another token."""
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
        USER.c.first_name,
        USER.c.last_name,
        USER.c.email,
    )
    .join_from(API_TOKEN, USER, API_TOKEN.c.user_id == USER.c.id)
    .where(is_one_of(API_TOKEN.c.id, "tokens"), IS_ADMITTED)
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

_ADD = (
    insert(API_TOKEN)
    .from_select(
        ["id", "user_id", "name", "secret_hash", "created_at", "expires_at"],
        select(
            bindparam("id", type_=Text),
            USER.c.id,
            bindparam("name", type_=Text),
            bindparam("secret_hash", type_=LargeBinary),
            bindparam("created_at", type_=API_TOKEN.c.created_at.type),
            bindparam("expires_at", type_=API_TOKEN.c.expires_at.type),
        ).where(USER.c.email_key == bindparam("email_key", type_=Text)),
    )
    .returning(API_TOKEN.c.id)
)
_NOTE_USE = update(API_TOKEN).where(API_TOKEN.c.id == bindparam("token")).values(last_used_at=bindparam("now"))
_REVOKE = (
    update(API_TOKEN)
    .where(API_TOKEN.c.id == bindparam("token"))
    .values(revoked_at=func.coalesce(API_TOKEN.c.revoked_at, bindparam("now")))
    .returning(API_TOKEN.c.id)
)


class TokenOwner(NamedTuple):
    user: UserView
    token_id: str
    is_use_due: bool
    """The use of the token is to be noted, since it wasn't for a while."""


def secret_hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()


def parts_of(token: str) -> tuple[str, str] | None:
    """The id and the secret of a token; None for a malformed one. A token of the demo world is both at once."""
    if token.startswith(PREFIX):
        token_id, _, secret = token.removeprefix(PREFIX).partition("_")
        return (token_id, secret) if ID.fullmatch(token_id) else None
    return (token, token) if token.isascii() and token.isprintable() else None


async def tokens_to_check(connection: ReadConnection, ids: Sequence[str]) -> dict[str, Row]:
    """The stored rows of these tokens, by id; one statement."""
    return {row[0]: row for row in await connection.rows(_TO_CHECK, {"tokens": ids})}


def owner_of(token: Row, secret: str, now: datetime) -> TokenOwner | None:
    """The owner of a stored token; None if the secret is wrong, or the token is expired or revoked."""
    token_id, user_id, stored_hash, expires_at, revoked_at, last_used_at, *names = token
    if not hmac.compare_digest(stored_hash, secret_hash(secret)):
        return None
    if revoked_at is not None or (expires_at is not None and expires_at <= now):
        return None
    is_use_due = last_used_at is None or now - last_used_at > USE_IS_NOTED_AFTER
    return TokenOwner(UserView(user_id, *names), token_id, is_use_due)


async def note_use(connection: WriteConnection, token_id: str, now: datetime) -> None:
    """Note that a token was used just now."""
    await connection.change(_NOTE_USE, {"token": token_id, "now": now})


async def add_token(
    connection: WriteConnection, email: str, *, name: str, secret: str, now: datetime, expires_at: datetime | None
) -> str | None:
    """Store a token for the user of this address, and answer its text; None if there is no such user."""
    token_id = str(TypeID())
    row = {
        "id": token_id,
        "name": name,
        "secret_hash": secret_hash(secret),
        "created_at": now,
        "expires_at": expires_at,
    }
    added = await connection.change(_ADD, row | {"email_key": email_key(email)})
    return f"{PREFIX}{token_id}_{secret}" if added else None


async def all_tokens(connection: ReadConnection) -> list[Row]:
    """The columns of all tokens but their secrets, the oldest first."""
    return await connection.rows(_TOKENS)


async def revoke(connection: WriteConnection, token_id: str, now: datetime) -> bool:
    """Revoke a token for good; False if there is none. A second time changes nothing."""
    return bool(await connection.change(_REVOKE, {"token": token_id, "now": now}))
