"""The limits of documents as callers meet them: each has a setting, is told with its value, and keeps all from running."""

from dataclasses import dataclass
from typing import Any

import pytest
from structlog.testing import capture_logs

from tests.api.client import Api, Caller, code_of
from tests.api.documents import COPY
from tests.databases import Databases, Loaded, contents
from tests.http.worst_documents import BOMB

TWO_COPIES = """mutation($input: CopyFlowInput!) {
  a: copyFlow(input: $input) { flow { id } }
  b: copyFlow(input: $input) { flow { id } }
}"""


async def refusal_of(caller: Caller, document: str, **variables: object) -> dict[str, Any]:
    """The error of a document that is refused before anything of it runs."""
    with capture_logs() as log:
        body = await caller.answer(document, **variables)
    assert "data" not in body
    assert [line["event"] for line in log] == ["request refused"]
    [error] = body["errors"]
    return dict(error)


@dataclass(frozen=True)
class Limited:
    """A limit as it is set, a document above it and one that is just within."""

    setting: str
    limit: str
    maximum: int
    above: str
    within: str


LIMITED = [
    Limited("max_tokens", "tokens", 6, "{ viewer { id email } }", "{ viewer { id } }"),
    Limited("max_depth", "depth", 2, "{ workspaces { nodes { id } } }", "{ viewer { id } }"),
    Limited("max_fields", "fields", 3, "{ viewer { id email __typename } }", "{ viewer { id email } }"),
    Limited("max_aliases", "aliases", 1, "{ a: viewer { b: id } }", "{ a: viewer { id } }"),
    Limited("max_directives", "directives", 0, "{ viewer @skip(if: false) { id } }", "{ viewer { id } }"),
    Limited("max_root_fields", "root fields", 1, "{ viewer { id } b: viewer { id } }", "{ viewer { id } }"),
    Limited("max_cost", "cost", 50, "{ workspaces { nodes { id } } }", "{ workspaces(first: 49) { nodes { id } } }"),
]


@pytest.mark.parametrize("limited", LIMITED, ids=lambda limited: limited.limit)
async def test_a_document_above_a_limit_is_refused_and_one_within_it_is_not(
    databases: Databases, loaded_trade: Loaded, limited: Limited
) -> None:
    async with databases.serving(loaded_trade, **{limited.setting: limited.maximum}) as api:
        error = await refusal_of(api.caller("ada"), limited.above)
        await api.caller("ada").ask(limited.within)
    assert error["extensions"] == {"code": "LIMIT_EXCEEDED", "limit": limited.limit, "maximum": limited.maximum}
    assert f"at most {limited.maximum}" in error["message"]
    assert limited.limit in error["message"]


async def test_of_too_many_mutations_none_is_run(databases: Databases, loaded_trade: Loaded) -> None:
    async with databases.serving(loaded_trade, max_mutations=1) as api:
        before = await contents(api.database_url)
        error = await refusal_of(api.caller("ada"), TWO_COPIES, input={"flowId": api.id("plain")})
        assert await contents(api.database_url) == before
        assert (await api.caller("ada").ask(COPY, input={"flowId": api.id("plain")}))["copyFlow"]["errors"] == []
    assert error["extensions"] == {"code": "LIMIT_EXCEEDED", "limit": "mutations", "maximum": 1}


@pytest.mark.parametrize("arguments", ["first: 51", "last: 51"])
async def test_a_page_above_the_largest_is_told_how_large_it_may_be(
    databases: Databases, loaded_trade: Loaded, arguments: str
) -> None:
    async with databases.serving(loaded_trade, max_page_size=50) as api:
        error = await refusal_of(api.caller("ada"), f"{{ workspaces({arguments}) {{ nodes {{ id }} }} }}")
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert "1 to 50" in error["message"]


NESTED_LISTS = """{
  workspaces(first: 100) { nodes { flows(first: 100) { nodes { draftsSetAside(first: 100) { nodes { id } } } } } }
}"""
WORST = {
    "fragments nested 60 levels and doubled": (BOMB, "depth"),
    "10,000 aliases": ("{" + " ".join(f"a{n}: __typename" for n in range(10_000)) + "}", "tokens"),
    "3,000 aliases": ("{" + " ".join(f"a{n}: __typename" for n in range(3_000)) + "}", "fields"),
    "80,000 directives": ("{ __typename " + "@a " * 80_000 + "}", "tokens"),
    "100,000 directives": ("{ __typename " + "@a " * 100_000 + "}", "characters"),
    "4,000 directives": ("{ __typename " + "@a " * 4_000 + "}", "directives"),
    "lists in lists": (NESTED_LISTS, "cost"),
    "200 KB of fields": ("{a " * 100 + "a " * 80_000, "tokens"),
}


@pytest.mark.parametrize("worst", WORST)
async def test_the_worst_documents_are_told_which_limit_they_are_above(api: Api, worst: str) -> None:
    document, limit = WORST[worst]
    error = await refusal_of(api.caller("ada"), document)
    assert (error["extensions"]["code"], error["extensions"]["limit"]) == ("LIMIT_EXCEEDED", limit)


@pytest.mark.parametrize("document", ["{" * 200_000, "{a" * 100_000])
async def test_a_document_that_cannot_be_parsed_is_read_no_further(api: Api, document: str) -> None:
    error = await refusal_of(api.caller("ada"), document)
    assert error["extensions"]["code"] == "GRAPHQL_PARSE_FAILED"


@pytest.mark.parametrize(("document", "data"), [("{}", {}), ("{ viewer {} }", {"viewer": {}})])
async def test_empty_selections_are_answered_with_empty_objects(api: Api, document: str, data: dict[str, Any]) -> None:
    assert await api.caller("ada").ask(document) == data


@pytest.mark.parametrize("size", [51, 51.0, 5e2])
async def test_a_page_that_is_too_large_is_refused_before_anything_is_written_however_its_size_is_written(
    databases: Databases, loaded_trade: Loaded, size: float
) -> None:
    document = """mutation($input: CopyFlowInput!, $first: Int) {
      copyFlow(input: $input) { flow { workspace { flows(first: $first) { nodes { id } } } } }
    }"""
    async with databases.serving(loaded_trade, max_page_size=50) as api:
        before = await contents(api.database_url)
        error = await refusal_of(api.caller("ada"), document, input={"flowId": api.id("plain")}, first=size)
        assert await contents(api.database_url) == before
    assert error["extensions"]["code"] == "BAD_USER_INPUT"


@pytest.mark.parametrize("name", ["operation", "field", "variable", "fragment"])
async def test_a_name_that_is_too_long_is_refused_and_not_repeated(api: Api, name: str) -> None:
    long = "n" * 257
    documents = {
        "operation": f"query {long} {{ viewer {{ id }} }}",
        "field": f"{{ viewer {{ {long} }} }}",
        "variable": f"query(${long}: ID) {{ viewer {{ id }} }}",
        "fragment": f"{{ viewer {{ ...{long} }} }}",
    }
    error = await refusal_of(api.caller("ada"), documents[name])
    assert error["message"] == "A name has 257 letters; at most 256 can be read."


async def test_what_was_sent_is_repeated_in_messages_only_as_far_as_people_read(api: Api) -> None:
    body = await api.caller("ada").answer('{ workspaces(first: "%s") { totalCount } }' % ("x" * 5000))
    [error] = body["errors"]
    assert len(error["message"]) < 1010


async def test_of_many_mistakes_some_are_told(api: Api) -> None:
    body = await api.caller("ada").answer("{ viewer {" + " ".join(f"nothing{n}" for n in range(200)) + "} }")
    assert len(body["errors"]) == 21
    assert body["errors"][-1]["message"].startswith("Too many validation errors")


async def test_fields_that_are_repeated_too_often_to_be_compared_are_refused(api: Api) -> None:
    body = await api.caller("ada").answer("{ __schema { queryType {" + "fields { name description } " * 600 + "} } }")
    assert "data" not in body
    [error] = body["errors"]
    assert error["extensions"] == {"code": "LIMIT_EXCEEDED", "limit": "repetition", "maximum": 50_000}


async def test_without_a_token_nothing_is_read_where_nothing_could_be_asked(
    databases: Databases, loaded_trade: Loaded
) -> None:
    async with databases.serving(loaded_trade, host="0.0.0.0") as api:
        for body in ("{", '{"query": "{ __typename }"}', '{"query": "{"}'):
            response = await api.http.post("/graphql", content=body, headers={"Content-Type": "text/odd"})
            assert (response.status_code, code_of(response.json())) == (401, "UNAUTHENTICATED")
