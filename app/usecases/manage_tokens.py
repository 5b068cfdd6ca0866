"""Issuing, listing and revoking API tokens, for the command line."""

import secrets
from datetime import UTC, datetime, timedelta

from app.storage import tokens
from app.storage.tokens import StoredToken as TokenInfo

__all__ = ["TokenInfo", "UnknownUser", "issue_token", "list_tokens", "revoke_token"]

SECRET_BYTES = 32
"""They make 43 characters."""


class UnknownUser(Exception):
    """There is no user with this e-mail address."""

    def __init__(self, email: str) -> None:
        super().__init__(f"There is no user with the e-mail address {email}.")


async def issue_token(url: str, email: str, *, name: str, expires_days: int | None) -> str:
    """Make a token for a user and answer its text, which is stored nowhere. Raises UnknownUser."""
    now = datetime.now(UTC)
    token = tokens.NewToken(
        id=tokens.new_token_id(),
        name=name,
        secret=secrets.token_urlsafe(SECRET_BYTES),
        created_at=now,
        expires_at=None if expires_days is None else now + timedelta(days=expires_days),
    )
    if not await tokens.add_token(url, email, token):
        raise UnknownUser(email)
    return tokens.token_text(token.id, token.secret)


async def list_tokens(url: str) -> list[TokenInfo]:
    """All tokens, without their secrets, the oldest first."""
    return await tokens.all_tokens(url)


async def revoke_token(url: str, token_id: str) -> bool:
    """Refuse a token from now on; False if there is no such token."""
    return await tokens.revoke(url, token_id, datetime.now(UTC))
