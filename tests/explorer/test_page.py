"""The page for explorers: who gets it, what it is made of, and what it is not allowed to do."""

import re

import httpx
import pytest

from app.graphql.explorer import FILES, FOLDER
from tests.explorer.demo import demo_client

BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


async def test_a_browser_gets_the_page_and_every_part_of_it(client: httpx.AsyncClient) -> None:
    page = await client.get("/graphql", headers=BROWSER)
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    parts = re.findall(r'(?:href|src)="(graphql/[^"]+)"', page.text)
    assert parts == ["graphql/static/explorer.css", "graphql/static/explorer.js"]
    for name, media_type in FILES.items():
        part = await client.get(f"/graphql/static/{name}")
        assert (part.status_code, part.headers["content-type"].partition(";")[0]) == (200, media_type)


async def test_every_file_of_the_page_is_served_and_the_scripts_import_nothing_else(client: httpx.AsyncClient) -> None:
    assert {path.name for path in FOLDER.iterdir()} == {"explorer.html", *FILES}
    for name in FILES:
        if name.endswith(".js"):
            imported = re.findall(r'from "\./([^"]+)"', (await client.get(f"/graphql/static/{name}")).text)
            assert set(imported) <= FILES.keys()


@pytest.mark.parametrize("path", ["/graphql", "/graphql/static/explorer.js", "/graphql/static/examples.graphql"])
async def test_nothing_from_outside_may_run_or_be_asked(client: httpx.AsyncClient, path: str) -> None:
    policy = (await client.get(path, headers=BROWSER)).headers["content-security-policy"]
    assert policy == (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )


async def test_the_page_has_no_script_or_style_of_its_own_and_names_no_other_host(client: httpx.AsyncClient) -> None:
    page = (await client.get("/graphql", headers=BROWSER)).text
    assert re.findall(r"<style|\bstyle=|\bon\w+=|<script(?![^>]* src=)", page) == []
    for path in FOLDER.iterdir():
        assert re.findall(r"https?://|//cdn", path.read_text(encoding="utf-8")) == []


async def test_the_scripts_keep_no_token(client: httpx.AsyncClient) -> None:
    for name in FILES:
        text = (await client.get(f"/graphql/static/{name}")).text
        assert re.findall(r"localStorage|sessionStorage|indexedDB|cookie|innerHTML", text) == []


@pytest.mark.parametrize("name", ["explorer.html", "nothing.js", "..%2fexplorer.py", "%2e%2e/explorer.py"])
async def test_only_the_parts_of_the_page_are_served(client: httpx.AsyncClient, name: str) -> None:
    assert (await client.get(f"/graphql/static/{name}")).status_code == 404


@pytest.mark.parametrize("accept", ["*/*", "application/json", "application/graphql-response+json"])
async def test_who_asks_for_json_gets_no_page(client: httpx.AsyncClient, accept: str) -> None:
    answer = await client.get("/graphql", params={"query": "{ __typename }"}, headers={"Accept": accept})
    assert answer.json()["data"] == {"__typename": "Query"}


@pytest.mark.parametrize(("graphiql", "shown"), [("auto", False), ("on", True), ("off", False)])
async def test_off_loopback_the_page_is_shown_only_where_that_is_set(
    database_url: str, graphiql: str, shown: bool
) -> None:
    async with demo_client(database_url, graphiql=graphiql, host="0.0.0.0") as client:
        answer = await client.get("/graphql", headers=BROWSER)
    assert (answer.headers["content-type"] == "text/html; charset=utf-8") == shown
