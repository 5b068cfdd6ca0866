"""The guided export: each step carries on what the steps before it chose or made, up to the undo."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from playwright.async_api import Locator, Page, expect

from tests.browser.conftest import visiting
from tests.browser.visit import Visit

STEPS = [
    *("Flow", "Contract", "Workspace", "Override", "Topic", "Credentials"),
    *("Plan", "Export", "Readiness", "Publish", "History", "Undo"),
]


class Guide:
    """A visit to the guided export, which ends with the demo world as it was."""

    def __init__(self, visit: Visit) -> None:
        self.visit = visit
        self.page = visit.page

    async def open(self, walk: str = "") -> None:
        await self.page.goto(f"{self.visit.address}?page=guide{walk}")
        await self.page.locator("html[data-ready]").wait_for(state="attached")

    @property
    def status(self) -> Locator:
        return self.page.locator("#status")

    @property
    def steps(self) -> Locator:
        return self.page.get_by_role("navigation", name="Steps").get_by_role("button")

    async def run(self, title: str, outcome: str = "Done.") -> dict[str, Any]:
        """Run the step that is shown; the payload of its answer."""
        await expect(self.page.get_by_role("heading", level=2, name=f". {title}")).to_be_visible()
        await self.page.get_by_role("button", name="Run").click()
        await expect(self.status).to_contain_text(outcome)
        answer = json.loads(await self.page.locator("#result").inner_text())
        payload: dict[str, Any] = answer["data"].get("offered") or answer["data"].get("done")
        return payload

    async def choose(self, label: str, option: str) -> None:
        await self.page.get_by_label(label, exact=True).select_option(label=option)

    async def next(self) -> None:
        await self.page.get_by_role("button", name="Next step").click()

    async def variables(self) -> dict[str, Any]:
        shown: dict[str, Any] = json.loads(await self.page.locator("#variables").inner_text())
        return shown

    async def reset(self) -> None:
        self.page.once("dialog", lambda dialog: dialog.accept())
        await self.page.get_by_role("button", name="Reset").click()
        await expect(self.visit.token_note).to_have_text("The demo world is as at its first start.")

    async def go_to_the_plan(self, flow: str, *, over: str, topic: str) -> None:
        await self.run("Flow")
        await self.choose("Flow", f"{flow} · Retail Development")
        await self.next()
        await self.run("Contract")
        await self.choose("Contract", "Northern Retail")
        await self.next()
        await self.run("Workspace")
        await self.choose("Workspace", "Retail Production")
        await self.next()
        await self.run("Override")
        await self.choose("Override", over)
        await self.next()
        await self.run("Topic")
        await expect(self.page.get_by_label("Topic", exact=True)).to_have_value("")
        await self.choose("Topic", topic)
        await self.next()
        await self.run("Credentials")
        await self.next()


@pytest.fixture
async def guide(page: Page, address: str) -> AsyncIterator[Guide]:
    async with visiting(page, address) as visit:
        guide = Guide(visit)
        await guide.open()
        await guide.reset()
        yield guide
        await guide.reset()


async def test_an_export_over_a_flow_is_made_published_and_looked_at(guide: Guide) -> None:
    await expect(guide.steps).to_have_text([f"{place}. {title}" for place, title in enumerate(STEPS, 1)])
    await guide.go_to_the_plan("Support router", over="Order confirmation", topic="None")
    plan = await guide.run("Plan")
    assert (plan["blockers"], plan["readiness"]["ready"]) == ([], True)
    [sent] = (await guide.variables()).values()
    assert len(sent["bindings"]) == 3
    await guide.next()
    [sent] = (await guide.variables()).values()
    assert sent["planFingerprint"] == plan["fingerprint"]
    made = await guide.run("Export")
    await guide.next()
    ready = await guide.run("Readiness")
    assert ready["draft"] == {"revision": made["draft"]["revision"], "readiness": {"ready": True, "blockers": []}}
    await guide.next()
    published = await guide.run("Publish")
    await guide.next()
    history = await guide.run("History")
    assert history["history"]["nodes"][0]["id"] == published["version"]["id"]
    await guide.next()
    assert await guide.variables() == {"input": {"exportId": made["exportRecord"]["id"]}}
    await guide.run("Undo", "the flow was published since. Revert the flow to an earlier version instead.")


async def test_an_export_that_is_not_published_is_undone(guide: Guide) -> None:
    await guide.go_to_the_plan("Order intake", over="None: as a new flow", topic="Orders")
    await guide.run("Plan")
    await guide.next()
    [sent] = (await guide.variables()).values()
    assert (sent["topicId"][:6], [*sent["destination"]]) == ("topic_", ["workspaceId"])
    made = await guide.run("Export")
    await guide.steps.filter(has_text="Undo").click()
    undone = await guide.run("Undo")
    assert undone["deletedFlowId"] == made["flow"]["id"]


async def test_a_step_says_what_is_missing_and_forgets_what_rests_on_another_choice(guide: Guide) -> None:
    await guide.steps.filter(has_text="Export").click()
    await expect(guide.page.get_by_text("First: Flow, Workspace, Plan.")).to_be_visible()
    await expect(guide.page.get_by_role("button", name="Run")).to_be_disabled()
    await guide.steps.filter(has_text="Flow").click()
    await guide.go_to_the_plan("Support router", over="None: as a new flow", topic="None")
    await guide.run("Plan")
    await guide.steps.filter(has_text="Contract").click()
    await guide.run("Contract")
    await guide.steps.filter(has_text="Export").click()
    await expect(guide.page.get_by_text("First: Workspace, Plan.")).to_be_visible()


async def test_the_guide_is_walked_by_keyboard(guide: Guide) -> None:
    await guide.steps.first.focus()
    await guide.page.keyboard.press("Enter")
    await expect(guide.page.get_by_role("heading", name="1. Flow")).to_be_focused()
    await guide.page.keyboard.press("Control+Enter")
    await expect(guide.status).to_have_text("Done.")
    for control in ("Run", "Next step"):
        await guide.page.keyboard.press("Tab")
        await expect(guide.page.get_by_role("button", name=control)).to_be_focused()
    await guide.page.keyboard.press("Tab")
    await expect(guide.page.get_by_label("Flow", exact=True)).to_be_focused()


async def test_a_request_of_the_guide_is_opened_among_all_operations(guide: Guide) -> None:
    await guide.run("Flow")
    await guide.next()
    sent = await guide.variables()
    await guide.page.get_by_role("link", name="Open this request among all operations").click()
    await guide.visit.be_ready()
    answer = await guide.visit.run()
    assert "offered" in answer["data"]
    query = await guide.page.evaluate(
        "document.querySelector('.graphiql-query-editor .CodeMirror').CodeMirror.getValue()"
    )
    assert "GuideContract" in query
    assert sent["flowId"] in guide.page.url
    await guide.open()
