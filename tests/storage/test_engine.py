"""Connections as storage has them, and what is said where there are none."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from app.storage.engine import DatabaseUnavailable, StatementFailed, StatementTookTooLong, failure_of, open_database
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


async def test_that_there_is_no_such_database_is_no_outage_that_passes(database_url: str) -> None:
    database = open_database(url_of(database_url, "flowport_test_nowhere"))
    with pytest.raises(StatementFailed, match=r"^InvalidCatalogNameError: sqlstate 3D000\n"):
        async with database.reading():
            pass
    await database.close()


async def test_an_error_of_our_own_while_a_connection_is_at_work_stays_what_it_is(database_url: str) -> None:
    database = open_database(database_url)
    for opening in (database.reading, database.writing):
        with pytest.raises(FileNotFoundError, match=r"^of ours$"):
            async with opening():
                raise FileNotFoundError("of ours")
    await database.close()


class Refused(Exception):
    """What the driver raises, with the state that PostgreSQL told."""

    def __init__(self, sqlstate: str) -> None:
        super().__init__("in words")
        self.sqlstate = sqlstate


@pytest.mark.parametrize(
    ("state", "kind", "told"),
    [
        ("08006", DatabaseUnavailable, "Refused: in words"),
        ("53300", DatabaseUnavailable, "Refused: in words"),
        ("57P03", DatabaseUnavailable, "Refused: in words"),
        ("57014", StatementTookTooLong, "()"),
        ("08P01", StatementFailed, "Refused: sqlstate 08P01\n[SQL: select]"),
        ("28P01", StatementFailed, "Refused: sqlstate 28P01\n[SQL: select]"),
    ],
)
def test_only_what_passes_by_itself_is_an_outage(state: str, kind: type[SQLAlchemyError], told: str) -> None:
    failure = failure_of(refused(state, connection_lost=False))
    assert (type(failure), str(failure)) == (kind, told)


def test_of_a_statement_that_failed_otherwise_while_the_connection_was_lost_only_the_kind_is_told() -> None:
    failure = failure_of(refused("22P02", connection_lost=True))
    assert (type(failure), str(failure)) == (DatabaseUnavailable, "Refused")


def refused(state: str, *, connection_lost: bool) -> DBAPIError:
    """What SQLAlchemy makes of it."""
    adapted = Refused(state)
    adapted.__cause__ = Refused(state)
    return DBAPIError("select", {}, adapted, connection_invalidated=connection_lost)
