"""Names that messages suggest are part of the schema: they are told only where the schema may be known."""

import re
from typing import Any

import pytest

from tests.api.client import Api
from tests.databases import Databases, Loaded

BY_ORDER = 'query($by: FlowOrder) { workspace(id: "x") { flows(orderBy: $by) { totalCount } } }'
FILTERED = 'query($filter: FlowFilter) { workspace(id: "x") { flows(filter: $filter) { totalCount } } }'
EXPORT = "mutation($input: ExportFlowInput!) { exportFlow(input: $input) { errors { message } } }"
UPDATE = "mutation($input: UpdateFlowDraftInput!) { updateFlowDraft(input: $input) { errors { message } } }"
BOTH = """query($by: FlowOrder, $filter: FlowFilter) {
  workspace(id: "x") { flows(orderBy: $by, filter: $filter) { totalCount } }
}"""
TO = {"destination": {"workspaceId": "x"}}

WRONG: list[tuple[str, dict[str, Any]]] = [
    # documents
    ("{ viewr { id } }", {}),
    ("{ viewer { idd } }", {}),
    ("{ workspaces(serch: 1) { totalCount } }", {}),
    ('{ flow(id: "x") { ... on Flw { id } } }', {}),
    ("mutation ($i: CopyFlowInputt!) { copyFlow(input: $i) { errors { message } } }", {}),
    ('{ workspace(id: "x") { flows(orderBy: NAME_ASCC) { totalCount } } }', {}),
    ('{ workspace(id: "x") { flows(filter: { statu: ACTIVE }) { totalCount } } }', {}),
    ('{ workspace(id: "x") { flows(filter: { status: ACTIV }) { totalCount } } }', {}),
    (BY_ORDER.replace("FlowOrder", "FlowOrder = NAME_ASCC"), {}),
    (FILTERED.replace("FlowFilter", "FlowFilter = { statu: ACTIVE }"), {}),
    # variables
    (BY_ORDER, {"by": "NAME_ASCC"}),
    (FILTERED, {"filter": {"statu": "ACTIVE"}}),
    (FILTERED, {"filter": {"status": "ACTIV", "tipe": "ORDINARY"}}),
    (EXPORT, {"input": {"flowId": "x", "destination": {"workspaceI": "x"}}}),
    (EXPORT, {"input": {"flowId": "x", "destination": {"workspaceId": "x", "overrideFlowI": "x"}}}),
    (EXPORT, {"input": {"flowId": "x", **TO, "topicI": "x", "source": {"state": "DRAF"}}}),
    (EXPORT, {"input": {"flowI": "x", **TO}}),
    (UPDATE, {"input": {"flowId": "x", "bindings": [{"stepId": "1", "credentialI": "x"}, {"stepI": "1"}]}}),
    (BOTH, {"by": "NAME_DES", "filter": {"hasDraf": True, "typ": "ORDINARY"}}),
]

SUGGESTION = re.compile(r" Did you mean [^?]*\?")


async def messages_of(api: Api, document: str, variables: dict[str, Any]) -> list[str]:
    body = await api.caller("ada").answer(document, **variables)
    return [error["message"] for error in body["errors"]]


def without_suggestion(message: str) -> str:
    return SUGGESTION.sub("", message).replace(". Found: ", ", found: ")


@pytest.mark.parametrize(("document", "variables"), WRONG)
async def test_suggestions_are_told_only_where_the_schema_is_open(
    api: Api, databases: Databases, loaded_trade: Loaded, document: str, variables: dict[str, Any]
) -> None:
    told = await messages_of(api, document, variables)
    async with databases.serving(loaded_trade, introspection="off") as closed:
        hidden = await messages_of(closed, document, variables)
    assert any(SUGGESTION.search(message) for message in told)
    assert hidden == [without_suggestion(message) for message in told]
    assert not SUGGESTION.search(str(hidden))


async def test_what_a_caller_sent_is_repeated_as_it_was_sent(databases: Databases, loaded_trade: Loaded) -> None:
    async with databases.serving(loaded_trade, introspection="off") as closed:
        [message] = await messages_of(closed, BY_ORDER, {"by": "x. Did you mean y?"})
    assert "'x. Did you mean y?'" in message
