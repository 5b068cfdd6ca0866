"""The guided release: an integrator requests it, and a reviewer looks at it, approves it, and undoes it."""

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import visiting
from tests.browser.test_guide import Guide

STEPS = ["Workspace", "Draft", "Request", "Requests", "Changes", "Approve", "Reject", "Undo"]


@pytest.fixture
async def guide(page: Page, address: str) -> AsyncIterator[Guide]:
    async with visiting(page, address) as visit:
        guide = Guide(visit)
        await guide.open("#release")
        await guide.reset()
        yield guide
        await guide.reset()


async def go_to_the_changes(guide: Guide, release: str) -> None:
    await guide.run("Workspace")
    await guide.next()
    await guide.run("Draft")
    await guide.choose("Draft", "Allergen notices, revision 1")
    await guide.next()
    await guide.run("Request")
    await guide.next()
    await guide.page.get_by_role("button", name="admin", exact=True).click()
    await guide.run("Requests")
    await guide.choose("Requests", release)
    await guide.next()


async def test_what_an_integrator_requested_a_reviewer_approves_and_undoes(guide: Guide) -> None:
    await expect(guide.steps).to_have_text([f"{place}. {title}" for place, title in enumerate(STEPS, 1)])
    await go_to_the_changes(guide, "A release of one flow")
    seen = await guide.run("Changes")
    [item] = seen["items"]["nodes"]
    assert (item["flowName"], item["moved"], item["draft"]["readiness"]["ready"]) == ("Allergen notices", [], True)
    assert [step["stepId"] for step in item["draft"]["changes"]["changedSteps"]] == ["2"]
    await guide.next()
    approved = await guide.run("Approve")
    assert approved["request"]["state"] == "APPLIED"
    assert [node["version"]["number"] for node in approved["request"]["items"]["nodes"]] == [3]
    await guide.next()
    await guide.run("Reject", "is applied already")
    await guide.next()
    assert (await guide.run("Undo"))["request"]["state"] == "UNDONE"


async def test_a_reviewer_rejects_a_request_and_the_other_walk_is_a_link_away(guide: Guide) -> None:
    await go_to_the_changes(guide, "Recipes by kitchen")
    await guide.next()
    await guide.next()
    assert (await guide.run("Reject"))["request"]["state"] == "REJECTED"
    await guide.page.get_by_role("link", name="An export").click()
    await expect(guide.steps.first).to_have_text("1. Flow")
