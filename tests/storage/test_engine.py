"""Connections as storage has them: with settings of their own, which no rollback takes away."""

from sqlalchemy import text

from app.storage.engine import open_database

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
