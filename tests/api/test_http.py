"""The endpoint, case by case: media types, methods, bodies that aren't acceptable; never a 500."""

import json
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from app.server.application import create_app
from app.settings import read_settings
from tests.api.client import DOCUMENT_TYPE, Api, body_of

JSON_TYPE = "application/json"
NAME = "{ __typename }"


async def posted(api: Api, content: bytes | str, **headers: str) -> httpx.Response:
    given = {"Content-Type": JSON_TYPE, "Authorization": f"Bearer {api.tokens['ada']}", "Accept": DOCUMENT_TYPE}
    named = {key.replace("_", "-"): value for key, value in headers.items()}
    return await api.http.post("/graphql", content=content, headers=given | named)


async def sent(api: Api, method: str, **options: Any) -> httpx.Response:
    return await api.http.request(
        method, "/graphql", headers={"Authorization": f"Bearer {api.tokens['ada']}"}, **options
    )


def error_of(response: httpx.Response, status: int) -> tuple[str, str]:
    """Code and message of an answer that consists of one error."""
    assert response.status_code == status, response.text
    body = body_of(response)
    assert list(body) == ["errors"]
    [error] = body["errors"]
    for word in ("Traceback", "Error:", "sqlalchemy", "asyncpg", "orjson", "line 1 column", "object at"):
        assert word not in error["message"]
    return error["extensions"]["code"], error["message"]


@pytest.mark.parametrize(
    ("accept", "media_type", "status"),
    [
        (DOCUMENT_TYPE, DOCUMENT_TYPE, 400),
        (f"{DOCUMENT_TYPE}; charset=utf-8, {JSON_TYPE};q=0.9", DOCUMENT_TYPE, 400),
        (JSON_TYPE, JSON_TYPE, 200),
        ("*/*", JSON_TYPE, 200),
        ("application/*", JSON_TYPE, 200),
        ("", JSON_TYPE, 200),
    ],
)
async def test_a_request_that_never_ran_is_a_400_in_the_new_media_type_and_200_in_the_old_one(
    api: Api, accept: str, media_type: str, status: int
) -> None:
    bad = await posted(api, '{"query": "{ nonsense }"}', Accept=accept)
    assert error_of(bad, status)[0] == "GRAPHQL_VALIDATION_FAILED"
    good = await posted(api, json.dumps({"query": NAME}), Accept=accept)
    assert (good.status_code, body_of(good)) == (200, {"data": {"__typename": "Query"}})
    for response in (bad, good):
        assert response.headers["Content-Type"] == f"{media_type}; charset=utf-8"


async def test_an_answer_that_nobody_accepts_is_a_406(api: Api) -> None:
    assert error_of(await posted(api, json.dumps({"query": NAME}), Accept="image/png"), 406)[0] == "NOT_ACCEPTABLE"


@pytest.mark.parametrize("arguments", ["first: 0", "first: 1, last: 1", 'after: "x"', 'search: "\\u0000"'])
async def test_arguments_that_cannot_be_meant_are_a_request_error(api: Api, arguments: str) -> None:
    document = f"{{ a: workspaces({arguments}) {{ totalCount }} b: __typename }}"
    assert error_of(await posted(api, json.dumps({"query": document})), 400)[0] == "BAD_USER_INPUT"


BODIES = [
    b"",
    b"null",
    b"3",
    b'"x"',
    b"[]",
    b"[{}]",
    b"{}",
    b"{",
    b"\xff\xfe",
    b'{"query": "\xff"}',
    b'{"query": "{ __typename }"} x',
    b"[" * 200_000,
    b'{"query": "{ __typename }", "variables": ' + b'{"a":' * 100_000,
    b'{"query": "{ __typename }", "variables": {"n": ' + b"9" * 5000 + b"}}",
    b"9" * 5000,
    b'{"query": null}',
    b'{"query": ""}',
    b'{"query": 3}',
    b'{"query": ["{ __typename }"]}',
    b'{"query": "{ __typename }", "variables": []}',
    b'{"query": "{ __typename }", "variables": "x"}',
    b'{"query": "{ __typename }", "operationName": 3}',
    b'{"query": "{ __typename }", "extensions": 3}',
    b'{"query": "\\ud800"}',
    b'{"query": "{ __typename }", "variables": {"s": "\\ud800"}}',
    b'{"query": "{ __typename }", "operationName": "\\udfff"}',
    b'{"query": "{ __typename }", "variables": {"n": NaN}}',
    b'{"query": "{ __typename }", "variables": {"n": Infinity}}',
]


@pytest.mark.parametrize("body", BODIES, ids=range(len(BODIES)))
async def test_a_body_that_is_no_request_is_a_400(api: Api, body: bytes) -> None:
    for accept in (DOCUMENT_TYPE, JSON_TYPE):
        assert error_of(await posted(api, body, Accept=accept), 400)[0] == "BAD_REQUEST"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("", "The body is empty: send a JSON object with `query`."),
        ('{"query": "{a}",\n "variables": {a}}', "at line 2, column 16: unexpected character, expected a string key."),
        ('{"query": "{a}"', "at line 1, column 16: unexpected end of data."),
        ('{"é": "é",}', "at line 1, column 10: trailing comma is not allowed."),
        ('{"query": "{a\n}"}', "at line 1, column 14: unexpected control character in string."),
        ('{"query": "{a}"} x', "at line 1, column 18: unexpected content after document."),
        (b'{"query": "\xff"}', "The body isn't valid UTF-8 at byte 11."),
    ],
)
async def test_the_message_on_a_body_that_cannot_be_read_says_where(api: Api, body: str | bytes, message: str) -> None:
    whole = message if message.startswith("The") else f"The body isn't valid JSON {message}"
    assert error_of(await posted(api, body), 400) == ("BAD_REQUEST", whole)


async def test_the_message_on_variables_in_a_url_says_where(api: Api) -> None:
    response = await sent(api, "GET", params={"query": NAME, "variables": '{"n": None}'})
    message = "`variables` isn't valid JSON at line 1, column 7: unexpected character, expected a JSON value."
    assert error_of(response, 400) == ("BAD_REQUEST", message)


async def test_null_is_called_null_where_an_argument_gets_it_from_a_variable(api: Api) -> None:
    document = 'query($id: ID! = "x") { flow(id: $id) { id } }'
    for given in (document, document.replace("ID!", "ID")):
        answer = await posted(api, json.dumps({"query": given, "variables": {"id": None}}))
        [error] = body_of(answer)["errors"]
        assert "null" in error["message"]
        assert "None" not in error["message"]


@pytest.mark.parametrize(
    "number", [2**64, -(2**63) - 1, 10**19 * 2, 10**300, -(10**40)], ids=["2^64", "-2^63-1", "2e19", "1e300", "-1e40"]
)
async def test_an_integer_beyond_64_bits_in_variables_is_a_400(api: Api, number: int) -> None:
    for variables in ({"n": number}, {"deep": [{"graph": {"nodes": [], "n": number}}]}):
        body = json.dumps({"query": NAME, "variables": variables})
        assert error_of(await posted(api, body), 400)[0] == "BAD_REQUEST"
        query = f"?query={quote(NAME)}&variables={quote(json.dumps(variables))}"
        response = await api.http.get(f"/graphql{query}", headers={"Authorization": f"Bearer {api.tokens['ada']}"})
        assert error_of(response, 400)[0] == "BAD_REQUEST"


@pytest.mark.parametrize("value", [2**64 - 1, -(2**63), 2**63, 1.5e300, "1" * 30, "\\" + "9" * 30])
async def test_numbers_of_64_bits_and_digits_in_texts_are_no_such_integers(api: Api, value: object) -> None:
    response = await posted(api, json.dumps({"query": NAME, "variables": {"n": value}}))
    assert (response.status_code, body_of(response)) == (200, {"data": {"__typename": "Query"}})


async def test_a_body_above_the_limit_is_a_413_whatever_it_says_of_its_length(api: Api) -> None:
    large = json.dumps({"query": NAME, "extensions": {"x": "x" * 1_048_576}}).encode()
    assert error_of(await posted(api, large), 413)[0] == "CONTENT_TOO_LARGE"

    async def in_pieces() -> Any:
        for start in range(0, len(large), 65_536):
            yield large[start : start + 65_536]

    headers = {"Content-Type": JSON_TYPE, "Authorization": f"Bearer {api.tokens['ada']}"}
    response = await api.http.post("/graphql", content=in_pieces(), headers=headers)
    assert error_of(response, 413)[0] == "CONTENT_TOO_LARGE"


async def test_how_large_a_body_may_be_is_as_it_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLOWPORT_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/nothing")
    monkeypatch.setenv("FLOWPORT_MAX_BODY_BYTES", "100")
    body = json.dumps({"query": NAME})
    transport = httpx.ASGITransport(create_app(read_settings()))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as http:
        headers = {"Content-Type": JSON_TYPE}
        full = await http.post("/graphql", content=body.ljust(100), headers=headers)
        over = await http.post("/graphql", content=body.ljust(101), headers=headers)
    assert (full.status_code, body_of(full)) == (200, {"data": {"__typename": "Query"}})
    assert error_of(over, 413) == ("CONTENT_TOO_LARGE", "The body is larger than 100 bytes.")


@pytest.mark.parametrize(
    "media_type",
    [
        *(
            "text/plain",
            "application/x-www-form-urlencoded",
            "multipart/form-data; boundary=x",
            "",
            "application/graphql",
        ),
        *("application/json; charset=utf-16", "application/json; charset=latin-1"),
    ],
)
async def test_a_body_that_is_not_json_by_its_media_type_is_a_415(api: Api, media_type: str) -> None:
    response = await posted(api, json.dumps({"query": NAME}), Content_Type=media_type)
    assert error_of(response, 415)[0] == "UNSUPPORTED_MEDIA_TYPE"


@pytest.mark.parametrize("media_type", ["application/json; charset=utf-8", 'Application/JSON; charset="UTF-8"'])
async def test_json_in_utf_8_is_taken_however_its_media_type_is_written(api: Api, media_type: str) -> None:
    assert (await posted(api, json.dumps({"query": NAME}), Content_Type=media_type)).status_code == 200


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "QUERY"])
async def test_other_methods_are_a_405_that_names_those_that_there_are(api: Api, method: str) -> None:
    response = await sent(api, method)
    assert error_of(response, 405) == ("METHOD_NOT_ALLOWED", "Send GraphQL with POST, or queries with GET.")
    assert response.headers["Allow"] == "GET, POST"


async def test_head_is_a_405_as_well(api: Api) -> None:
    response = await sent(api, "HEAD", params={"query": NAME})
    assert (response.status_code, response.headers["Allow"]) == (405, "GET, POST")


async def test_a_query_may_be_sent_with_get_and_a_mutation_may_not(api: Api) -> None:
    query = "query($id: ID!) { node(id: $id) { id } }"
    variables = json.dumps({"id": api.id("ada")})
    response = await sent(api, "GET", params={"query": query, "variables": variables})
    assert body_of(response) == {"data": {"node": {"id": api.id("ada")}}}
    mutation = await sent(api, "GET", params={"query": "mutation { __typename }"})
    assert error_of(mutation, 405) == ("METHOD_NOT_ALLOWED", "Send mutations with POST.")
    assert mutation.headers["Allow"] == "POST"


@pytest.mark.parametrize("empty", [{"variables": ""}, {"operationName": ""}, {"extensions": ""}, {"variables": "null"}])
async def test_what_is_empty_on_get_is_as_if_absent(api: Api, empty: dict[str, str]) -> None:
    response = await sent(api, "GET", params={"query": NAME, **empty})
    assert (response.status_code, body_of(response)) == (200, {"data": {"__typename": "Query"}})


@pytest.mark.parametrize(
    "parameters",
    [
        *({}, {"query": ""}, {"query": NAME, "variables": "{"}, {"query": NAME, "variables": "[]"}),
        *({"query": NAME, "variables": "3"}, {"query": NAME, "extensions": "x"}),
    ],
)
async def test_a_get_that_is_no_request_is_a_400(api: Api, parameters: dict[str, str]) -> None:
    assert error_of(await sent(api, "GET", params=parameters), 400)[0] == "BAD_REQUEST"


TWO = "query A { a: __typename } query B { b: __typename }"


async def test_of_several_operations_one_has_to_be_named(api: Api) -> None:
    for name, key in (("A", "a"), ("B", "b")):
        response = await posted(api, json.dumps({"query": TWO, "operationName": name}))
        assert body_of(response) == {"data": {key: "Query"}}
    for bad in ({"query": TWO}, {"query": TWO, "operationName": "C"}, {"query": TWO, "operationName": "\0"}):
        error_of(await posted(api, json.dumps(bad)), 400)
    error_of(await posted(api, '{"query": "fragment f on Query { __typename }"}'), 400)


async def test_the_request_id_is_the_callers_if_it_is_a_sane_one(api: Api) -> None:
    for sane in ("abc", "A-1_b.c", "x" * 64):
        assert (await posted(api, json.dumps({"query": NAME}), X_Request_Id=sane)).headers["X-Request-Id"] == sane
    for odd in ("", "a b", "x" * 65, "<script>"):
        response = await posted(api, json.dumps({"query": NAME}), X_Request_Id=odd)
        assert len(response.headers["X-Request-Id"]) == 32
