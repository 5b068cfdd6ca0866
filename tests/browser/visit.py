"""A visit to the page, in words of those who use it."""

import json
import re
from typing import Any
from urllib.parse import urlsplit

from playwright.async_api import ConsoleMessage, Error, Locator, Page, Request, expect

ALL_STORED = """async () => JSON.stringify([
    {...localStorage}, {...sessionStorage}, document.cookie,
    await indexedDB.databases(), await globalThis.caches?.keys() ?? [],
])"""
FORGET = "localStorage.clear(), sessionStorage.clear()"
NOTHING = '[{},{},"",[],[]]'
ANSWER = "document.querySelector('.result-window .CodeMirror')?.CodeMirror.getValue()"


MILLISECONDS = 30_000
"""How long the page may take for anything, on a busy machine."""


class Visit:
    """What is done on the page, the errors that it reported, and the hosts that it sent requests to."""

    def __init__(self, page: Page, address: str) -> None:
        self.page = page
        self.address = address
        self.reported: list[str] = []
        self.forgiven = "nothing"
        self.hosts: set[str] = set()
        page.set_default_timeout(MILLISECONDS)
        expect.set_options(timeout=MILLISECONDS)
        page.on("console", self._heard)
        page.on("pageerror", self._failed)
        page.on("request", self._saw)

    async def end(self) -> None:
        """Leave the browser without history, for the next visit."""
        self.page.remove_listener("console", self._heard)
        self.page.remove_listener("pageerror", self._failed)
        self.page.remove_listener("request", self._saw)
        await self.page.unroute_all()
        # A page of the same origin, where no script writes any more.
        await self.page.goto(self.address.removesuffix("/graphql") + "/health")
        await self.page.evaluate(FORGET)
        await self.page.context.clear_cookies()
        assert await self.page.evaluate(ALL_STORED) == NOTHING

    def _heard(self, message: ConsoleMessage) -> None:
        # What breaks the content policy is an error too.
        if message.type == "error":
            self.reported.append(message.text)

    def _failed(self, error: Error) -> None:
        self.reported.append(str(error))

    def _saw(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme != "data":
            self.hosts.add(f"{parts.scheme}://{parts.netloc}")

    @property
    def errors(self) -> list[str]:
        return [text for text in self.reported if self.forgiven not in text]

    async def open(self) -> None:
        await self.page.goto(self.address)
        await self.be_ready()

    async def wait_for_sign_in(self) -> None:
        """Open a page that asks for a token first."""
        await self.page.goto(self.address)
        await self.sign_in.wait_for()

    async def be_ready(self) -> None:
        await self.page.locator("html[data-ready]").wait_for(state="attached")
        await self.page.locator(".graphiql-query-editor .CodeMirror").wait_for()

    async def be_ready_as_simple_page(self) -> None:
        await self.page.locator("html[data-ready] #query").wait_for()

    @property
    def sign_in(self) -> Locator:
        return self.page.locator("#sign-in")

    @property
    def sign_in_status(self) -> Locator:
        """Why the sign-in failed."""
        return self.page.locator("#sign-in-status")

    async def know_schema(self) -> None:
        await self.page.locator("html[data-schema=known]").wait_for(state="attached")

    @property
    def token(self) -> Locator:
        return self.page.get_by_label("Token", exact=True)

    @property
    def token_note(self) -> Locator:
        """What the page says of the token and the example."""
        return self.page.locator("#token-note")

    @property
    def remember(self) -> Locator:
        return self.page.get_by_label("remember in this browser")

    def button(self, name: str) -> Locator:
        return self.page.get_by_role("button", name=re.compile(name))

    @property
    def examples(self) -> Locator:
        return self.page.get_by_role("region", name="Examples").get_by_role("button")

    async def open_example(self, name: str) -> None:
        await self.examples.filter(has_text=re.compile(f"^{name}(?![a-z])")).first.click()
        await expect(self.page.get_by_role("tab", selected=True)).to_contain_text(name)

    async def run(self) -> dict[str, Any]:
        """Run what is in the editor; the answer, as it is shown."""
        before = await self.page.evaluate(f"{ANSWER}.length && {ANSWER}") or ""
        await self.button("^Execute query").click()
        shown = await self.page.wait_for_function(
            f"before => !document.querySelector('.graphiql-spinner') && {ANSWER} !== before && {ANSWER}", arg=before
        )
        answer: dict[str, Any] = json.loads(await shown.json_value())
        return answer

    async def type_into(self, editor: str, text: str) -> None:
        """Replace what stands in an editor, as hands would."""
        await self.page.locator(f".{editor} .CodeMirror").click()
        await self.page.keyboard.press("ControlOrMeta+a")
        await self.page.keyboard.type(text)

    async def stored(self, text: str = "") -> str:
        """All that the browser keeps of this page, once that has the text.

        GraphiQL writes half a second after the last change, or later on a busy machine.
        """
        await self.page.wait_for_timeout(600)
        await self.page.wait_for_function(f"async text => (await ({ALL_STORED})()).includes(text)", arg=text)
        return str(await self.page.evaluate(ALL_STORED))
