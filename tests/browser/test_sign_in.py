"""The sign-in of a server that is open to callers with a token only: every failure is explained and can be retried."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from playwright.async_api import Route, expect

from tests.browser.visit import Visit

EXAMPLES = "**/static/examples.graphql"
UNKNOWN = "fp_unknown-to-the-server"
MADE_FOR = "The examples are made for the demo world"
OUTAGE = '{"errors": [{"message": "The database is not available."}]}'
Failure = Callable[[Route], Awaitable[None]]


@pytest.fixture
def signed_out(signed_out_visit: Visit) -> Visit:
    """A visit that has to sign in; the browser itself reports each answer that is no success."""
    signed_out_visit.forgiven = "Failed to load resource"
    return signed_out_visit


@pytest.fixture
def without_graphiql(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("app.http.explorer.page.FETCHED", tmp_path)


async def no_network(route: Route) -> None:
    await route.abort()


async def page_of_a_proxy(route: Route) -> None:
    await route.fulfill(status=502, content_type="text/html", body="<h1>Bad Gateway</h1>")


async def login_of_a_proxy(route: Route) -> None:
    await route.fulfill(status=200, content_type="text/html", body="<h1>Who are you?</h1>")


async def an_outage(route: Route) -> None:
    await route.fulfill(status=503, content_type="application/json", body=OUTAGE)


@pytest.mark.parametrize(
    ("failure", "said"),
    [
        (no_network, "The server can't be reached"),
        (page_of_a_proxy, "answered in its place, with status 502"),
        (login_of_a_proxy, "answered in its place, with status 200"),
        (an_outage, "The database is not available."),
    ],
)
async def test_after_a_temporary_failure_enter_on_the_same_token_signs_in(
    signed_out: Visit, token_of_the_guest: str, failure: Failure, said: str
) -> None:
    await signed_out.page.route(EXAMPLES, failure)
    await signed_out.token.fill(token_of_the_guest)
    await signed_out.token.press("Enter")
    await expect(signed_out.sign_in_status).to_contain_text(said)
    await signed_out.token.press("Enter")
    await expect(signed_out.sign_in_status).to_contain_text(said)

    await signed_out.page.unroute(EXAMPLES)
    await signed_out.token.press("Enter")
    await signed_out.be_ready()
    await expect(signed_out.sign_in).to_be_hidden()


async def test_the_button_does_what_enter_does(signed_out: Visit, token_of_the_guest: str) -> None:
    await signed_out.button("^Sign in$").click()
    await expect(signed_out.sign_in_status).to_have_text("The field is empty.")
    await signed_out.token.fill(token_of_the_guest)
    await signed_out.button("^Sign in$").click()
    await signed_out.be_ready()


async def test_without_demo_tokens_the_examples_say_that_they_are_made_for_the_demo_world(
    signed_out: Visit, token_of_the_guest: str
) -> None:
    await signed_out.token.fill(token_of_the_guest)
    await signed_out.token.press("Enter")
    await signed_out.be_ready()
    panel = signed_out.page.get_by_role("region", name="Examples")
    await expect(panel).to_contain_text(MADE_FOR)


async def test_with_demo_tokens_the_examples_have_no_remark(visit: Visit) -> None:
    panel = visit.page.get_by_role("region", name="Examples")
    await expect(panel).to_contain_text("Viewer")
    await expect(panel).not_to_contain_text(MADE_FOR)


async def test_a_character_that_a_header_cannot_hold_is_named(signed_out: Visit, token_of_the_guest: str) -> None:
    await signed_out.token.fill("fp_cut-off…")
    await signed_out.token.press("Enter")
    await expect(signed_out.sign_in_status).to_contain_text("No token has the character “…”")
    await signed_out.token.fill(token_of_the_guest)
    await signed_out.token.press("Enter")
    await signed_out.be_ready()


async def test_a_token_entered_while_another_is_being_checked_is_the_one_that_counts(
    signed_out: Visit, token_of_the_guest: str
) -> None:
    sent, released = asyncio.Event(), asyncio.Event()

    async def delay_the_first(route: Route) -> None:
        if UNKNOWN in route.request.headers["authorization"]:
            sent.set()
            await released.wait()
        await route.continue_()

    await signed_out.page.route(EXAMPLES, delay_the_first)
    await signed_out.token.fill(UNKNOWN)
    await signed_out.token.press("Enter")
    await sent.wait()
    await signed_out.token.fill(token_of_the_guest)
    await signed_out.token.press("Tab")
    await signed_out.be_ready()
    async with signed_out.page.expect_response(EXAMPLES):
        released.set()
    await expect(signed_out.sign_in).to_be_hidden()


async def test_the_scheme_of_a_pasted_header_is_removed(signed_out: Visit, token_of_the_guest: str) -> None:
    await signed_out.token.fill(f"Bearer {token_of_the_guest}")
    await expect(signed_out.token).to_have_value(token_of_the_guest)
    await signed_out.token.press("Enter")
    await signed_out.be_ready()


@pytest.mark.usefixtures("without_graphiql")
async def test_the_simple_page_hides_what_needs_a_token_until_signed_in(
    signed_out: Visit, token_of_the_guest: str
) -> None:
    hidden = [signed_out.page.locator("#example"), signed_out.button("^Run"), signed_out.page.locator("main")]
    for part in hidden:
        await expect(part).to_be_hidden()
    await expect(signed_out.sign_in_status).to_be_hidden()

    await signed_out.token.fill(UNKNOWN)
    await signed_out.token.press("Enter")
    await expect(signed_out.sign_in_status).to_contain_text("The token is unknown, expired or revoked.")
    await signed_out.token.fill(token_of_the_guest)
    await signed_out.token.press("Enter")
    for part in hidden:
        await expect(part).to_be_visible()
    await expect(signed_out.page.locator("main")).to_contain_text(MADE_FOR)
