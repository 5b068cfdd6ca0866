"""How an example is chosen: it is ready to run, takes the place of one that nobody edited, and is filtered by words."""

import pytest
from playwright.async_api import Locator, expect

from tests.browser.visit import ANSWER, Visit
from tests.explorer.examples import read_examples

EXAMPLES = read_examples()
SEVENTEEN = [name for name in EXAMPLES if name.startswith("Refused")][:17]
OF_THE_FIRST_VISIT = 4
OPEN_AS_SOON_AS_IT_IS_SHOWN = """async name => {
    const find = () => [...document.querySelectorAll('.examples button')].find(each => each.innerText.startsWith(name));
    while (!find()) await new Promise(requestAnimationFrame);
    find().click();
}"""


@pytest.fixture
async def simple(visit: Visit) -> Visit:
    """A visit to the simple page."""
    await visit.page.goto(f"{visit.address}?page=simple")
    await visit.be_ready_as_simple_page()
    return visit


def tabs_of(visit: Visit) -> Locator:
    return visit.page.get_by_role("tab")


def filter_of(visit: Visit) -> Locator:
    return visit.page.get_by_role("searchbox", name="Filter examples")


async def names_of(visit: Visit) -> list[str]:
    return [text.partition("\n")[0] for text in await visit.examples.all_inner_texts()]


async def test_ctrl_enter_runs_an_example_whose_tab_was_open_already(visit: Visit) -> None:
    await expect(tabs_of(visit)).to_have_count(OF_THE_FIRST_VISIT)
    await visit.open_example("Viewer")
    await visit.page.keyboard.press("Control+Enter")
    await visit.page.wait_for_function(f"() => {ANSWER}?.includes('demo-integrator@example.com')")
    await expect(tabs_of(visit)).to_have_count(OF_THE_FIRST_VISIT)


async def test_examples_take_the_place_of_one_that_nobody_edited(visit: Visit) -> None:
    for name in SEVENTEEN:
        await visit.open_example(name)
    await expect(tabs_of(visit)).to_have_count(OF_THE_FIRST_VISIT)

    await visit.type_into("graphiql-query-editor", "{ viewer { id } }")
    await visit.open_example("CopyFlow")
    await expect(tabs_of(visit)).to_have_count(OF_THE_FIRST_VISIT + 1)
    await visit.open_example("CreateFlow")
    await expect(tabs_of(visit)).to_have_count(OF_THE_FIRST_VISIT + 1)
    await tabs_of(visit).nth(OF_THE_FIRST_VISIT - 1).click()
    await expect(visit.page.locator(".graphiql-query-editor .CodeMirror-code")).to_contain_text("{ viewer { id } }")


async def test_an_example_that_is_opened_while_graphiql_still_starts_brings_its_token(first_visit: Visit) -> None:
    await first_visit.page.goto(first_visit.address, wait_until="commit")
    await first_visit.page.evaluate(OPEN_AS_SOON_AS_IT_IS_SHOWN, "RefusedInsufficientPermission")
    await expect(first_visit.page.get_by_role("tab", selected=True)).to_contain_text("RefusedInsufficientPermission")
    await expect(first_visit.token).to_have_value("demo-guest")


async def test_an_example_shows_no_answer_of_the_one_whose_place_it_takes(visit: Visit) -> None:
    await visit.open_example("ExportFlow")
    assert "data" in await visit.run()
    await visit.open_example("CopyFlow")
    await expect(visit.page.get_by_text("No answer yet.")).to_be_visible()
    assert await visit.page.evaluate(ANSWER) == ""


async def test_the_filter_finds_words_in_names_titles_and_sections_in_any_case(visit: Visit) -> None:
    await expect(visit.examples).to_have_count(len(EXAMPLES))
    await filter_of(visit).fill("fLOWNOTf")
    await expect(visit.examples).to_have_count(1)
    assert await names_of(visit) == ["RefusedFlowNotFound"]
    await filter_of(visit).fill("  Second RELEASE  queries ")
    await expect(visit.examples).to_have_count(0)
    await expect(visit.page.get_by_text("No example matches.")).to_be_visible()
    await filter_of(visit).fill("SECOND  copy, EXPORT release")
    await expect(visit.examples.filter(has_text="ExportOverAFlow")).to_be_visible()
    await expect(visit.examples.filter(has_text="Viewer")).to_have_count(0)
    await filter_of(visit).press("Enter")
    await expect(visit.page.get_by_role("tab", selected=True)).to_contain_text("ExportOverAFlow")
    await visit.page.keyboard.press("Control+Enter")
    await visit.page.wait_for_function(f"() => {ANSWER}?.includes('Order confirmation')")
    await filter_of(visit).fill("")
    await expect(visit.examples).to_have_count(len(EXAMPLES))


async def test_the_simple_page_filters_too_and_enter_chooses_the_first(simple: Visit) -> None:
    picker, options = simple.page.locator("#example"), simple.page.locator("#example option:not([value=''])")
    await expect(options).to_have_count(len(EXAMPLES))
    await filter_of(simple).fill("fLOWNOTf")
    await expect(options).to_have_text(["RefusedFlowNotFound"])
    await filter_of(simple).press("Enter")
    await expect(picker).to_have_value("RefusedFlowNotFound")
    await expect(simple.page.locator("#query")).to_have_value(EXAMPLES["RefusedFlowNotFound"].shown + "\n")
    await filter_of(simple).fill("no example has these words")
    await expect(options).to_have_count(0)
    await expect(picker).to_contain_text("No example matches.")


async def test_variables_that_are_not_json_leave_no_old_answer_on_the_simple_page(simple: Visit) -> None:
    answer, status = simple.page.locator("#result"), simple.page.locator("#status")
    await simple.button("^Run").click()
    await expect(answer).to_contain_text('"Retail Production"')
    await simple.page.locator("#variables").fill("{")
    await simple.button("^Run").click()
    await expect(status).to_contain_text("The variables aren't valid JSON: ")
    await expect(answer).to_be_empty()
