"""GraphiQL in a real browser that has no network: it loads, runs examples, explains, completes, and keeps no token."""

import json

from graphql import parse
from playwright.async_api import expect

from tests.browser.visit import Visit
from tests.explorer.examples import read_examples

EXAMPLES = read_examples()
READ_ALL = """async () => {
    const { readExamples } = await import(`${location.pathname}/static/examples.js`);
    const text = await (await fetch(`${location.pathname}/static/examples.graphql`)).text();
    return readExamples(text).flatMap((section) => section.operations);
}"""
SECRET = "fp_a-token-of-somebodys-own"


async def test_the_page_shows_itself_and_its_dialogs(visit: Visit) -> None:
    firsts = ["ExportFlow", "Viewer", "Draft", "RefusedFlowNotFound"]
    await expect(visit.page.get_by_role("tab")).to_contain_text(firsts)
    # What they need of styles is allowed to them alone.
    for dialog in ("Open settings dialog", "Open short keys dialog"):
        await visit.button(dialog).click()
        await visit.page.get_by_role("dialog").get_by_role("heading").first.wait_for()
        await visit.page.keyboard.press("Escape")


async def test_every_example_is_offered_as_it_was_tried_against_the_demo_world(visit: Visit) -> None:
    offered = [text.partition("\n")[0] for text in await visit.examples.all_inner_texts()]
    assert offered == list(EXAMPLES)
    for read, meant in zip(await visit.page.evaluate(READ_ALL), EXAMPLES.values(), strict=True):
        assert (read["name"], read["token"]) == (meant.name, meant.token)
        assert json.loads(read["variables"] or "null") == meant.variables
        assert parse(read["document"], no_location=True) == parse(meant.document, no_location=True)


async def test_the_first_example_is_an_export_that_runs_as_it_stands(visit: Visit) -> None:
    answer = await visit.run()
    assert answer["data"]["exportFlow"]["flow"]["workspace"] == {"name": "Retail Production"}


async def test_an_example_opens_in_a_tab_with_its_variables_and_with_the_token_it_is_meant_for(visit: Visit) -> None:
    await visit.open_example("RefusedInsufficientPermission")
    await expect(visit.token).to_have_value("demo-guest")
    refused = await visit.run()
    assert refused["data"]["exportFlow"]["errors"][0]["code"] == "INSUFFICIENT_PERMISSION"
    await visit.open_example("ExportFlow")
    await expect(visit.token).to_have_value("demo-integrator")
    exported = await visit.run()  # at once, when GraphiQL still has the name of the other one
    assert exported["data"]["exportFlow"]["flow"]["workspace"] == {"name": "Retail Production"}


async def test_the_documentation_explains_a_type(visit: Visit) -> None:
    await visit.button("Show Documentation Explorer").click()
    docs = visit.page.get_by_role("region", name="Documentation Explorer")
    await docs.get_by_role("link", name="FlowDraft", exact=True).click()
    await expect(docs).to_contain_text("revision: Int!")


async def test_the_editor_completes_fields(visit: Visit) -> None:
    await visit.know_schema()
    await visit.type_into("graphiql-query-editor", "{ work")
    await visit.page.keyboard.press("Control+Space")
    await visit.page.locator(".CodeMirror-hint", has_text="destinationWorkspaces").click()
    await expect(visit.page.locator(".graphiql-query-editor .CodeMirror-code")).to_contain_text("destinationWorkspaces")


async def test_a_token_is_sent_and_kept_nowhere_unless_asked(visit: Visit) -> None:
    visit.forgiven = "401 (Unauthorized)"
    await visit.token.fill(SECRET)
    assert (await visit.run())["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
    assert SECRET not in await visit.stored()

    await visit.remember.check()
    assert SECRET in await visit.stored(SECRET)
    await visit.open()
    await expect(visit.token).to_have_value(SECRET)

    await visit.remember.uncheck()
    assert SECRET not in await visit.stored()
    await visit.open()
    await expect(visit.token).to_have_value("demo-integrator")


async def test_a_token_among_the_headers_of_the_editor_is_sent_and_kept_nowhere(visit: Visit) -> None:
    await visit.open_example("Viewer")
    await visit.button("^Headers$").click()
    await visit.type_into(
        "graphiql-editor-tool .graphiql-editor:not(.hidden)", '{"Authorization": "Bearer demo-admin"}'
    )
    await visit.stored()  # by then the tab has the headers, which GraphiQL would write into its history
    assert (await visit.run())["data"]["viewer"]["email"] == "demo-admin@example.com"
    stored = await visit.stored("graphiql:queries")
    assert "graphiql:queries" in stored
    assert "demo-admin" not in stored


async def test_off_loopback_the_page_asks_for_a_valid_token_and_shows_nothing_before(
    signed_out_visit: Visit,
    token_of_the_guest: str,
) -> None:
    visit = signed_out_visit
    await expect(visit.sign_in).to_contain_text("open to callers with a token")
    await expect(visit.page.locator(".graphiql-container")).to_have_count(0)

    visit.forgiven = "401 (Unauthorized)"
    await visit.token.fill(SECRET)
    await visit.token.press("Enter")
    await expect(visit.sign_in).to_contain_text("The token is unknown, expired or revoked.")
    await expect(visit.page.locator(".graphiql-container")).to_have_count(0)

    await visit.token.fill(token_of_the_guest)
    await visit.token.press("Enter")
    await visit.be_ready()
    await expect(visit.sign_in).to_be_hidden()
    await visit.know_schema()
    await visit.open_example("Viewer")
    assert (await visit.run())["data"]["viewer"]["email"] == "demo-guest@example.com"
    assert await visit.examples.count() == len(EXAMPLES)
    assert SECRET not in await visit.stored()
