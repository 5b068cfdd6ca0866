"""Users of a tenant, and of others, in the documents of one (W9)."""

from typing import Any

import pytest

from app.domain.world.things import Terms, Thing
from tests.domain.provisioned import (
    ABROAD,
    BY_THE_API,
    EVE,
    HOME,
    OF_HOME,
    mistakes_of,
    person,
    planned,
    said_of,
    the_world,
)


@pytest.mark.parametrize("email", ["eve@example.com", "nobody@example.com"])
def test_whether_an_address_was_known_before_is_not_told(email: str) -> None:
    document = {
        "users": [{"key": "e", "firstName": "Eva", "lastName": "Else", "email": email}],
        "workspaceMembers": [{"workspace": "dev", "user": "e", "role": "guest"}],
    }
    plan = planned(document, BY_THE_API)
    assert mistakes_of(plan) == {}
    assert [(each.section.name, each.key, each.change, each.fields, each.id) for each in plan.effects] == [
        ("users", "e", "CREATED", (), None),
        ("workspaceMembers", "dev/e", "CREATED", (), None),
    ]


def test_a_user_of_another_tenant_stays_as_it_is() -> None:
    world = the_world()
    world["users"][2] = Thing(EVE, person("Eve", "eve@example.com", tenant=ABROAD), ABROAD, "e", HOME)
    [eve] = planned({"users": [{"key": "e", "firstName": "Eva", "active": False}]}, BY_THE_API, world).effects
    assert (said_of(eve), eve.thing.values["active"]) == (("users", "e", "UNCHANGED", {}), True)


@pytest.mark.parametrize("said", [{}, {"tenant": None}, {"tenant": "home"}])
def test_a_new_user_belongs_to_the_tenant_of_the_document(said: dict[str, Any]) -> None:
    item = {"key": "n", "firstName": "Ned", "lastName": "New", "email": "ned@example.com", **said}
    [ned] = planned(
        {
            "users": [
                item,
            ]
        },
        BY_THE_API,
    ).effects
    assert (ned.thing.tenant, ned.thing.values["tenant"]) == (HOME, HOME)


def test_a_user_of_another_tenant_has_one_address() -> None:
    item = {"id": EVE, "key": "e", "firstName": "Eva", "lastName": "Else", "email": "nobody@example.com"}
    assert [*mistakes_of(planned({"users": [item]}, BY_THE_API))] == ["$.users[0].email"]


@pytest.mark.parametrize("key", ["e", "ada"])
def test_the_api_changes_no_address_whosever_it_is(key: str) -> None:
    world = the_world()
    world["users"][2] = Thing(EVE, person("Eve", "eve@example.com", tenant=ABROAD), ABROAD, "e", HOME)
    plan = planned({"users": [{"key": key, "email": "new@example.com"}]}, BY_THE_API, world)
    assert mistakes_of(plan) == {
        "$.users[0].email": "The e-mail address of a user can't change here: only the command `flowport apply` changes it."
    }


def test_a_removal_does_not_tell_the_tenant_of_another_tenants_user() -> None:
    plan = planned({"users": [{"id": EVE, "tenant": "home", "remove": True}]}, BY_THE_API)
    assert mistakes_of(plan) == {}
    assert [said_of(each) for each in plan.effects] == [("users", None, "REMOVED", {})]


@pytest.mark.parametrize("terms", [BY_THE_API, OF_HOME])
@pytest.mark.parametrize("was_active", [True, False])
def test_users_are_activated_and_deactivated(terms: Terms, was_active: bool) -> None:
    world = the_world()
    world["users"][0].values = {**world["users"][0].values, "active": was_active}
    [ada] = planned({"users": [{"key": "ada", "active": not was_active}]}, terms, world).effects
    assert said_of(ada)[2:] == ("CHANGED", {"active": (was_active, not was_active)})


def test_whom_the_command_has_deactivated_it_alone_activates_again() -> None:
    """It did so in every tenant, and a document of one can't change what others see (W9)."""
    world = the_world()
    ada = world["users"][0]
    ada.values = {**ada.values, "active": False, "isBarred": True}
    assert mistakes_of(planned({"users": [{"key": "ada", "active": True}]}, BY_THE_API, world)) == {
        "$.users[0].active": "The command `flowport apply` deactivated this user in every tenant, and it alone can activate it again."
    }
    for item, change in (({"active": False}, "UNCHANGED"), ({"lastName": "Byron"}, "CHANGED")):
        plan = planned({"users": [{"key": "ada", **item}]}, BY_THE_API, world)
        assert (mistakes_of(plan), [each.change for each in plan.effects]) == ({}, [change])
    assert mistakes_of(planned({"users": [{"key": "ada", "active": True}]}, OF_HOME, world)) == {}


def test_the_command_changes_the_address_of_a_user() -> None:
    [ada] = planned({"users": [{"key": "ada", "email": "lovelace@example.com"}]}, OF_HOME).effects
    assert said_of(ada)[2:] == ("CHANGED", {"email": ("ada@example.com", "lovelace@example.com")})
