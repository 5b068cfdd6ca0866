"""What a provisioner learns of e-mail addresses that other tenants' users have: nothing (W9)."""

import json
from collections.abc import AsyncIterator

import pytest

from tests.api.client import Api, Json
from tests.api.office import PLAN, apply, held, office, wish
from tests.api.world_builder import email_of
from tests.databases import Databases, Loaded

NAMED = {"firstName": "Eve", "lastName": "Else"}


@pytest.fixture(scope="module")
async def loaded_office(databases: Databases) -> AsyncIterator[Loaded]:
    world = office()
    world.user("far-away", "abroad")
    async with databases.loaded(world) as loaded:
        yield loaded


@pytest.fixture(scope="module")
async def api(databases: Databases, loaded_office: Loaded) -> AsyncIterator[Api]:
    """Shared: what these tests apply is refused."""
    async with databases.serving(loaded_office) as api:
        yield api


def users_with(email: str) -> dict[str, list[Json]]:
    """Documents that name an address, by what they do with it."""
    new: Json = {"key": "new", "email": email, **NAMED}
    return {
        "a new user": [new],
        "a new user without a name": [{"key": "new", "email": email}],
        "a user of the tenant": [{"key": "ada", "email": email}],
        "two new users": [new, {**new, "key": "other"}],
        "two new users of one key": [new, new],
        "a user that goes": [{**new, "remove": True}],
    }


@pytest.mark.parametrize("case", users_with(""))
@pytest.mark.parametrize("known", ["far-away", "stranger"])
async def test_an_answer_is_the_same_for_addresses_of_others_and_of_nobody(api: Api, known: str, case: str) -> None:
    answers = []
    for email in (email_of(known), "nobody@example.com"):
        document = users_with(email)[case]
        plan = (await api.caller("robot").ask(PLAN, input=wish(api, users=document)))["worldPlan"]
        answers.append(json.dumps({**plan, "fingerprint": ""}).replace(email, "the address"))
        if plan["blockers"]:
            before = await held(api)
            assert (await apply(api, users=document))["errors"] == plan["blockers"]
            assert await held(api) == before
    assert answers[0] == answers[1]
