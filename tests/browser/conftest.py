"""A real Chromium before a real server with the demo world; the network ends at loopback."""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from playwright.async_api import Page, async_playwright

from app.http.explorer.page import has_graphiql
from app.settings import Settings
from tests.browser.visit import Visit
from tests.commands import issue_token
from tests.databases import Databases
from tests.serving.real import on_a_socket

NAMES = ("chromium", "chromium-browser", "google-chrome")
ELSEWHERE = "flowport.test"
"""A name that isn't one of loopback, as those who come over the network see the server."""
FLAGS = [
    f"--host-resolver-rules=MAP {ELSEWHERE} 127.0.0.1, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    *("--disable-gpu", "--disable-quic", "--disable-sync", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update"),
]


@pytest.fixture(scope="package")
async def demo_url(databases: Databases, loaded_demo: str) -> AsyncIterator[str]:
    """A database with the demo world."""
    async with databases.copy(loaded_demo) as url:
        yield url


@pytest.fixture(scope="package")
async def address(demo_url: str) -> AsyncIterator[str]:
    """Where the server shows its page."""
    async with on_a_socket(Settings(database_url=demo_url, log_format="json")) as (_, _, port):
        yield f"http://127.0.0.1:{port}/graphql"


@pytest.fixture(scope="package")
async def address_off_loopback(demo_url: str) -> AsyncIterator[str]:
    """The same of a server that listens on all interfaces, and so is open to callers with a token only."""
    async with on_a_socket(Settings(database_url=demo_url, host="0.0.0.0", log_format="json")) as (_, _, port):
        yield f"http://{ELSEWHERE}:{port}/graphql"


@pytest.fixture
async def token_of_the_guest(demo_url: str) -> str:
    """A token that is valid off loopback too, unlike the demo tokens."""
    return await issue_token(demo_url, "demo-guest@example.com", name="test", expires_days=None)


@pytest.fixture(scope="package")
async def page() -> AsyncIterator[Page]:
    """A page of Chromium, for one visit after the other: a new one would compile GraphiQL anew."""
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        pytest.skip("There is no Chromium; on Debian and Ubuntu: apt-get install chromium")
    if not has_graphiql():
        pytest.skip("GraphiQL is not there; ./scripts/graphiql fetches it with npm")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=found, args=FLAGS)
        yield await browser.new_page()
        await browser.close()


@pytest.fixture
async def visit(page: Page, address: str) -> AsyncIterator[Visit]:
    """A browser without history, on the page; at the end it has reported no error."""
    async with visiting(page, address) as visit:
        await visit.open()
        yield visit


@pytest.fixture
async def first_visit(page: Page, address: str) -> AsyncIterator[Visit]:
    """A visit before its first page."""
    async with visiting(page, address) as visit:
        yield visit


@pytest.fixture
async def signed_out_visit(page: Page, address_off_loopback: str) -> AsyncIterator[Visit]:
    """The same on a server that shows nothing without a token."""
    async with visiting(page, address_off_loopback) as visit:
        await visit.wait_for_sign_in()
        yield visit


@pytest.fixture
async def on_a_laptop(page: Page, address: str) -> AsyncIterator[Visit]:
    async with visiting(page, address, width=1280, height=800) as visit:
        await visit.open()
        yield visit


@pytest.fixture
async def on_a_phone(page: Page, address: str) -> AsyncIterator[Visit]:
    """A visit before its first page."""
    async with visiting(page, address, width=390, height=844) as visit:
        yield visit


@asynccontextmanager
async def visiting(page: Page, address: str, *, width: int = 1400, height: int = 850) -> AsyncIterator[Visit]:
    await page.set_viewport_size({"width": width, "height": height})
    visit = Visit(page, address)
    try:
        yield visit
        assert visit.errors == []
        assert visit.hosts == {address.removesuffix("/graphql")}
    finally:
        await visit.end()
