"""What fits where: GraphiQL on a laptop, the simple page on a phone."""

import pytest
from playwright.async_api import expect

from tests.browser.visit import Visit
from tests.explorer.examples import read_examples

EXAMPLES = read_examples()
SHOW = """text => {
    const editor = document.querySelector(".graphiql-query-editor .CodeMirror").CodeMirror;
    editor.setValue(text);
    const isWrapped = (line, text) => editor.charCoords({line, ch: text.length}).top > editor.charCoords({line, ch: 0}).top;
    const wrapped = editor.getValue().split("\\n").filter((text, line) => isWrapped(line, text));
    const {width, clientWidth} = editor.getScrollInfo();
    return {wrapped, hidden: width - clientWidth};
}"""
WIDEST = 57
"""How many characters a line may have that isn't wrapped at 1280 px."""
PIXELS_OF_AN_ID, LEAST_HEIGHT = 330, 200
"""An id has 31 letters of 7.8 px, and before it its name in the third level of an answer."""
HIDDEN_WIDTH = "document.documentElement.scrollWidth - innerWidth"


async def test_at_1280_px_no_line_of_an_example_is_cut_and_only_the_longest_are_wrapped(on_a_laptop: Visit) -> None:
    # One by one: from a thousand lines on, their numbers take more room.
    for example in EXAMPLES.values():
        shown = await on_a_laptop.page.evaluate(SHOW, example.shown)
        assert shown["hidden"] <= 0
        assert shown["wrapped"] == [line for line in example.shown.splitlines() if len(line) > WIDEST]


async def test_lines_are_wrapped_on_later_visits_too_whatever_panel_is_shown(on_a_laptop: Visit) -> None:
    await on_a_laptop.button("Show Documentation Explorer").click()
    await on_a_laptop.stored()
    await on_a_laptop.open()
    await expect(on_a_laptop.button("Show Examples")).to_be_visible()
    long = f"# {'long ' * 60}"
    shown = await on_a_laptop.page.evaluate(SHOW, long)
    assert (shown["hidden"] <= 0, shown["wrapped"]) == (True, [long])


async def test_the_active_tab_is_in_sight_however_many_there_are(on_a_laptop: Visit) -> None:
    active = on_a_laptop.page.get_by_role("tab", selected=True)
    for name in ("DestinationWorkspacesWithReasons", "RefusedInsufficientPermission", "ExportWarnsOfTheTopicsSchema"):
        await on_a_laptop.open_example(name)
        await expect(active).to_be_in_viewport(ratio=0.99)
    await on_a_laptop.open_example("ExportFlow")
    await expect(active).to_be_in_viewport(ratio=0.99)


@pytest.mark.parametrize("width", [800, 1024, 1199, 1200, 1440])
async def test_an_answer_has_room_for_an_id_in_every_window_that_shows_graphiql(visit: Visit, width: int) -> None:
    await visit.page.set_viewport_size({"width": width, "height": 850})
    await visit.run()
    answer = await visit.page.locator(".graphiql-response").bounding_box()
    operation = await visit.page.locator(".graphiql-query-editor").bounding_box()
    assert answer is not None
    assert operation is not None
    assert min(answer["width"], operation["width"]) >= PIXELS_OF_AN_ID
    assert (answer["x"] + answer["width"] <= width, answer["y"] + answer["height"] <= 850) == (True, True)
    assert min(answer["height"], operation["height"]) >= LEAST_HEIGHT


async def test_a_phone_gets_the_simple_page_whose_width_fits(on_a_phone: Visit) -> None:
    page = on_a_phone.page
    await page.goto(on_a_phone.address)
    await on_a_phone.be_ready_as_simple_page()
    assert page.url == f"{on_a_phone.address}?page=simple"
    assert await page.evaluate(HIDDEN_WIDTH) == 0
    await expect(page.locator("#example")).to_have_value("ExportFlow")
    await on_a_phone.button("^Run").click()
    await expect(page.locator("#result")).to_contain_text('"Retail Production"')
    assert await page.evaluate(HIDDEN_WIDTH) == 0


async def test_a_phone_that_asks_for_graphiql_gets_it(on_a_phone: Visit) -> None:
    await on_a_phone.page.goto(f"{on_a_phone.address}?page=simple")
    await on_a_phone.be_ready_as_simple_page()
    await on_a_phone.page.get_by_role("link", name="GraphiQL").click()
    await on_a_phone.be_ready()
    assert on_a_phone.page.url == f"{on_a_phone.address}?page=graphiql"


async def test_the_address_of_the_server_leads_to_the_page(visit: Visit) -> None:
    for path in ("/", "/graphql/"):
        await visit.page.goto(visit.address.removesuffix("/graphql") + path)
        assert visit.page.url == visit.address
        await visit.be_ready()
