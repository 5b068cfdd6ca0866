"""Whose document is applied: the command's, or that of a provisioner of the one tenant that it is about."""

import pytest

from app.domain.model import UserId
from app.domain.world.things import TenantNotFound, WorldPlan
from app.usecases.apply_world import NotApplied, apply_world, plan_world
from tests.applying import load_world, wish_of
from tests.commands import working_on
from tests.usecases.world_files import as_file, contents, document, world


@pytest.mark.parametrize(("user", "tenant"), [("ada", None), ("owner", None), ("ada", "abroad")])
async def test_who_does_not_provision_the_tenant_neither_plans_nor_applies(
    database_url: str, user: str, tenant: str | None
) -> None:
    """W11."""
    member = {"tenant": "home", "user": "ada", "role": "provisioner"}
    ids = await load_world(database_url, as_file({**world(), "tenantMembers": [member]}))
    renamed = document(workspaces=[{"key": "dev", "name": "Workshop"}])
    before = await contents(database_url)
    of_tenant = None if tenant is None else ids[tenant]
    async with working_on(database_url) as work:
        plan = await plan_world(work.of(UserId(ids[user])), wish_of(renamed, tenant=of_tenant))
        outcome = await apply_world(work.of(UserId(ids[user])), wish_of(renamed, tenant=of_tenant))
    if (user, tenant) == ("ada", None):
        assert isinstance(outcome, WorldPlan)
        assert (plan.blockers, outcome.created, outcome.changed, outcome.removed, outcome.unchanged) == ((), 0, 1, 0, 0)
        return
    refused = (TenantNotFound(of_tenant or "", path=("tenantId",)),)
    assert isinstance(outcome, NotApplied)
    assert (plan.blockers, outcome.errors) == (refused, refused)
    assert await contents(database_url) == before


async def test_pruning_names_its_tenant(database_url: str) -> None:
    """W3."""
    await load_world(database_url, as_file(world()))
    async with working_on(database_url) as work:
        plan = await plan_world(work, wish_of(document(), prune=["agents"]))
    assert [refusal.path for refusal in plan.blockers] == [("prune",)]
