"""A database with users, a host that shows keys, and the authenticator between them."""

from collections.abc import AsyncIterator, Iterator

import pytest

from app.storage.connections.database import Database
from tests.api.world_builder import WorldBuilder
from tests.authentication.checked_authenticator import (
    CheckedAuthenticator,
    jwts_by_clocks_of_tests,
    open_authenticator,
)
from tests.authentication.issuer import ec_key, ed_key, p384_key, rsa_key
from tests.authentication.jwks_host import JwksHost, jwks_host
from tests.databases import Databases, Loaded


@pytest.fixture(scope="session", autouse=True)
def clocks_of_tests() -> Iterator[None]:
    with jwts_by_clocks_of_tests():
        yield


@pytest.fixture(scope="session")
async def loaded_users(databases: Databases) -> AsyncIterator[Loaded]:
    """Users with addresses of all kinds; the key of each is the first part of the address."""
    world = WorldBuilder()
    for user in ("Ada", "mike", "élan", "straße", "ŉick", "gone"):
        world.user(user)
    async with databases.loaded(world) as loaded:
        yield loaded


@pytest.fixture(scope="session")
def users_url(databases: Databases, loaded_users: Loaded) -> str:
    return databases.url_of(loaded_users.name)


@pytest.fixture(scope="session")
async def users(users_url: str) -> AsyncIterator[Database]:
    opened = Database(users_url, pool_size=5)
    yield opened
    await opened.close()


@pytest.fixture
def host() -> Iterator[JwksHost]:
    with jwks_host() as opened:
        yield opened


@pytest.fixture
async def authenticator(users: Database, host: JwksHost) -> AsyncIterator[CheckedAuthenticator]:
    """One of the test's own, with the keys that its host shows."""
    async with open_authenticator(users, host.url) as opened:
        yield opened


@pytest.fixture(scope="session")
async def fixed_authenticator(users: Database) -> AsyncIterator[CheckedAuthenticator]:
    """One with a key of every kind, whose clock stands still; for tests that only try tokens."""
    with jwks_host() as shown:
        shown.show(
            rsa_key().jwk("rsa"),
            ec_key().jwk("ec"),
            ed_key().jwk("ed"),
            # What a careless issuer shows besides; none of it opens anything.
            {"kty": "oct", "kid": "shared", "k": "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlY3JldA"},
            p384_key().jwk("p384"),
            rsa_key(2).jwk("rsa-512", alg="RS512"),
            rsa_key(2).jwk("encryption", use="enc"),
        )
        async with open_authenticator(users, shown.url) as opened:
            yield opened
