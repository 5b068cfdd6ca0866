"""Who is calling: tokens over HTTP, and what is answered without one."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from tests.api.client import Api, body_of
from tests.api.world_builder import email_of
from tests.commands import issue_token, list_tokens, revoke_token
from tests.databases import Databases, Loaded, contents, run_sql

VIEWER = "{ viewer { id } }"
BAD = "The token is unknown, expired or revoked."
MISSING = "Send `Authorization: Bearer <token>`."


@pytest.fixture(scope="module")
async def issuing(databases: Databases, loaded_trade: Loaded) -> AsyncIterator[Api]:
    """A server of its own, on whose database tokens are made and used."""
    async with databases.serving(loaded_trade) as served:
        yield served


async def asked(http: httpx.AsyncClient, document: str, authorization: str | None = None) -> httpx.Response:
    headers = {} if authorization is None else {"Authorization": authorization}
    return await http.post("/graphql", json={"query": document}, headers=headers)


def assert_unauthenticated(response: httpx.Response, message: str) -> None:
    assert response.status_code == 401
    challenge = "Bearer" if message == MISSING else 'Bearer error="invalid_token"'
    assert response.headers["WWW-Authenticate"] == challenge
    assert response.headers["Cache-Control"] == "no-store"
    assert response.json() == {"errors": [{"message": message, "extensions": {"code": "UNAUTHENTICATED"}}]}


async def test_a_token_says_who_the_viewer_is(api: Api) -> None:
    for user, token in api.tokens.items():
        for scheme in ("Bearer", "bearer", "BEARER"):
            response = await asked(api.http, VIEWER, f"{scheme} {token}")
            assert body_of(response) == {"data": {"viewer": {"id": api.id(user)}}}
            assert response.headers["Cache-Control"] == "no-store"
            assert response.headers["Vary"] == "Accept, Authorization"


def bad_headers(good: str) -> list[str]:
    token_id, _, secret = good.removeprefix("fp_").partition("_")
    return [
        *("Bearer x", "Bearer fp_", "Bearer fp__", "Bearer _", f"Bearer fp_{token_id}", f"Bearer fp_{token_id}_"),
        *(
            f"Bearer fp_{token_id}_{secret[:-1]}",
            f"Bearer fp_{token_id}_{secret}x",
            f"Bearer fp_{token_id}_{secret.swapcase()}",
        ),
        *(f"Bearer {token_id}", f"Bearer {secret}", f"Bearer {token_id}_{secret}", f"Bearer fp_x_{secret}"),
        f"Bearer FP_{token_id}_{secret}",
        *("Bearer demo-integrator", "Bearer demo-admin", "Bearer eyJhbGciOiJub25lIn0.e30.", "Bearer null"),
    ]


def odd_headers(good: str) -> list[str]:
    """What can't hold a token, whichever."""
    return [
        *("", " ", "Bearer", "Bearer ", "Basic YTpi", good, f"Token {good}", f"Bearer{good}"),
        *(f"Bearer {good} {good}", f"Bearer {good},", f'Bearer "{good}"', "Bearer " + "x" * 10000),
        *("Bearer \xe9\xff", "Bearer fp_\xe9_\xff", "Bearer ' or 1=1 --", "Bearer fp_%_%"),
    ]


async def test_a_token_that_is_malformed_or_unknown_is_refused_and_never_taken_for_no_token(api: Api) -> None:
    for header in bad_headers(api.tokens["ada"]):
        for document in (VIEWER, "{ __typename }"):
            response = await api.http.post(
                "/graphql", json={"query": document}, headers={b"Authorization": header.encode("latin-1")}
            )
            assert_unauthenticated(response, BAD)


async def test_a_header_that_holds_no_token_is_refused_saying_so_and_not_what_it_holds(api: Api) -> None:
    good = api.tokens["ada"]
    for header in odd_headers(good):
        response = await api.http.post(
            "/graphql", json={"query": VIEWER}, headers={b"Authorization": header.encode("latin-1")}
        )
        [error] = response.json()["errors"]
        assert_unauthenticated(response, error["message"])
        assert error["message"].startswith("The Authorization header ")
        assert good not in response.text


async def test_a_bad_token_is_refused_before_the_request_is_read(api: Api) -> None:
    for content in (b"", b"{", b'{"query": "{"}', b'{"query": "{ nonsense }"}'):
        response = await api.http.post("/graphql", content=content, headers={"Authorization": "Bearer x"})
        assert_unauthenticated(response, BAD)


async def test_an_expired_token_is_refused(issuing: Api) -> None:
    token = await issue_token(issuing.database_url, email_of("ada"), name="short", expires_days=1)
    assert (await asked(issuing.http, VIEWER, f"Bearer {token}")).status_code == 200
    expired = "update api_token set expires_at = :then where name = 'short'"
    await run_sql(issuing.database_url, expired, then=datetime.now(UTC) - timedelta(seconds=1))
    assert_unauthenticated(await asked(issuing.http, VIEWER, f"Bearer {token}"), BAD)


async def test_a_revoked_token_is_refused_from_then_on(issuing: Api) -> None:
    token = await issue_token(issuing.database_url, email_of("gil"), name="lost", expires_days=None)
    assert (await asked(issuing.http, VIEWER, f"Bearer {token}")).status_code == 200
    [lost] = [each.id for each in await list_tokens(issuing.database_url) if each.name == "lost"]
    await revoke_token(issuing.database_url, lost)
    assert_unauthenticated(await asked(issuing.http, VIEWER, f"Bearer {token}"), BAD)
    assert (await asked(issuing.http, VIEWER, f"Bearer {issuing.tokens['gil']}")).status_code == 200


async def test_the_use_of_a_token_is_noted_but_not_with_every_request(issuing: Api) -> None:
    token = await issue_token(issuing.database_url, email_of("berta"), name="used", expires_days=None)

    async def last_used() -> datetime | None:
        used: datetime | None
        [used] = [each.last_used_at for each in await list_tokens(issuing.database_url) if each.name == "used"]
        return used

    assert await last_used() is None
    await asked(issuing.http, VIEWER, f"Bearer {token}")
    first = await last_used()
    assert first is not None
    assert datetime.now(UTC) - first < timedelta(minutes=1)
    for _ in range(3):
        await asked(issuing.http, VIEWER, f"Bearer {token}")
    assert await last_used() == first
    long_ago = "update api_token set last_used_at = last_used_at - interval '6 minutes' where name = 'used'"
    await run_sql(issuing.database_url, long_ago)
    await asked(issuing.http, VIEWER, f"Bearer {token}")
    again = await last_used()
    assert again is not None
    assert again > first


async def test_the_secret_of_a_token_is_nowhere_in_the_database(api: Api) -> None:
    everything = str(await contents(api.database_url))
    for token in api.tokens.values():
        _, _, secret = token.split("_", 2)
        assert secret not in everything


INTROSPECTIONS = [
    "{ __typename }",
    "{ __schema { queryType { name } } }",
    '{ __type(name: "Flow") { name } }',
    "query Q { a: __typename ...more } fragment more on Query { ... on Query { __schema { types { name } } } }",
    "mutation { __typename }",
]
QUESTIONS = [
    VIEWER,
    "{ __typename viewer { id } }",
    "{ ... { ... on Query { ...more } } } fragment more on Query { viewer { id } }",
    "query A { __typename viewer { id } } fragment unused on Query { __typename }",
    '{ node(id: "x") { id } }',
    'mutation { copyFlow(input: {flowId: "x"}) { errors { code } } }',
    "{ nonsense }",
]


async def test_without_a_token_questions_about_the_schema_are_answered_on_loopback(api: Api) -> None:
    for document in INTROSPECTIONS:
        response = await asked(api.http, document)
        assert response.status_code == 200
        assert "errors" not in response.json()


async def test_without_a_token_everything_else_is_refused_once_it_is_read(api: Api) -> None:
    for document in QUESTIONS:
        assert_unauthenticated(await asked(api.http, document), MISSING)
    assert (await asked(api.http, "{")).json()["errors"][0]["extensions"]["code"] == "GRAPHQL_PARSE_FAILED"


@pytest.mark.parametrize("settings", [{"host": "0.0.0.0"}, {"introspection": "off"}, {"host": "::"}])
async def test_where_introspection_is_not_open_it_needs_a_token_as_well(
    databases: Databases, loaded_trade: Loaded, settings: dict[str, str]
) -> None:
    async with databases.serving(loaded_trade, **settings) as served:
        for document in (*INTROSPECTIONS, *QUESTIONS):
            assert_unauthenticated(await asked(served.http, document), MISSING)
        response = await asked(served.http, INTROSPECTIONS[1], f"Bearer {served.tokens['ada']}")
        assert response.status_code == (403 if "introspection" in settings else 200)
