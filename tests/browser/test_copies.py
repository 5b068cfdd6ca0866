"""A request is copied as a command or a program that runs, without the token, or as a link that shows it again."""

import asyncio
import json
import shutil
import sys
from collections.abc import Sequence

import pytest
from playwright.async_api import expect

from tests.browser.visit import Visit

HARD = (
    'query Hard($id: ID!) {\n  # It\'s `${1}` \\ and "two"\n  node(id: $id) { __typename id }\n  viewer { email }\n}\n'
)
VARIABLES = {"id": 'line 1\nline 2 "quoted" \' \\ ä 😀 ${x} `y`'}
QUERY = "document.querySelector('.graphiql-query-editor .CodeMirror').CodeMirror.getValue()"
PROGRAMS = {
    "curl": ("bash", "-c"),
    "Python": (sys.executable, "-c"),
    "JavaScript": ("node", "--input-type=module", "--eval"),
}


@pytest.fixture
async def simple(visit: Visit) -> Visit:
    await visit.page.goto(f"{visit.address}?page=simple")
    await visit.be_ready_as_simple_page()
    return visit


async def copied(visit: Visit, name: str) -> str:
    await visit.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await visit.page.get_by_role("group", name="Copy the request").get_by_role("button", name=name).click()
    await expect(visit.page.get_by_text("Copied.", exact=True)).to_be_visible()
    return str(await visit.page.evaluate("navigator.clipboard.readText()"))


async def output_of(program: Sequence[str], text: str) -> str:
    process = await asyncio.create_subprocess_exec(
        *program, text, env={"TOKEN": "demo-guest", "PATH": "/usr/bin:/bin"}, stdout=asyncio.subprocess.PIPE
    )
    output, _ = await process.communicate()
    assert process.returncode == 0
    return output.decode()


@pytest.mark.parametrize("language", PROGRAMS)
async def test_what_is_copied_runs_with_a_token_of_the_environment(simple: Visit, language: str) -> None:
    if shutil.which(PROGRAMS[language][0]) is None:
        pytest.skip(f"{PROGRAMS[language][0]} is not there")
    await simple.page.locator("#query").fill(HARD)
    await simple.page.locator("#variables").fill(json.dumps(VARIABLES))
    text = await copied(simple, language)
    assert "demo-" not in text
    assert "TOKEN" in text
    answer = json.loads(await output_of(PROGRAMS[language], text))
    # An answer with these variables: the id names nothing.
    assert answer["data"] == {"node": None, "viewer": {"email": "demo-guest@example.com"}}


async def test_a_link_shows_the_request_on_the_simple_page_and_never_reaches_the_server(simple: Visit) -> None:
    await simple.page.locator("#query").fill(HARD)
    await simple.page.locator("#variables").fill(json.dumps(VARIABLES))
    link = await copied(simple, "Link")
    address, _, fragment = link.partition("#")
    assert address == simple.address
    assert "demo-" not in fragment
    asked: list[str] = []
    simple.page.on("request", lambda request: asked.append(request.url))
    await simple.page.goto("about:blank")
    await simple.page.goto(f"{address}?page=simple#{fragment}")
    await simple.be_ready_as_simple_page()
    await expect(simple.page.locator("#query")).to_have_value(HARD)
    assert json.loads(await simple.page.locator("#variables").input_value()) == VARIABLES
    assert [url for url in asked if "Hard" in url] == []
    await simple.page.evaluate("location.hash = '#query=%7B+viewer+%7B+id+%7D+%7D'")
    await expect(simple.page.locator("#query")).to_have_value("{ viewer { id } }")


async def test_a_link_shows_the_request_in_graphiql_whatever_tabs_there_are(visit: Visit) -> None:
    await visit.open_example("ExportFlow")
    link = await copied(visit, "Link")
    query = await visit.page.evaluate(QUERY)
    await visit.open_example("Viewer")
    await visit.stored("Viewer")
    for is_first_visit in (False, True):
        if is_first_visit:
            await visit.page.goto(visit.address.removesuffix("/graphql") + "/health")
            await visit.page.evaluate("localStorage.clear()")
        await visit.page.goto("about:blank")
        await visit.page.goto(link)
        await visit.be_ready()
        await visit.page.wait_for_function(f"query => {QUERY} === query", arg=query)
        variables = await visit.page.evaluate(
            "document.querySelector('.graphiql-editor-tool .CodeMirror').CodeMirror.getValue()"
        )
        assert "flowId" in json.loads(variables)["input"]


async def test_on_a_phone_a_link_leads_to_the_simple_page_with_its_request(on_a_phone: Visit) -> None:
    await on_a_phone.page.goto(f"{on_a_phone.address}#query=%7B+viewer+%7B+id+%7D+%7D")
    await on_a_phone.be_ready_as_simple_page()
    await expect(on_a_phone.page.locator("#query")).to_have_value("{ viewer { id } }")
