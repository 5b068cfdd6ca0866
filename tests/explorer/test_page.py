"""The page for explorers: who gets it, what it is made of, and what it is not allowed to do."""

import re
from pathlib import Path

import httpx
import pytest

from app.graphql.schema import schema
from app.http.documents import ROOT_FIELDS
from app.http.explorer.page import EXAMPLES, FILES, FOLDER, GRAPHIQL
from tests.commands import issue_token
from tests.explorer.demo import demo_client

BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
# Those of several words: the others are everyday ones.
SCHEMA_NAMES = [name for name in {*schema.graphql_schema.type_map, *ROOT_FIELDS} if re.search("[a-z][A-Z]", name)]
PAGES = {"explorer.html", "graphiql.html", "guide.html"}
# The only script that stores anything in the browser; tests in a browser say what.
STORAGE = "storage.js"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "font-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


@pytest.fixture(autouse=True)
def fetched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for GraphiQL, into which nothing was fetched yet."""
    monkeypatch.setattr("app.http.explorer.page.FETCHED", tmp_path)
    return tmp_path


def fetch_into(folder: Path) -> None:
    for name in GRAPHIQL:
        (folder / name).write_text(f"/* {name} */", encoding="utf-8")


async def page_of(client: httpx.AsyncClient) -> httpx.Response:
    page = await client.get("/graphql", headers=BROWSER)
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    return page


async def token_of_the_guest(database_url: str) -> dict[str, str]:
    """A header with a token that is good off loopback too."""
    token = await issue_token(database_url, "demo-guest@example.com", name="test", expires_days=None)
    return {"Authorization": f"Bearer {token}"}


def parts_of(page: httpx.Response) -> list[str]:
    return re.findall(r'(?:href|src)="graphql/static/([^"]+)"', page.text)


async def test_without_graphiql_a_browser_gets_the_simple_page_which_says_how_to_get_it(
    client: httpx.AsyncClient,
) -> None:
    page = await page_of(client)
    assert parts_of(page) == ["explorer.css", "explorer.js"]
    assert "./scripts/graphiql" in page.text
    for name, media_type in FILES.items():
        part = await client.get(f"/graphql/static/{name}")
        assert (part.status_code, part.headers["content-type"].partition(";")[0]) == (200, media_type)
    for name in GRAPHIQL:
        assert (await client.get(f"/graphql/static/{name}")).status_code == 404


async def test_once_graphiql_is_fetched_a_browser_gets_it_and_may_keep_its_files(
    client: httpx.AsyncClient, fetched: Path
) -> None:
    fetch_into(fetched)
    parts = parts_of(await page_of(client))
    assert set(parts) == {"graphiql.css", "graphiql.js", "narrow.js", *GRAPHIQL}
    for name, media_type in GRAPHIQL.items():
        part = await client.get(f"/graphql/static/{name}")
        assert (part.text, part.headers["content-type"].partition(";")[0]) == (f"/* {name} */", media_type)
        assert part.headers["cache-control"] == "public, max-age=31536000, immutable"


async def test_graphiql_that_is_not_there_as_a_whole_is_not_offered(client: httpx.AsyncClient, fetched: Path) -> None:
    fetch_into(fetched)
    (fetched / "graphiql-4.1.2.min.js").unlink()
    assert parts_of(await page_of(client)) == ["explorer.css", "explorer.js"]


@pytest.mark.parametrize(
    ("is_fetched", "wanted", "script"),
    [
        (True, "simple", "explorer.js"),
        (True, "graphiql", "graphiql.js"),
        (True, "other", "graphiql.js"),
        (True, "guide", "guide.js"),
        (False, "guide", "guide.js"),
        (False, "simple", "explorer.js"),
        (False, "graphiql", "explorer.js"),
    ],
)
async def test_the_url_may_name_the_page(
    client: httpx.AsyncClient, fetched: Path, is_fetched: bool, wanted: str, script: str
) -> None:
    if is_fetched:
        fetch_into(fetched)
    page = await client.get("/graphql", params={"page": wanted}, headers=BROWSER)
    assert script in parts_of(page)


@pytest.mark.parametrize(("path", "to"), [("/", "graphql"), ("/graphql/", "../graphql")])
async def test_addresses_near_the_page_lead_browsers_to_it_but_nobody_else(
    client: httpx.AsyncClient, path: str, to: str
) -> None:
    led = await client.get(path, headers=BROWSER)
    assert (led.status_code, led.headers["location"], led.headers["vary"]) == (307, to, "Accept")
    assert (await client.get(path, headers=BROWSER, follow_redirects=True)).url.path == "/graphql"
    others = [
        await client.get(path, headers={"Accept": "application/json"}),
        await client.get(path, params={"query": "{ __typename }"}, headers=BROWSER),
        await client.post(path, json={"query": "{ __typename }"}, headers=BROWSER),
    ]
    assert [(each.status_code, each.json()["errors"][0]["extensions"]["code"]) for each in others] == [
        (404, "NOT_FOUND")
    ] * 3


def test_the_script_fetches_the_versions_that_the_page_shows() -> None:
    script = (FOLDER.parents[3] / "scripts/graphiql").read_text(encoding="utf-8")
    for name in GRAPHIQL:
        version = re.match(r"[a-z-]+-[0-9.]+[0-9]", name)
        assert version is not None
        assert f"={version.group()}\n" in script


async def test_every_file_of_the_page_is_served_and_the_scripts_import_nothing_else(client: httpx.AsyncClient) -> None:
    assert {path.name for path in FOLDER.iterdir()} == {*PAGES, *FILES}
    for name in FILES:
        if name.endswith(".js"):
            imported = re.findall(r'from "\./([^"]+)"', (await client.get(f"/graphql/static/{name}")).text)
            assert set(imported) <= FILES.keys()


@pytest.mark.parametrize("path", ["/graphql", "/graphql/static/explorer.js", "/graphql/static/examples.graphql"])
async def test_nothing_from_outside_may_run_or_be_asked(client: httpx.AsyncClient, path: str) -> None:
    assert (await client.get(path, headers=BROWSER)).headers["content-security-policy"] == POLICY


async def test_style_elements_of_graphiql_have_a_nonce_that_is_new_for_every_response(
    client: httpx.AsyncClient, fetched: Path
) -> None:
    fetch_into(fetched)
    nonces = set()
    for _ in range(2):
        page = await page_of(client)
        [nonce] = re.findall(r'nonce="([^"]{20,})"', page.text)
        allowed = POLICY.replace("style-src 'self'", f"style-src 'self' 'nonce-{nonce}'")
        assert page.headers["content-security-policy"] == allowed
        nonces.add(nonce)
    assert len(nonces) == 2


def test_the_pages_have_no_script_or_style_of_their_own_and_name_no_other_host() -> None:
    for name in PAGES:
        page = (FOLDER / name).read_text(encoding="utf-8")
        assert re.findall(r"<style|\bstyle=|\bon\w+=|<script(?![^>]* src=)", page) == []
    for path in FOLDER.iterdir():
        assert re.findall(r"https?://|//cdn", path.read_text(encoding="utf-8")) == []


async def test_the_scripts_keep_no_token(client: httpx.AsyncClient) -> None:
    for name in FILES.keys() - {STORAGE}:
        text = (await client.get(f"/graphql/static/{name}")).text
        assert re.findall(r"localStorage|sessionStorage|indexedDB|cookie|innerHTML", text) == []


@pytest.mark.parametrize(
    "name", ["explorer.html", "graphiql.html", "nothing.js", "..%2fexplorer.py", "%2e%2e/explorer.py"]
)
async def test_only_the_parts_of_the_page_are_served(client: httpx.AsyncClient, name: str) -> None:
    assert (await client.get(f"/graphql/static/{name}")).status_code == 404


@pytest.mark.parametrize("accept", ["*/*", "application/json", "application/graphql-response+json"])
async def test_who_asks_for_json_gets_no_page(client: httpx.AsyncClient, accept: str) -> None:
    answer = await client.get("/graphql", params={"query": "{ __typename }"}, headers={"Accept": accept})
    assert answer.json()["data"] == {"__typename": "Query"}


@pytest.mark.parametrize(("graphiql", "open_to"), [("auto", "callers"), ("on", "all")])
async def test_off_loopback_the_page_is_open_to_callers_with_a_token_unless_it_is_set(
    database_url: str, graphiql: str, open_to: str
) -> None:
    async with demo_client(database_url, graphiql=graphiql, host="0.0.0.0") as client:
        page, with_token = await page_of(client), await token_of_the_guest(database_url)
        assert f'data-open-to="{open_to}"' in page.text
        for name in EXAMPLES:
            examples = await client.get(f"/graphql/static/{name}")
            assert examples.status_code == (401 if open_to == "callers" else 200)
            examples = await client.get(f"/graphql/static/{name}", headers=with_token)
            assert examples.text == (FOLDER / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("header", [None, "Bearer fp_unknown", "Basic ZGVtbw=="])
async def test_without_a_good_token_nothing_off_loopback_tells_of_the_schema(
    database_url: str, header: str | None
) -> None:
    headers = {} if header is None else {"Authorization": header}
    async with demo_client(database_url, host="0.0.0.0") as client:
        refusals = [await client.get(f"/graphql/static/{name}", headers=headers) for name in EXAMPLES]
        told = [await client.get("/graphql", headers=BROWSER | {"Accept": "text/html"})]
        told += [await client.get(f"/graphql/static/{name}") for name in FILES.keys() - EXAMPLES]
    for refused in refusals:
        assert (refused.status_code, refused.json()["errors"][0]["extensions"]["code"]) == (401, "UNAUTHENTICATED")
        assert refused.headers["www-authenticate"].startswith("Bearer")
        assert refused.headers["cache-control"] == "no-store"
        assert refused.headers["x-request-id"]
    for answer in told:
        assert answer.status_code == 200
        assert [name for name in SCHEMA_NAMES if name in answer.text] == []


async def test_examples_for_callers_with_a_token_are_kept_in_no_cache(database_url: str) -> None:
    async with demo_client(database_url, host="0.0.0.0") as client:
        token = await token_of_the_guest(database_url)
        examples = await client.get("/graphql/static/examples.graphql", headers=token)
    assert (examples.headers["cache-control"], examples.headers["vary"]) == ("no-store", "Accept, Authorization")


async def test_where_the_page_is_off_there_is_none_and_nothing_of_it(database_url: str) -> None:
    async with demo_client(database_url, graphiql="off") as client:
        for path in ("/", "/graphql", "/graphql/"):
            answer = await client.get(path, headers=BROWSER)
            assert answer.headers["content-type"].startswith("application/json")
        assert {(await client.get(f"/graphql/static/{name}")).status_code for name in FILES} == {404}


async def test_a_file_is_sent_whole_whatever_parts_are_asked_for(client: httpx.AsyncClient) -> None:
    ranges = ",".join(f"{begin}-{begin}" for begin in range(0, 200, 2))
    part = await client.get("/graphql/static/explorer.js", headers={"Range": f"bytes={ranges}"})
    whole = await client.get("/graphql/static/explorer.js")
    assert (part.status_code, part.content) == (200, whole.content)
