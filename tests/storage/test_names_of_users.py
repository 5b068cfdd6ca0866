"""What users are sorted and searched by: folded in Python, for those of before as well; and how members are read."""

from functools import partial

from sqlalchemy import text

from app.storage.connections.database import Database
from app.storage.connections.engine import engine_of
from app.storage.migrations.migrate import upgrade
from app.storage.pages.lists import ListName, WantedList
from tests.storage.downgrading import downgrade, rows
from tests.storage.large_world import EVERYWHERE, nth, read_list
from tests.storage.plans import hold, plans_of_pages

USERS = "insert into user_account (id, first_name, last_name, email, email_key) values (:id, :first, :last, :id, :id)"
KEYS = text("select id, last_name_key, first_name_key from user_account order by id")


async def test_users_of_before_are_sorted_and_searched_by_their_names_too(empty_database_url: str) -> None:
    await upgrade(empty_database_url)
    await downgrade(empty_database_url, "0015")
    named = {"user_1": ("Ada", "E\N{COMBINING ACUTE ACCENT}mile"), "user_2": ("BOB", "Straße")}
    async with engine_of(empty_database_url) as engine, engine.begin() as connection:
        users = [{"id": id_, "first": first, "last": last} for id_, (first, last) in named.items()]
        await connection.execute(text(USERS), users)
    await upgrade(empty_database_url)
    assert await rows(empty_database_url, KEYS) == [
        {"id": "user_1", "last_name_key": "\N{LATIN SMALL LETTER E WITH ACUTE}mile", "first_name_key": "ada"},
        {"id": "user_2", "last_name_key": "strasse", "first_name_key": "bob"},
    ]


async def test_a_page_of_members_reads_the_members_of_its_workspace_alone(large: Database) -> None:
    for listing in (WantedList(ListName.MEMBERS), WantedList(ListName.MEMBERS, "a", holding="workspaces.flow.edit")):
        read = partial(read_list, large, EVERYWHERE, nth("workspace", 2), listing)
        hold(await plans_of_pages(large, read), rows=2)
