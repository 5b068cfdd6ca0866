"""Which component a command means, and which workspaces can use it (C0 to C4)."""

import pytest

from app.domain.component import Catalogue, Component, ComponentAccess, InaccessibilityReason, why_unusable
from app.domain.model import Contract, TenantId, WorkspaceType
from tests.domain.builders import (
    ABROAD,
    FULL,
    GLOBAL,
    HOME,
    LIMITED,
    NORTHERN,
    OVERSEAS,
    SOUTHERN,
    TEAM,
    TENANT,
    component,
    contract,
    workspace,
)

OTHER_TENANT = InaccessibilityReason.OTHER_TENANT
OTHER_CONTRACT = InaccessibilityReason.TEAM_OF_ANOTHER_CONTRACT
NOT_WHITELISTED = InaccessibilityReason.NOT_WHITELISTED
FAR, FARTHER = TenantId("tenant_far"), TenantId("tenant_farther")


def mailer(tenant: TenantId, access: ComponentAccess, component_id: str) -> Component:
    return component("acme/mailer", access, contract(f"In {tenant}", tenant=tenant), component_id=component_id)


HOMES_OWN, HOMES_GLOBAL = mailer(HOME, TEAM, "component_5"), mailer(HOME, GLOBAL, "component_5")
FIRST_GLOBAL, SECOND_GLOBAL = mailer(FAR, GLOBAL, "component_1"), mailer(FARTHER, GLOBAL, "component_2")
ABROADS_OWN = mailer(ABROAD, TENANT, "component_0")


@pytest.mark.parametrize(
    ("there_are", "meant_at_home"),
    [
        ([], None),
        ([HOMES_OWN], HOMES_OWN),  # visible or not: resolving comes before access
        ([ABROADS_OWN], None),
        ([FIRST_GLOBAL], FIRST_GLOBAL),
        ([FIRST_GLOBAL, HOMES_OWN], HOMES_OWN),  # the tenant's own comes before any GLOBAL one
        ([FIRST_GLOBAL, HOMES_GLOBAL], HOMES_GLOBAL),
        ([SECOND_GLOBAL, FIRST_GLOBAL], FIRST_GLOBAL),  # the one created first
        ([FIRST_GLOBAL, SECOND_GLOBAL], FIRST_GLOBAL),
        ([ABROADS_OWN, SECOND_GLOBAL], SECOND_GLOBAL),
    ],
)
def test_a_command_means_the_tenants_own_component_else_the_first_global_one(
    there_are: list[Component], meant_at_home: Component | None
) -> None:
    assert Catalogue(there_are).resolve("acme/mailer:send@latest", HOME) == meant_at_home


@pytest.mark.parametrize("command", ["acme/mailers:send", "acme2/mailer:send", "acme/mailer", "Acme/mailer:send"])
def test_another_name_or_no_command_means_no_component(command: str) -> None:
    assert Catalogue([HOMES_GLOBAL]).resolve(command, HOME) is None


def test_function_and_version_make_no_difference() -> None:
    meant = {Catalogue([HOMES_OWN]).resolve(f"acme/mailer:{rest}", HOME) for rest in ("a", "b@latest", "c@1")}
    assert meant == {HOMES_OWN}


@pytest.mark.parametrize(
    ("access", "at", "reason"),
    [
        (GLOBAL, NORTHERN, None),
        (GLOBAL, SOUTHERN, None),
        (GLOBAL, OVERSEAS, None),
        (TENANT, NORTHERN, None),
        (TENANT, SOUTHERN, None),
        (TENANT, OVERSEAS, OTHER_TENANT),
        (TEAM, NORTHERN, None),
        (TEAM, SOUTHERN, OTHER_CONTRACT),
        (TEAM, OVERSEAS, OTHER_TENANT),
    ],
)
def test_where_a_component_of_northern_retail_is_visible(
    access: ComponentAccess, at: Contract, reason: InaccessibilityReason | None
) -> None:
    """C1, C2."""
    its = component("acme/mailer", access, NORTHERN)
    assert [why_unusable(its, workspace("Any", at, of_type)) for of_type in (FULL, LIMITED)] == [reason, reason]


CHOOSY, CHOOSY_SOUTHERN = (contract(name, whitelist=True) for name in ("Northern Retail", "Southern Foods"))


def mail(access: ComponentAccess, owner: Contract, *whitelisted: Contract) -> Component:
    return component("acme/mailer", access, owner, whitelisted=whitelisted)


@pytest.mark.parametrize(
    ("its", "at", "of_type", "reason"),
    [
        # the setting is off: the whitelist says nothing
        (mail(GLOBAL, SOUTHERN), NORTHERN, FULL, None),
        (mail(TENANT, SOUTHERN, SOUTHERN), NORTHERN, FULL, None),
        # the setting is on, a production workspace: its own contract's, or naming it
        (mail(GLOBAL, SOUTHERN), CHOOSY, FULL, NOT_WHITELISTED),
        (mail(TENANT, SOUTHERN), CHOOSY, FULL, NOT_WHITELISTED),
        (mail(GLOBAL, OVERSEAS), CHOOSY, FULL, NOT_WHITELISTED),
        (mail(TENANT, SOUTHERN, SOUTHERN, OVERSEAS), CHOOSY, FULL, NOT_WHITELISTED),
        (mail(TENANT, SOUTHERN, CHOOSY), CHOOSY, FULL, None),
        (mail(GLOBAL, OVERSEAS, CHOOSY), CHOOSY, FULL, None),
        (mail(TEAM, CHOOSY), CHOOSY, FULL, None),
        (mail(TENANT, CHOOSY, SOUTHERN), CHOOSY, FULL, None),
        # the setting is on, a development workspace: any
        (mail(GLOBAL, SOUTHERN), CHOOSY, LIMITED, None),
        (mail(TENANT, SOUTHERN), CHOOSY, LIMITED, None),
        # a whitelist makes nothing visible that isn't
        (mail(TEAM, CHOOSY, CHOOSY_SOUTHERN), CHOOSY_SOUTHERN, FULL, OTHER_CONTRACT),
        (mail(TENANT, OVERSEAS, CHOOSY), CHOOSY, FULL, OTHER_TENANT),
    ],
)
def test_the_whitelist_counts_in_production_workspaces_of_a_tenant_that_has_the_setting(
    its: Component, at: Contract, of_type: WorkspaceType, reason: InaccessibilityReason | None
) -> None:
    """C1, C3."""
    assert why_unusable(its, workspace("Any", at, of_type)) == reason
