"""What pages of other origins can do: nothing, unless their origin is named in a setting, and then only what it says.

The database of these servers is nowhere: whatever came as far as asking for a caller would be an error.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from app.server.application import create_app
from app.settings import BadSettings, Settings, read_settings

NOWHERE = "postgresql+asyncpg://nobody@127.0.0.1:1/nothing"
OURS, THEIRS = "https://app.example.com", "https://evil.example.com"
MUTATION = '{"query": "mutation { copyFlow(input: {flowId: \\"x\\"}) { flow { id } } }"}'
ANYBODY = {"query": "{ __typename }"}


@asynccontextmanager
async def browsing(**settings: Any) -> AsyncIterator[httpx.AsyncClient]:
    app = create_app(Settings(database_url=NOWHERE, log_format="json", **settings))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as http:
        yield http


def allowing(response: httpx.Response) -> dict[str, str]:
    """What the answer allows pages."""
    return {name: value for name, value in response.headers.items() if name.startswith("access-control-")}


def preflight(origin: str, method: str = "POST", headers: str = "authorization,content-type") -> dict[str, str]:
    return {
        "Origin": origin,
        "Access-Control-Request-Method": method,
        "Access-Control-Request-Headers": headers,
    }


@pytest.mark.parametrize("path", ["/graphql", "/health", "/metrics", "/graphql/static/explorer.js"])
async def test_unless_it_is_set_no_origin_is_allowed_anything(path: str) -> None:
    async with browsing() as http:
        asked = await http.options(path, headers=preflight(OURS))
        got = await http.get(path, headers={"Origin": OURS})
    assert (asked.status_code, allowing(asked), allowing(got)) == (405, {}, {})
    assert "GET" in asked.headers["Allow"].split(", ")
    assert asked.json()["errors"][0]["extensions"] == {"code": "METHOD_NOT_ALLOWED"}


async def test_an_origin_that_is_named_may_call_with_a_token_and_read_what_it_needs() -> None:
    async with browsing(cors_origins=f"http://localhost:3000, {OURS}") as http:
        asked = await http.options(
            "/graphql", headers=preflight(OURS, headers="authorization,content-type,x-request-id")
        )
        answered = await http.post("/graphql", json=ANYBODY, headers={"Origin": OURS})
        refused = await http.post("/graphql", content="{", headers={"Origin": OURS, "Content-Type": "application/json"})
        alone = await http.options("/graphql", headers={"Origin": OURS})
    assert asked.status_code == 200
    assert allowing(asked)["access-control-allow-origin"] == OURS
    assert allowing(asked)["access-control-allow-methods"] == "GET, POST"
    assert "access-control-allow-credentials" not in asked.headers
    for response, status in ((answered, 200), (refused, 400), (alone, 405)):
        assert response.status_code == status
        assert allowing(response) == {
            "access-control-allow-origin": OURS,
            "access-control-expose-headers": "X-Request-Id, RateLimit, RateLimit-Policy, Retry-After",
        }
        assert response.headers["Vary"].endswith("Origin")


@pytest.mark.parametrize(
    "refused",
    [
        preflight(THEIRS),
        preflight("null"),
        preflight(OURS.upper()),
        preflight("http://app.example.com"),
        preflight(f"{OURS}:444"),
        preflight(f"{OURS}.evil.com"),
        preflight(OURS, method="DELETE"),
        preflight(OURS, headers="x-other"),
    ],
)
async def test_what_isnt_named_is_refused_at_the_preflight(refused: dict[str, str]) -> None:
    async with browsing(cors_origins=OURS) as http:
        response = await http.options("/graphql", headers=refused)
        answered = await http.post("/graphql", json=ANYBODY, headers={"Origin": THEIRS})
    assert response.status_code == 400
    assert response.json()["errors"][0]["extensions"] == {"code": "CORS_REFUSED"}
    assert refused["Origin"] == OURS or "access-control-allow-origin" not in response.headers
    assert "access-control-allow-origin" not in answered.headers


@pytest.mark.parametrize(("origin", "status"), [(OURS, 200), (THEIRS, 400)])
async def test_what_is_answered_to_a_preflight_bears_a_request_id_too(origin: str, status: int) -> None:
    async with browsing(cors_origins=OURS) as http:
        given, odd = [
            await http.options("/graphql", headers=preflight(origin) | {"X-Request-Id": sent})
            for sent in ("my-own_1.2", "no id: {}")
        ]
    assert (given.status_code, odd.status_code) == (status, status)
    assert given.headers["X-Request-Id"] == "my-own_1.2"
    assert len(odd.headers["X-Request-Id"]) == 32


@pytest.mark.parametrize("origin", ["*", "null", "app.example.com", f"{OURS}/", "https://*.example.com", "https://A.b"])
def test_what_is_no_exact_origin_can_not_be_set(origin: str) -> None:
    with pytest.raises(
        BadSettings, match=r"^FLOWPORT_CORS_ORIGINS: .* is no origin, such as https://app\.example\.com"
    ):
        read_settings({"cors_origins": origin})


SIMPLE = [
    *(
        ("POST", media_type, MUTATION, 415)
        for media_type in (
            "text/plain",
            "text/plain; application/json",
            "application/x-www-form-urlencoded",
            "multipart/form-data; boundary=x",
            None,
        )
    ),
    ("GET", None, 'mutation { copyFlow(input: {flowId: "x"}) { flow { id } } }', 405),
    ("GET", None, "{ viewer { id } }", 401),
    ("GET", None, "{ __typename viewer { id } }", 401),
]


@pytest.mark.parametrize(("method", "media_type", "content", "status"), SIMPLE)
@pytest.mark.parametrize("cors_origins", [None, OURS])
async def test_a_simple_request_from_another_origin_runs_nothing_whatever_cookies_it_brings(
    method: str, media_type: str | None, content: str, status: int, cors_origins: str | None
) -> None:
    """Browsers send these without asking first: so do forms, images and scripts of any page."""
    headers = {"Origin": THEIRS, "Cookie": "authorization=Bearer demo-integrator; token=demo-integrator"}
    if media_type is not None:
        headers["Content-Type"] = media_type
    async with browsing(cors_origins=cors_origins) as http:
        if method == "GET":
            query = {"query": content, "access_token": "demo-integrator", "authorization": "Bearer demo-integrator"}
            response = await http.get("/graphql", params=query, headers=headers)
        else:
            response = await http.post("/graphql", content=content, headers=headers)
    assert response.status_code == status
    assert "access-control-allow-origin" not in response.headers


@pytest.mark.parametrize("path", ["/graphql/", "/nowhere", "/ready/"])
async def test_no_address_is_told_that_rests_on_what_the_request_says_of_its_own(path: str) -> None:
    forged = {"Host": "evil.example.com", "X-Forwarded-Proto": "https", "X-Forwarded-For": "127.0.0.1"}
    async with browsing(host="0.0.0.0") as http:
        response = await http.get(path, headers=forged)
    assert (response.status_code, "Location" in response.headers) == (404, False)
    assert response.json()["errors"][0]["extensions"] == {"code": "NOT_FOUND"}


@pytest.mark.parametrize("path", ["/health", "/metrics", "/nowhere", "/graphql", "/graphql/static/explorer.js"])
async def test_whatever_is_answered_bears_a_request_id(path: str) -> None:
    async with browsing() as http:
        given, odd = [await http.get(path, headers={"X-Request-Id": sent}) for sent in ("my-own_1.2", "no id: {}")]
    assert given.headers["X-Request-Id"] == "my-own_1.2"
    assert len(odd.headers["X-Request-Id"]) == 32


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        *(("GET", path, 200) for path in ("/health", "/metrics", "/graphql", "/graphql/static/explorer.js")),
        *(("GET", "/graphql?query={__typename}", 200), ("GET", "/graphql?query={", 400), ("POST", "/graphql", 415)),
        *(("GET", "/nowhere", 404), ("GET", "/ready", 503), ("PUT", "/health", 405), ("OPTIONS", "/graphql", 400)),
    ],
)
async def test_no_answer_lets_a_browser_guess_its_media_type(method: str, path: str, status: int) -> None:
    accept = "text/html" if path == "/graphql" else "application/graphql-response+json, */*"
    async with browsing(cors_origins=OURS) as http:
        response = await http.request(method, path, headers={"Accept": accept, **preflight(THEIRS)})
    assert response.status_code == status
    assert response.headers.get_list("X-Content-Type-Options") == ["nosniff"]
    assert "Content-Type" in response.headers


@pytest.mark.parametrize(("method", "path"), [("POST", "/health"), ("DELETE", "/ready"), ("PUT", "/metrics")])
async def test_other_methods_on_other_paths_are_refused_as_json_too(method: str, path: str) -> None:
    async with browsing() as http:
        response = await http.request(method, path)
    assert (response.status_code, response.json()["errors"][0]["extensions"]["code"]) == (405, "METHOD_NOT_ALLOWED")
    assert set(response.headers["Allow"].split(", ")) == {"GET", "HEAD"}
