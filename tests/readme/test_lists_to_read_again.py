"""The table of lists that a client reads again after a mutation has every mutation, and every list that one was seen to change."""

import re
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from graphql import (
    FieldNode,
    GraphQLField,
    GraphQLObjectType,
    OperationDefinitionNode,
    OperationType,
    get_named_type,
    parse,
)

from app.graphql.schema import schema
from tests.commands import reset_demo
from tests.databases import Databases
from tests.explorer.demo import demo_client
from tests.explorer.examples import Example, read_examples
from tests.readme.files import read

CORE = schema.graphql_schema
TABLE = read("app/graphql/partners.md").partition("### What to read again after a mutation")[2].partition("\n\n`")[0]
ROWS = {
    row[0]: {name.rpartition(".")[2] for name in re.findall(r"`([\w.]+)`", row[1])}
    for row in re.findall(r"^\| `(\w+)` \| (.*) \|$", TABLE, re.MULTILINE)
}
LISTS = """{
    workspaces(first: 20) {
        nodes {
            id
            flows(first: 20) { nodes { ...Flow } }
            byTime: flows(first: 20, orderBy: UPDATED_AT_DESC) { nodes { id } }
            withDraft: flows(first: 20, filter: {hasDraft: true}) { nodes { id } }
            running: flows(first: 20, filter: {status: ACTIVE}) { nodes { id } }
            releaseRequests(first: 20) { nodes { id state } }
        }
    }
}
fragment Flow on Flow {
    id
    draftsSetAside(first: 20) { nodes { id } }
    history(first: 20) { nodes { id } }
    copies(first: 20) { nodes { id } }
}
"""
# The page shows it without.
REVERT_AND_PUBLISH = """mutation RevertAndPublish {
    revertFlow(input: {
        flowId: "flow_01jgfjjz00e87a0agbnyrxkt7a", versionId: "version_01jgfjjz00ffm9k06g1bcyekv1", publish: true
    }) { errors { message } }
}"""


def mutations_of(example: Example) -> list[str]:
    [operation] = parse(example.document).definitions
    assert isinstance(operation, OperationDefinitionNode)
    if operation.operation is not OperationType.MUTATION:
        return []
    return [field.name.value for field in operation.selection_set.selections if isinstance(field, FieldNode)]


EXAMPLES = {
    name: example
    for name, example in read_examples().items()
    if mutations_of(example) and not name.startswith("Refused")
} | {"RevertAndPublish": Example("RevertAndPublish", "demo-integrator", REVERT_AND_PUBLISH, None)}


@pytest.fixture(scope="module")
async def demo(databases: Databases, loaded_demo: str) -> AsyncIterator[tuple[httpx.AsyncClient, str]]:
    async with databases.copy(loaded_demo) as url, demo_client(url) as client:
        yield client, url


async def lists_seen(client: httpx.AsyncClient) -> dict[tuple[str, str], Any]:
    """What is in each list, by its name and the id of what it belongs to."""
    headers = {"Authorization": "Bearer demo-admin"}
    answer = (await client.post("/graphql", json={"query": LISTS}, headers=headers)).json()
    seen = {}
    for workspace in answer["data"]["workspaces"]["nodes"]:
        flows = workspace["flows"]["nodes"]
        orders = [workspace[name]["nodes"] for name in ("byTime", "withDraft", "running")]
        seen["flows", workspace["id"]] = [[flow["id"] for flow in flows], *orders]
        for flow in flows:
            seen |= {(name, flow["id"]): flow[name] for name in ("draftsSetAside", "history", "copies")}
    return seen


def test_every_mutation_has_its_row() -> None:
    assert CORE.mutation_type is not None
    assert list(ROWS) == list(CORE.mutation_type.fields)


def fields_of(type_name: str) -> dict[str, GraphQLField]:
    named = CORE.type_map[type_name]
    assert isinstance(named, GraphQLObjectType)
    fields: dict[str, GraphQLField] = named.fields
    return fields


def test_every_list_of_a_row_is_one_of_the_schema() -> None:
    lists = {
        name
        for type_name in ("Query", "Workspace", "Flow")
        for name, field in fields_of(type_name).items()
        if get_named_type(field.type).name.endswith("Connection")
    }
    assert set().union(*ROWS.values()) - lists == set()


@pytest.mark.parametrize("name", EXAMPLES)
async def test_a_list_that_an_example_changes_is_in_the_row_of_its_mutation(
    demo: tuple[httpx.AsyncClient, str], name: str
) -> None:
    client, url = demo
    await reset_demo(url)
    before = await lists_seen(client)
    await EXAMPLES[name].run(client)
    after = await lists_seen(client)
    # A list of something that is new, or gone, nobody can hold.
    changed = {
        list_name
        for list_name, owner in before.keys() & after.keys()
        if before[list_name, owner] != after[list_name, owner]
    }
    assert changed <= set().union(*(ROWS[mutation] for mutation in mutations_of(EXAMPLES[name])))
