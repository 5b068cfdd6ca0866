"""A real Chromium before a real server with the demo world; the network ends at loopback."""

import shutil
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, async_playwright
from sqlalchemy.ext.asyncio import AsyncEngine

from app.graphql.explorer import graphiql
from app.settings import Settings
from app.storage.demo import load_demo_if_empty
from tests.browser.visit import Visit
from tests.conftest import drop_database, make_database, url_of
from tests.serving.real import on_a_socket

NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = [
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    *("--disable-gpu", "--disable-quic", "--disable-sync", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update"),
]


@pytest.fixture(scope="package")
async def address(server_url: str, server: AsyncEngine, template: str) -> AsyncIterator[str]:
    """Where the server shows its page."""
    name = await make_database(server, template=template)
    url = url_of(server_url, name)
    await load_demo_if_empty(url)
    async with on_a_socket(Settings(database_url=url, log_format="json")) as (_, _, port):
        yield f"http://127.0.0.1:{port}/graphql"
    await drop_database(server, name)


@pytest.fixture(scope="package")
async def chromium() -> AsyncIterator[Browser]:
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        pytest.skip("There is no Chromium; on Debian and Ubuntu: apt-get install chromium")
    if not graphiql.is_there():
        pytest.skip("GraphiQL is not there; ./scripts/graphiql fetches it with npm")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=found, args=FLAGS)
        yield browser
        await browser.close()


@pytest.fixture
async def visit(chromium: Browser, address: str) -> AsyncIterator[Visit]:
    """A browser that has never been here, on the page; at the end it has nothing to complain of."""
    async with await chromium.new_context(viewport={"width": 1400, "height": 850}) as context:
        visit = Visit(await context.new_page(), address)
        await visit.arrive()
        yield visit
        assert visit.complaints == []
        assert visit.asked == {address.removesuffix("/graphql")}
