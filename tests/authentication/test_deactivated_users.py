"""A deactivated user is refused from the next request on, by whatever token, until it is activated again (W8)."""

from collections.abc import AsyncIterator

import pytest

from app.storage.connections.database import Database
from tests.authentication.checked_authenticator import CheckedAuthenticator, open_authenticator
from tests.authentication.issuer import rsa_key
from tests.authentication.jwks_host import JwksHost
from tests.commands import issue_token
from tests.databases import Loaded, run_sql

USER_CLAIM = "https://flowport/user"


@pytest.fixture
async def authenticator(users: Database, host: JwksHost) -> AsyncIterator[CheckedAuthenticator]:
    """One that finds the users of JWTs by id as well as by address."""
    host.show(rsa_key().jwk("rsa"))
    async with open_authenticator(users, host.url, user_claim=USER_CLAIM) as authenticator:
        yield authenticator


@pytest.mark.parametrize("form", ["API token", "JWT with an address", "JWT with an id"])
async def test_a_deactivated_user_is_refused_at_once_and_admitted_again_once_active(
    authenticator: CheckedAuthenticator, loaded_users: Loaded, users_url: str, form: str
) -> None:
    mike = loaded_users.ids["mike"]
    name = mike if form == "JWT with an id" else "mike@example.com"
    token = authenticator.token(rsa_key(), "rsa", **{USER_CLAIM: name})
    if form == "API token":
        token = await issue_token(users_url, "mike@example.com", name=form, expires_days=None)
    assert await authenticator.admits(token) == mike
    await run_sql(users_url, "update user_account set active = false where id = :id", id=mike)
    assert await authenticator.refuses(f"Bearer {token}") in ("unknown, expired or revoked", "there is no such user")
    await run_sql(users_url, "update user_account set active = true where id = :id", id=mike)
    assert await authenticator.admits(token) == mike
