"""A key that stands twice in one object of a request is refused, since one of its values would be lost."""

import json

import pytest

from tests.api.client import Api
from tests.api.test_http import NAME, error_of, posted, sent


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ('{"query": "{a}", "query": "{ __typename }"}', 'the key "query" twice'),
        ('{"query": "{ __typename }", "variables": {"a": 1}, "variables": {}}', 'the key "variables" twice'),
        ('{"query": "{ __typename }", "variables": {"a": 1, "a": 1}}', 'the key "a" twice, at variables'),
        (
            '{"query": "{ __typename }", "variables": {"i": {"graph": {"nodes": [{}, {"fields": {"v": 1, "v": 2}}]}}}}',
            'the key "v" twice, at variables.i.graph.nodes[1].fields',
        ),
        (
            '{"query": "{ __typename }", "extensions": {"x": [{"\\u003a": 1, ":": 2}]}}',
            'the key ":" twice, at extensions.x[0]',
        ),
        (
            '{"query": "{ __typename }", "variables": {"\\n": [{"a": 1, "a": 1}]}}',
            'the key "a" twice, at variables["\\n"][0]',
        ),
    ],
)
async def test_a_key_that_stands_twice_in_an_object_is_a_400_that_names_it(api: Api, body: str, says: str) -> None:
    message = f"The body has {says}. Send each key of an object once."
    assert error_of(await posted(api, body), 400) == ("BAD_REQUEST", message)


async def test_a_key_that_stands_twice_in_a_url_is_a_400_too(api: Api) -> None:
    response = await sent(api, "GET", params={"query": NAME, "variables": '{"n": {"a": 1, "a": 2}}'})
    message = '`variables` has the key "a" twice, at n. Send each key of an object once.'
    assert error_of(response, 400) == ("BAD_REQUEST", message)


async def test_a_key_that_stands_twice_in_a_literal_is_a_400_too(api: Api) -> None:
    literal = '{ createFlow(input: {workspaceId: "w", name: "n", graph: {a: 1, a: 2}}) { errors { code } } }'
    response = await posted(api, json.dumps({"query": f"mutation {literal}"}))
    assert error_of(response, 400)[0] == "GRAPHQL_VALIDATION_FAILED"
