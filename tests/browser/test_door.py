"""The door of a server that is open to callers with a token only: whatever goes wrong, it says so and can be tried."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from playwright.async_api import Route, expect

from app.http.explorer import graphiql
from tests.browser.visit import Visit

EXAMPLES = "**/static/examples.graphql"
STRANGER = "fp_somebodys-own"
MADE_FOR = "The examples are made for the demo world"
PASSING = '{"errors": [{"message": "The database is not available."}]}'
Failure = Callable[[Route], Awaitable[None]]


@pytest.fixture
def door(visit_to_a_locked_door: Visit) -> Visit:
    """A visit to it; the browser itself notes each answer that is no success."""
    visit_to_a_locked_door.forgiven = "Failed to load resource"
    return visit_to_a_locked_door


@pytest.fixture
def without_graphiql(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(graphiql, "FETCHED", tmp_path)


async def no_network(route: Route) -> None:
    await route.abort()


async def page_of_a_proxy(route: Route) -> None:
    await route.fulfill(status=502, content_type="text/html", body="<h1>Bad Gateway</h1>")


async def login_of_a_proxy(route: Route) -> None:
    await route.fulfill(status=200, content_type="text/html", body="<h1>Who are you?</h1>")


async def a_passing_refusal(route: Route) -> None:
    await route.fulfill(status=503, content_type="application/json", body=PASSING)


@pytest.mark.parametrize(
    ("failure", "said"),
    [
        (no_network, "The server can't be reached"),
        (page_of_a_proxy, "answered in its place, with 502"),
        (login_of_a_proxy, "answered in its place, with 200"),
        (a_passing_refusal, "The database is not available."),
    ],
)
async def test_after_a_failure_that_passes_enter_on_the_same_token_opens(
    door: Visit, token_of_the_guest: str, failure: Failure, said: str
) -> None:
    await door.page.route(EXAMPLES, failure)
    await door.token.fill(token_of_the_guest)
    await door.token.press("Enter")
    await expect(door.said).to_contain_text(said)
    await door.token.press("Enter")
    await expect(door.said).to_contain_text(said)

    await door.page.unroute(EXAMPLES)
    await door.token.press("Enter")
    await door.come_in()
    await expect(door.door).to_be_hidden()


async def test_the_button_tries_as_enter_does(door: Visit, token_of_the_guest: str) -> None:
    await door.button("^Open$").click()
    await expect(door.said).to_have_text("The field is empty.")
    await door.token.fill(token_of_the_guest)
    await door.button("^Open$").click()
    await door.come_in()


async def test_where_no_demo_token_is_known_the_examples_say_for_which_world_they_are_made(
    door: Visit, token_of_the_guest: str
) -> None:
    await door.token.fill(token_of_the_guest)
    await door.token.press("Enter")
    await door.come_in()
    panel = door.page.get_by_role("region", name="Examples")
    await expect(panel).to_contain_text(MADE_FOR)


async def test_where_a_demo_token_is_known_the_examples_stand_without_a_remark(visit: Visit) -> None:
    panel = visit.page.get_by_role("region", name="Examples")
    await expect(panel).to_contain_text("Viewer")
    await expect(panel).not_to_contain_text(MADE_FOR)


async def test_a_character_that_no_header_can_hold_is_named(door: Visit, token_of_the_guest: str) -> None:
    await door.token.fill("fp_cut-off…")
    await door.token.press("Enter")
    await expect(door.said).to_contain_text("No token has the character “…”")
    await door.token.fill(token_of_the_guest)
    await door.token.press("Enter")
    await door.come_in()


async def test_a_token_that_is_given_while_another_is_tried_is_the_one_that_counts(
    door: Visit, token_of_the_guest: str
) -> None:
    begun, late = asyncio.Event(), asyncio.Event()

    async def slow_for_the_first(route: Route) -> None:
        if STRANGER in route.request.headers["authorization"]:
            begun.set()
            await late.wait()
        await route.continue_()

    await door.page.route(EXAMPLES, slow_for_the_first)
    await door.token.fill(STRANGER)
    await door.token.press("Enter")
    await begun.wait()
    await door.token.fill(token_of_the_guest)
    await door.token.press("Tab")
    await door.come_in()
    async with door.page.expect_response(EXAMPLES):
        late.set()
    await expect(door.door).to_be_hidden()


async def test_the_scheme_before_a_pasted_token_is_taken_out(door: Visit, token_of_the_guest: str) -> None:
    await door.token.fill(f"Bearer {token_of_the_guest}")
    await expect(door.token).to_have_value(token_of_the_guest)
    await door.token.press("Enter")
    await door.come_in()


@pytest.mark.usefixtures("without_graphiql")
async def test_the_simple_page_shows_nothing_that_is_of_no_use_until_it_opens(
    door: Visit, token_of_the_guest: str
) -> None:
    useless = [door.page.locator("#example"), door.button("^Run"), door.page.locator("main")]
    for part in useless:
        await expect(part).to_be_hidden()
    await expect(door.said).to_be_hidden()

    await door.token.fill(STRANGER)
    await door.token.press("Enter")
    await expect(door.said).to_contain_text("The token is unknown, expired or revoked.")
    await door.token.fill(token_of_the_guest)
    await door.token.press("Enter")
    for part in useless:
        await expect(part).to_be_visible()
    await expect(door.page.locator("main")).to_contain_text(MADE_FOR)
