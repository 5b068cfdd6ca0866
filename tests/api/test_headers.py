"""The headers of requests as libraries and proxies write them: media types, what is wanted most, encodings."""

import gzip
import json

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.http.requests import LONGEST_MEDIA_TYPES
from tests.api.client import DOCUMENT_TYPE, Api, body_of
from tests.api.test_http import JSON_TYPE, NAME, error_of, posted
from tests.property_settings import bounded

BODY = json.dumps({"query": NAME})
NEW, OLD = DOCUMENT_TYPE, JSON_TYPE


async def accepting(api: Api, *accept: str, body: str = BODY) -> httpx.Response:
    """An answer to a request with these lines of `Accept`."""
    token = f"Bearer {api.tokens['ada']}"
    headers = [("Authorization", token), ("Content-Type", JSON_TYPE), *(("Accept", line) for line in accept)]
    request = httpx.Request("POST", api.http.base_url.join("/graphql"), headers=headers, content=body)
    return await api.http.send(request)


@pytest.mark.parametrize(
    "media_type",
    [
        "application/json;charset=utf-8",
        "application/json; charset=utf-8;",
        "application/json; charset=utf-8; v=1",
        "application/json; v=1; charset=utf8",
        "application/json;odata.metadata=none",
        'application/json; charset="UTF-8"',
        "application/json ; Charset = utf-8",
        'application/json; profile="a;charset=latin-1"; charset=utf-8',
        "application/json;",
        "application/json; charset=",
        "APPLICATION/JSON",
    ],
)
async def test_json_is_taken_with_whatever_parameters_if_it_is_in_utf_8(api: Api, media_type: str) -> None:
    response = await posted(api, BODY, Content_Type=media_type)
    assert (response.status_code, body_of(response)) == (200, {"data": {"__typename": "Query"}})


@pytest.mark.parametrize(
    "media_type",
    [
        "application/json; v=1; charset=latin-1",
        'application/json; charset="utf-16"',
        "application/json-seq",
        "text/plain; application/json",
        'text/plain; x="application/json"',
        "; charset=utf-8",
        ";",
    ],
)
async def test_what_is_no_json_in_utf_8_is_not_taken_whatever_parameters_it_has(api: Api, media_type: str) -> None:
    response = await posted(api, BODY, Content_Type=media_type)
    assert error_of(response, 415) == ("UNSUPPORTED_MEDIA_TYPE", "Send the request as application/json, in UTF-8.")


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        ((f"{NEW};q=0, {OLD}",), OLD),
        ((f"{NEW};q=0.5, {OLD}",), OLD),
        ((f"{NEW};q=.5, {OLD};q=.6",), OLD),
        ((f"{NEW}; q=0.9, {OLD}; q=0.8",), NEW),
        ((f"{NEW};v=1;Q=0.9, {OLD};q=0.8",), NEW),
        ((f"{OLD}, {NEW}",), NEW),
        ((f"{OLD};q=0.9, {NEW};q=0.9",), NEW),
        ((f"{OLD};q=0.9, {NEW};q=0.90001",), NEW),
        ((f"{NEW}, {OLD};q=1.000",), NEW),
        ((NEW.upper(),), NEW),
        ((OLD, NEW), NEW),
        ((f"{OLD};q=0.1", f"{NEW};q=0.2"), NEW),
        ((f"{NEW};q=0.5, */*",), OLD),
        ((f"{NEW};q=0.5, application/*;q=0.4, */*",), NEW),
        ((f"{OLD};q=0, */*",), NEW),
        ((f"{NEW};q=0.5, {OLD};q=0.1, */*",), NEW),
        (("application/*, */*;q=0.1",), OLD),
        (("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",), OLD),
        (("text/html",), OLD),
        (("image/png, text/html;q=0.1",), OLD),
        (("", ","), OLD),
        ((f"{NEW};q=much, {OLD};q=0.9",), NEW),
        ((f"{NEW};q=-1, {OLD}",), NEW),
        ((f'text/plain;x="{NEW}", {OLD}',), OLD),
        ((f'text/plain;x="a, {NEW}, b", {OLD}',), OLD),
    ],
)
async def test_the_answer_comes_in_the_media_type_that_is_wanted_most(
    api: Api, accept: tuple[str, ...], media_type: str
) -> None:
    answered, refused = await accepting(api, *accept), await accepting(api, *accept, body="{")
    assert answered.status_code == 200
    assert error_of(refused, 400)[0] == "BAD_REQUEST"
    for response in (answered, refused):
        assert response.headers["Content-Type"] == f"{media_type}; charset=utf-8"


@pytest.mark.parametrize(
    "accept", [f"{NEW};q=0", f"{OLD};q=0.0, image/png", f"{NEW};q=0, {OLD};q=0, */*", "*/*;q=0", "text/*", f'"{NEW}']
)
async def test_what_is_wanted_not_at_all_is_not_sent_but_for_the_refusal_that_says_so(api: Api, accept: str) -> None:
    response = await accepting(api, accept)
    assert error_of(response, 406) == ("NOT_ACCEPTABLE", f"Answers come as {NEW} or {OLD}.")
    assert response.headers["Content-Type"] == f"{OLD}; charset=utf-8"


@pytest.mark.parametrize("piece", ["a,", "a;", '"', "\\", '"\\', ",", ";", "*/*,", "a=b;c", "a"])
async def test_no_more_of_these_headers_is_read_than_anybody_means(api: Api, piece: str) -> None:
    longest = (piece * LONGEST_MEDIA_TYPES)[:LONGEST_MEDIA_TYPES]
    assert (await accepting(api, longest)).status_code in {200, 406}
    assert (await posted(api, BODY, Content_Type=longest)).status_code == 415
    for response in (
        await accepting(api, f"{NEW};q=0,{longest}", f",{NEW};q=1"),
        await accepting(api, longest[:1000], longest[:1000], f"{longest[:46]},{NEW}"),
    ):
        assert response.headers["Content-Type"] == f"{OLD}; charset=utf-8"
    assert (await posted(api, BODY, Content_Type=longest + ", application/json")).status_code == 415


async def test_of_an_encoding_only_the_beginning_is_told_back(api: Api) -> None:
    response = await posted(api, BODY, Content_Encoding="x" * 60_000)
    assert error_of(response, 415)[1] == f"The body has the Content-Encoding {'x' * 50}. Send it without one."


async def test_a_body_that_is_encoded_is_a_415_that_names_the_encoding(api: Api) -> None:
    response = await posted(api, gzip.compress(BODY.encode()), Content_Encoding="GZip")
    message = "The body has the Content-Encoding gzip. Send it without one."
    assert error_of(response, 415) == ("UNSUPPORTED_MEDIA_TYPE", message)
    assert response.headers["Accept-Encoding"] == "identity"


@pytest.mark.parametrize("encoding", ["identity", "Identity", ""])
async def test_the_encoding_that_changes_nothing_is_none(api: Api, encoding: str) -> None:
    assert (await posted(api, BODY, Content_Encoding=encoding)).status_code == 200


async def test_a_byte_order_mark_before_the_json_is_skipped(api: Api) -> None:
    mark = b"\xef\xbb\xbf"
    response = await posted(api, mark + BODY.encode())
    assert (response.status_code, body_of(response)) == (200, {"data": {"__typename": "Query"}})
    for twice_or_alone in (mark + mark + BODY.encode(), mark):
        assert error_of(await posted(api, twice_or_alone), 400)[0] == "BAD_REQUEST"


_pieces = st.sampled_from(
    [NEW, OLD, "*/*", "charset", "*", "*0", "=", ";", ",", '"', "\\", "q", "0", "utf-8", " ", "%00"]
)
_headers = st.lists(_pieces | st.text(st.characters(min_codepoint=32, max_codepoint=255), max_size=5), max_size=12)


@given(media_type=_headers.map("".join), accept=_headers.map("".join))
@bounded
async def test_whatever_these_headers_say_the_request_is_answered_or_refused(
    api: Api, media_type: str, accept: str
) -> None:
    token = f"Bearer {api.tokens['ada']}"
    headers = [("Authorization", token), ("Content-Type", media_type), ("Accept", accept)]
    raw = [(name.encode(), value.encode("latin-1")) for name, value in headers]
    response = await api.http.send(httpx.Request("POST", "http://localhost/graphql", headers=raw, content=BODY))
    assert response.status_code in {200, 406, 415}
