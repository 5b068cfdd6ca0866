"""Readiness and metrics, which a token may guard."""

import httpx
import pytest

from app.storage.migrations.migrate import upgrade
from tests.api.client import serving
from tests.databases import Databases
from tests.serving.test_browsers import NOWHERE, browsing
from tests.storage.downgrading import downgrade

UNREACHABLE = "The database is not reachable."
NOT_MIGRATED = "The database has a schema that this program doesn't work with."


def is_not_ready(response: httpx.Response, message: str) -> None:
    assert response.status_code == 503
    error = {"message": message, "extensions": {"code": "SERVICE_UNAVAILABLE"}}
    assert response.json() == {"errors": [error]}
    assert response.headers["Retry-After"] == "1"
    assert response.headers["Content-Type"] == "application/json; charset=utf-8"


async def test_with_the_newest_schema_the_server_is_ready_and_with_an_older_one_not(database_url: str) -> None:
    async with serving(database_url) as http:
        ready = await http.get("/ready")
        await downgrade(database_url, "-1")
        older = await http.get("/ready")
        await upgrade(database_url)
        again = await http.get("/ready")
    is_not_ready(older, NOT_MIGRATED)
    for response in (ready, again):
        assert (response.status_code, response.json()) == (200, {"status": "ok"})


async def test_with_an_empty_database_it_is_not_ready(empty_database_url: str) -> None:
    async with serving(empty_database_url) as http:
        is_not_ready(await http.get("/ready"), NOT_MIGRATED)


@pytest.fixture
def dropped_url(databases: Databases) -> str:
    return databases.url_of("flowport_test_dropped")


async def test_without_its_database_it_is_not_ready_and_lives(dropped_url: str) -> None:
    for url in (NOWHERE, dropped_url):
        async with serving(url) as http:
            is_not_ready(await http.get("/ready"), UNREACHABLE)
            assert (await http.get("/health")).json() == {"status": "ok"}


@pytest.mark.parametrize(
    ("given", "status"),
    [
        ("bearer a-token-for-metrics", 200),
        ("BEARER a-token-for-metrics", 200),
        ("Bearer   a-token-for-metrics ", 200),
        ("Bearer A-TOKEN-FOR-METRICS", 401),
        ("Bearera-token-for-metrics", 401),
        ("a-token-for-metrics", 401),
        ("Bearer ", 401),
        ("", 401),
    ],
)
async def test_the_scheme_of_the_metrics_token_is_taken_in_any_case_and_the_token_is_not(
    given: str, status: int
) -> None:
    async with browsing(metrics_token="a-token-for-metrics") as http:
        assert (await http.get("/metrics", headers={"Authorization": given})).status_code == status
