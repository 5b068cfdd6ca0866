"""Issuing, listing and revoking API tokens, for the command line, and noting that they are used."""

import secrets
from datetime import timedelta
from typing import NamedTuple

from app.command_error import CommandError
from app.storage import accounts
from app.storage.connections.connection import Row
from app.storage.store import Store
from app.usecases.transaction import UnitOfWork, transaction

SECRET_BYTES = 32
"""43 characters of text."""


class UnknownUser(CommandError):
    """No user has this e-mail address."""

    def __init__(self, email: str) -> None:
        super().__init__(f"There is no user with the e-mail address {email}.")


class TokenWish(NamedTuple):
    email: str
    name: str
    expires_days: int | None = None


@transaction()
async def issue_token(store: Store, wish: TokenWish) -> str:
    """Make a token for a user and answer its text, which is stored nowhere. Raises UnknownUser."""
    text = await accounts.add_token(
        store.connection,
        wish.email,
        name=wish.name,
        secret=secrets.token_urlsafe(SECRET_BYTES),
        now=store.at,
        expires_at=None if wish.expires_days is None else store.at + timedelta(days=wish.expires_days),
    )
    if text is None:
        raise UnknownUser(wish.email)
    return text


async def list_tokens(work: UnitOfWork) -> list[Row]:
    """All tokens, without their secrets, the oldest first."""
    async with work.database.reading() as connection:
        return await accounts.all_tokens(connection)


@transaction()
async def revoke_token(store: Store, token_id: str) -> bool:
    """Refuse a token from now on; False if there is no such token."""
    return await accounts.revoke(store.connection, token_id, store.at)


@transaction()
async def note_token_use(store: Store, token_id: str) -> None:
    """Note that a token was used just now."""
    await accounts.note_use(store.connection, token_id, store.at)
