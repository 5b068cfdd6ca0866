"""What the page tells its users: what to do first, and for which token an example is written. On both pages."""

import pytest
from playwright.async_api import expect

from tests.browser.visit import Visit

NOTHING_YET = "No answer yet."
AS_GUEST = "RefusedInsufficientPermission"


@pytest.fixture
async def simple(visit: Visit) -> Visit:
    """A visit to the simple page on a wide screen."""
    await visit.page.goto(f"{visit.address}?page=simple")
    await visit.be_ready_as_simple_page()
    return visit


async def test_a_token_that_the_user_chose_stays_until_they_agree_to_another(visit: Visit) -> None:
    await visit.button("^admin$").click()
    await visit.open_example(AS_GUEST)
    await expect(visit.token).to_have_value("demo-admin")
    await expect(visit.token_note).to_contain_text(
        f"{AS_GUEST} is written for demo-guest; the token is still demo-admin."
    )
    await visit.button("^Use demo-guest$").click()
    await expect(visit.token).to_have_value("demo-guest")
    await expect(visit.token_note).to_be_hidden()
    await visit.open_example("ExportFlow")
    await expect(visit.token).to_have_value("demo-integrator")


async def test_a_token_of_somebodys_own_is_not_exchanged_nor_shown(visit: Visit) -> None:
    await visit.token.fill("fp_somebodys-own")
    await visit.open_example(AS_GUEST)
    await expect(visit.token).to_have_value("fp_somebodys-own")
    await expect(visit.token_note).to_contain_text("is written for demo-guest; the token is still yours.")


async def test_a_token_that_follows_the_example_is_announced(visit: Visit) -> None:
    await visit.open_example(AS_GUEST)
    await expect(visit.token_note).to_have_text(f"The token is now demo-guest: {AS_GUEST} is written for it.")


async def test_a_token_that_follows_an_example_to_its_open_tab_is_announced_too(visit: Visit) -> None:
    await visit.open_example(AS_GUEST)
    await expect(visit.token).to_have_value("demo-guest")
    await visit.open_example("Viewer")
    await expect(visit.page.locator(".graphiql-query-editor .CodeMirror-code")).to_contain_text("query Viewer")
    assert await visit.token.input_value() == "demo-integrator"
    assert await visit.token_note.inner_text() == "The token is now demo-integrator: Viewer is written for it."


async def test_an_empty_answer_says_what_to_do(visit: Visit) -> None:
    hint = visit.page.get_by_text(NOTHING_YET)
    await expect(hint).to_be_visible()
    await visit.run()
    await expect(hint).to_be_hidden()


async def test_ctrl_k_searches_the_documentation_whatever_is_shown(visit: Visit) -> None:
    await visit.know_schema()
    search = visit.page.get_by_placeholder("Ctrl K")
    await expect(search).to_have_count(0)
    await visit.page.keyboard.press("Control+k")
    await expect(search).to_be_focused()
    await visit.page.get_by_role("link", name="FlowDraft", exact=True).click()
    await visit.page.get_by_role("link", name="author", exact=True).click()
    await expect(search).to_have_count(0)
    await visit.page.keyboard.press("Control+k")
    await expect(search).to_be_focused()
    await visit.page.keyboard.type("FlowDraft")
    await expect(visit.page.get_by_role("option").first).to_contain_text("FlowDraft")


async def test_the_simple_page_does_the_same(simple: Visit) -> None:
    hint = simple.page.get_by_text(NOTHING_YET)
    await expect(hint).to_be_visible()
    await simple.button("^Run").click()
    await expect(hint).to_be_hidden()
    await simple.page.keyboard.press("Control+k")
    await expect(simple.page.get_by_role("searchbox", name="Schema")).to_be_focused()

    await simple.button("^admin$").click()
    await simple.page.locator("#example").select_option(AS_GUEST)
    await expect(simple.token).to_have_value("demo-admin")
    await simple.button("^Use demo-guest$").click()
    await expect(simple.token).to_have_value("demo-guest")
