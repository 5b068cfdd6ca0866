"""API tokens: who gets in with one, and until when."""

import hashlib
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import delete

from app.storage import accounts
from app.storage.accounts import TokenOwner, parts_of, tokens_to_check
from app.storage.connections.database import Database
from app.storage.reads.rows import UserView
from app.storage.tables import USER
from app.telemetry.log import LoggedRequest
from app.usecases.manage_tokens import UnknownUser, note_token_use
from app.usecases.transaction import UnitOfWork
from tests.applying import load_world
from tests.commands import issue_token, list_tokens, revoke_token
from tests.databases import Databases
from tests.usecases.world_files import as_file, contents, world

SOON = timedelta(seconds=10)


@pytest.fixture(scope="module")
async def people(databases: Databases) -> AsyncIterator[tuple[str, str]]:
    """The name of a database with users, of which every test gets a copy, and the id of Ada@Example.com."""
    async with databases.made() as name:
        ids = await load_world(databases.url_of(name), as_file(world()))
        yield name, ids["ada"]


@pytest.fixture
def ada(people: tuple[str, str]) -> str:
    return people[1]


@pytest.fixture
async def database_url(databases: Databases, people: tuple[str, str]) -> AsyncIterator[str]:
    """A database of the test's own, with users."""
    async with databases.copy(people[0]) as url:
        yield url


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    opened = Database(database_url)
    yield opened
    await opened.close()


async def owner_of(database: Database, text: str, now: datetime | None = None) -> TokenOwner | None:
    """Whose token this is; that it is used is noted where that is due."""
    at = now or datetime.now(UTC)
    parts = parts_of(text)
    if parts is None:
        return None
    token_id, secret = parts
    async with database.reading() as connection:
        stored = (await tokens_to_check(connection, [token_id])).get(token_id)
    owner = None if stored is None else accounts.owner_of(stored, secret, at)
    if owner is not None and owner.is_use_due:
        await note_token_use(UnitOfWork(database, lambda: at), owner.token_id)
    return owner


async def row(database_url: str) -> dict[str, Any]:
    [found] = (await contents(database_url))["api_token"]
    return found


async def test_a_token_lets_its_user_in_and_only_its_hash_is_stored(
    ada: str, database: Database, database_url: str
) -> None:
    text = await issue_token(database_url, "ada@example.COM", name="ci", expires_days=None)
    match = re.fullmatch(r"fp_([0-9a-z]{26})_([0-9A-Za-z_-]{43})", text)
    assert match is not None
    assert await owner_of(database, text) == TokenOwner(
        UserView(ada, "Ada", "Lovelace", "Ada@Example.com"), match[1], is_use_due=True
    )
    stored = await row(database_url)
    assert (stored["id"], stored["name"], stored["expires_at"]) == (match[1], "ci", None)
    assert stored["secret_hash"] == hashlib.sha256(match[2].encode()).digest()
    assert match[2] not in str(await contents(database_url))


async def test_nobody_else_gets_a_token(database_url: str) -> None:
    with pytest.raises(UnknownUser, match=re.escape("no user with the e-mail address nobody@example.com")):
        await issue_token(database_url, "nobody@example.com", name="ci", expires_days=None)
    assert (await contents(database_url))["api_token"] == []


@pytest.mark.parametrize(
    "spoilt",
    [
        lambda text: text[:-1],
        lambda text: text[:-1] + ("A" if text[-1] != "A" else "B"),
        lambda text: text.removeprefix("fp_"),
        lambda text: text.rpartition("_")[0],
        lambda text: "fp_" + "0" * 26 + text[29:],
        lambda text: text.replace("fp_", "fp__"),
        lambda text: text + "\0",
        lambda text: "\0" + text,
        lambda text: text + "é",
        lambda text: text.replace("fp_", "fp_\ud800"),
        lambda _: "",
        lambda _: "fp_",
        lambda _: "fp__",
        lambda _: "x" * 100_000,
    ],
)
async def test_any_other_text_lets_nobody_in(database: Database, database_url: str, spoilt: Any) -> None:
    text = await issue_token(database_url, "ada@example.com", name="ci", expires_days=None)
    assert await owner_of(database, spoilt(text)) is None


async def test_a_token_expires(database: Database, database_url: str) -> None:
    text = await issue_token(database_url, "ada@example.com", name="ci", expires_days=2)
    expires_at = (await row(database_url))["expires_at"]
    assert expires_at - (await row(database_url))["created_at"] == timedelta(days=2)
    assert await owner_of(database, text, expires_at - SOON) is not None
    assert await owner_of(database, text, expires_at) is None


async def test_a_token_can_be_revoked_for_good(database: Database, database_url: str) -> None:
    text = await issue_token(database_url, "ada@example.com", name="ci", expires_days=None)
    assert await revoke_token(database_url, text.split("_")[1])
    revoked_at = (await row(database_url))["revoked_at"]
    assert await owner_of(database, text) is None
    assert await revoke_token(database_url, text.split("_")[1])
    assert (await row(database_url))["revoked_at"] == revoked_at
    assert not await revoke_token(database_url, "unknown")


async def test_that_a_token_was_used_is_not_written_every_time(database: Database, database_url: str) -> None:
    text = await issue_token(database_url, "ada@example.com", name="ci", expires_days=None)
    start = datetime.now(UTC)
    noted = []
    for minutes in (0, 4, 5, 6, 7):
        await owner_of(database, text, start + timedelta(minutes=minutes))
        noted.append((await row(database_url))["last_used_at"] - start)
    assert noted == [timedelta(minutes=minutes) for minutes in (0, 0, 0, 6, 6)]


async def test_a_use_is_one_statement(database: Database, database_url: str) -> None:
    text = await issue_token(database_url, "ada@example.com", name="ci", expires_days=None)
    await owner_of(database, text)
    with LoggedRequest("", None) as sent:
        assert await owner_of(database, text) is not None
    assert sent.statements == 1


async def test_a_token_goes_with_its_user(ada: str, database: Database, database_url: str) -> None:
    text = await issue_token(database_url, "ada@example.com", name="ci", expires_days=None)
    async with database.writing() as connection:
        await connection.change(delete(USER).where(USER.c.id == ada))
    assert await owner_of(database, text) is None


async def test_all_tokens_are_listed_the_oldest_first(database_url: str) -> None:
    first = await issue_token(database_url, "ada@example.com", name="one", expires_days=None)
    await issue_token(database_url, "ben@example.com", name="two", expires_days=1)
    await revoke_token(database_url, first.split("_")[1])
    one, two = await list_tokens(database_url)
    assert (one.id, one.name, one.email) == (first.split("_")[1], "one", "Ada@Example.com")
    assert one.revoked_at is not None
    assert one.last_used_at is None
    assert (two.name, two.email, two.revoked_at) == ("two", "ben@example.com", None)
    assert two.expires_at == two.created_at + timedelta(days=1)
