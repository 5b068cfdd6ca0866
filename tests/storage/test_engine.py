"""Connections as storage has them, and what is said where there are none."""

import pytest
from sqlalchemy import text

from app.storage.engine import DatabaseUnavailable, open_database
from tests.conftest import url_of

SETTINGS = text(
    "select current_setting('jit'), current_setting('statement_timeout'), current_setting('timezone'), "
    "current_setting('application_name')"
)


async def test_every_connection_has_our_settings_for_as_long_as_it_lasts(database_url: str) -> None:
    database = open_database(database_url, pool_size=1, statement_timeout_seconds=1.5)
    told = []
    # The second of them rolls back what it was.
    for opening in (database.reading, database.engine.connect, database.writing):
        async with opening() as connection:
            told.append(tuple((await connection.execute(SETTINGS)).one()))
    await database.close()
    assert told == [("off", "1500ms", "UTC", "flowport")] * 3


async def test_a_database_that_is_not_there_is_unavailable(database_url: str) -> None:
    database = open_database(url_of(database_url, "flowport_test_nowhere"))
    with pytest.raises(DatabaseUnavailable, match=r"^InvalidCatalogNameError$"):
        async with database.reading():
            pass
    await database.close()
