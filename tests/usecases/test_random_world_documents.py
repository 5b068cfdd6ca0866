"""Plans and what is written agree with a slow second implementation, on random documents one after the other."""

from random import Random
from typing import Any

import pytest

from tests.applying import WorldRefused, applied, in_use, plan_of
from tests.usecases.world_files import as_file, contents
from tests.usecases.world_model import FREE, Document, WorldModel, random_document

DOCUMENTS = 12
TENANT: Document = {"tenants": [{"key": "home", "name": "Home"}]}


@pytest.mark.parametrize("seed", range(2))
async def test_random_documents_do_what_the_model_says(database_url: str, seed: int) -> None:
    chance, model = Random(seed), WorldModel()  # noqa: S311 - the same documents again, not a secret
    await applied(database_url, as_file({"format": "flowport-world/1", **TENANT}))
    outcomes = set()
    for _ in range(DOCUMENTS):
        document, prune = random_document(chance, model)
        text = as_file({"format": "flowport-world/1", **document})
        options: dict[str, Any] = {"tenant": "home", "prune": prune}
        plan = await plan_of(database_url, text, **options)
        expected = model.apply(document, prune)
        assert bool(plan.mistakes) is expected.has_mistakes, (document, plan.mistakes)
        things = [
            (
                each.section.name,
                each.key,
                each.change.value,
                {field.path[1:]: (field.before, field.after) for field in each.fields},
            )
            for each in plan.effects
        ]
        assert sorted(things, key=str) == sorted(expected.things, key=str), document
        if not plan.mistakes:
            assert {*in_use(plan)} == expected.blockers, document
        options["fingerprint"] = plan.fingerprint
        if plan.mistakes or plan.blockers:
            before = await contents(database_url)
            with pytest.raises(WorldRefused):
                await applied(database_url, text, **options)
            assert await contents(database_url) == before
            outcomes.add("refused")
        else:
            done = await applied(database_url, text, **options)
            assert [(each.key, each.change, each.fields) for each in done.effects] == [
                (each.key, each.change, each.fields) for each in plan.effects
            ]
            outcomes.add("applied")
        await is_as(model, database_url)
    assert outcomes == {"applied", "refused"}


async def is_as(model: WorldModel, url: str) -> None:
    """Whether the database holds what the model says."""
    database = await contents(url)
    key_of = {row["id"]: row["key"] for row in database["external_key"]}
    roles = {row["id"]: key_of.get(row["id"], row["name"]) for row in database["role"]} | {None: None}
    tables = {"contracts": "contract", "workspaces": "workspace", "users": "user_account", "credentials": "credential"}
    columns = {"flowQuota": "flow_quota", "firstName": "first_name", "lastName": "last_name"}
    for section, table in tables.items():
        names = FREE[section]
        assert {
            key_of[row["id"]]: {name: row[columns.get(name, name)] for name in names} for row in database[table]
        } == {key: {name: each[name] for name in names} for key, each in model.things[section].items()}
    assert {key_of[row["id"]]: row["status"] == "SUSPENDED" for row in database["flow"]} == {
        key: each["suspended"] for key, each in model.things["flows"].items()
    }
    seen = {
        (key_of[row["user_id"]], key_of[row["workspace_id"]], roles[row["role_id"]])
        for row in database["workspace_access"]
    }
    contracts = {
        (key_of[row["user_id"]], key_of[row["contract_id"]], roles[row["role_id"]])
        for row in database["contract_access"]
    }
    assert (seen, contracts) == model.sights()
