"""What becomes of the things of a document (W1 to W11, W15)."""

from dataclasses import replace
from typing import Any

import pytest

from app.domain.model import Kind
from app.domain.world.things import Dependent, FlowUses, Terms, Thing
from tests.applying import in_use
from tests.domain.provisioned import (
    ABROAD,
    BEN,
    BY_THE_API,
    CORE,
    DEV,
    GUEST,
    HOME,
    MAIL,
    MAILER,
    OF_HOME,
    ORDERS,
    PROD,
    RELEASER,
    RETAIL,
    SKETCH,
    an_id,
    mistakes_of,
    planned,
    said_of,
    the_world,
)

NAMED = {"firstName": "Zoe", "lastName": "Hill", "email": "zoe@example.com"}


@pytest.mark.parametrize(
    ("section", "item", "outcome"),
    [
        ("contracts", {"key": "retail", "name": "Retail"}, ("retail", "UNCHANGED", {})),
        ("contracts", {"key": "retail", "name": "Shops"}, ("retail", "CHANGED", {"name": ("Retail", "Shops")})),
        ("contracts", {"id": RETAIL, "flowQuota": None}, ("retail", "CHANGED", {"flowQuota": (5, None)})),
        ("contracts", {"key": "new", "name": "New"}, ("new", "CREATED", {})),
        ("contracts", {"key": "gone", "remove": True}, ("gone", "UNCHANGED", {})),
        ("workspaces", {"id": PROD, "key": "prod"}, ("prod", "CHANGED", {"key": (None, "prod")})),
        ("workspaces", {"id": PROD, "name": "Live"}, (None, "CHANGED", {"name": ("Production", "Live")})),
        ("workspaces", {"id": PROD, "remove": True}, (None, "REMOVED", {})),
        ("users", {"key": "ada", "active": False}, ("ada", "CHANGED", {"active": (True, False)})),
        ("users", {"key": "b", "email": "BEN@example.com"}, ("b", "CHANGED", {"key": (None, "b"), "email": ("ben@example.com", "BEN@example.com")})),
        ("roles", {"key": "releaser", "permissions": ["b"]}, ("releaser", "CHANGED", {"permissions": (["a", "b"], ["b"])})),
        ("roles", {"key": "releaser", "permissions": ["a", "b", "a"]}, ("releaser", "UNCHANGED", {})),
        ("workspaceMembers", {"workspace": "dev", "user": "ada", "role": "guest"}, ("dev/ada", "CHANGED", {"role": ("integrator", "guest")})),
        ("workspaceMembers", {"workspace": "dev", "user": "ada", "role": "integrator"}, ("dev/ada", "UNCHANGED", {})),
        ("workspaceMembers", {"workspace": DEV, "user": BEN, "role": "releaser"}, (f"{DEV}/{BEN}", "CREATED", {})),
        ("workspaceMembers", {"workspace": "dev", "user": "ada", "remove": True}, ("dev/ada", "REMOVED", {})),
        ("workspaceMembers", {"workspace": "dev", "user": BEN, "remove": True}, (f"dev/{BEN}", "UNCHANGED", {})),
        ("workspaceMembers", {"workspace": "dev", "user": "nobody", "remove": True}, ("dev/nobody", "UNCHANGED", {})),
        ("workspaceMembers", {"workspace": "dev", "user": "ada", "role": "gone", "remove": True}, ("dev/ada", "REMOVED", {})),
        ("contractMembers", {"contract": "gone", "user": "ada", "remove": True}, ("gone/ada", "UNCHANGED", {})),
        ("workspaces", {"key": "dev", "contract": "gone", "remove": True}, ("dev", "UNCHANGED", {})),
        ("workspaces", {"id": DEV, "contract": an_id(Kind.CONTRACT, 9), "remove": True}, (None, "UNCHANGED", {})),
        ("contracts", {"key": "retail", "tenant": ABROAD, "remove": True}, ("retail", "UNCHANGED", {})),
        ("credentials", {"key": "mail", "component": "gone", "remove": True}, ("mail", "UNCHANGED", {})),
        ("flows", {"key": "orders", "workspace": "gone", "remove": True}, ("orders", "UNCHANGED", {})),
        ("components", {"key": "mailer", "title": "Post"}, ("mailer", "CHANGED", {"title": ("Mailer", "Post")})),
        ("components", {"key": "mailer", "title": None}, ("mailer", "CHANGED", {"title": ("Mailer", "mailer")})),
        ("components", {"key": "mailer", "access": "TENANT"}, ("mailer", "CHANGED", {"access": ("TEAM", "TENANT")})),
        ("components", {"key": "mailer", "whitelistedContracts": ["foods", "foods"]}, ("mailer", "CHANGED", {"whitelistedContracts": ([], ["foods"])})),
        ("credentials", {"id": MAIL, "key": "mail", "name": "Relay"}, ("mail", "CHANGED", {"name": ("Mail", "Relay")})),
        ("flows", {"workspace": "dev", "key": "orders", "name": "Renamed", "versions": [], "draft": {}}, ("orders", "UNCHANGED", {})),
        ("flows", {"id": ORDERS, "suspended": True}, ("orders", "CHANGED", {"suspended": (False, True)})),
        ("flows", {"key": "orders", "suspended": False}, ("orders", "UNCHANGED", {})),
        ("flows", {"key": "sketch", "remove": True}, ("sketch", "REMOVED", {})),
        ("credentials", {"id": MAIL, "workspace": "dev", "remove": True}, ("mail", "REMOVED", {})),
        ("teams", {"key": "core", "name": "kernel", "remove": True}, ("core", "REMOVED", {})),
    ],
)  # fmt: skip
def test_what_becomes_of_a_thing(section: str, item: dict[str, Any], outcome: tuple[object, ...]) -> None:
    """Only what differs changes (W2), and the plan says what it was and will be (W5)."""
    plan = planned({section: [item]})
    assert (mistakes_of(plan), plan.blockers) == ({}, ())
    assert [said_of(each) for each in plan.effects] == [(section, *outcome)]


def test_a_plan_has_the_ids_of_what_exists_and_a_result_those_of_what_was_created() -> None:
    """W5; a membership has none."""
    membership = {"workspace": "dev", "user": "ada", "role": "guest"}
    plan = planned({"contracts": [{"key": "retail"}, {"key": "new", "name": "New"}], "workspaceMembers": [membership]})
    assert [each.id for each in plan.effects] == [RETAIL, None, None]
    created = plan.effects[1].thing.id
    assert [replace(each, is_done=True).id for each in plan.effects] == [RETAIL, created, None]


@pytest.mark.parametrize(
    ("section", "item", "path", "message"),
    [
        ("contracts", {"key": "x"}, "$.contracts[0].name", 'A new contract needs this property: there is none with the key "x".'),
        ("contracts", {"key": "retail", "name": None}, "$.contracts[0].name", "This property is required."),
        ("contracts", {"name": "x"}, "$.contracts[0].key", "This property is required."),
        ("contracts", {"key": "retail", "tenant": "abroad"}, "$.contracts[0].tenant", 'There is no tenant with the key or id "abroad".'),
        ("contracts", {"id": RETAIL, "key": "shops"}, "$.contracts[0].key", 'The contract has the key "retail" for good.'),
        ("workspaces", {"id": PROD, "key": "dev"}, "$.workspaces[0].key", 'Another workspace has the key "dev".'),
        ("workspaces", {"key": "dev", "contract": "foods"}, "$.workspaces[0].contract", "The contract of this workspace can't change: other things rest on it."),
        ("workspaces", {"id": RETAIL, "name": "Live"}, "$.workspaces[0].id", f'There is no workspace with the id "{RETAIL}".'),
        ("teams", {"key": "core", "name": "kernel"}, "$.teams[0].name", "The name of this team can't change: the commands in flows name it."),
        ("components", {"key": "mailer", "name": "post"}, "$.components[0].name", "The name of this component can't change: the commands in flows name it. Its title may change."),
        ("components", {"key": "post", "team": "core", "name": "mailer"}, "$.components[0].name", "Its team has a component of that name already."),
        ("credentials", {"key": "mail", "workspace": PROD}, "$.credentials[0].workspace", "The workspace of this credential can't change: other things rest on it."),
        ("credentials", {"key": "mail", "workspace": PROD, "remove": True}, "$.credentials[0].workspace", 'The workspace of this credential is "dev".'),
        ("workspaces", {"id": DEV, "contract": "foods", "remove": True}, "$.workspaces[0].contract", 'The contract of this workspace is "retail".'),
        ("roles", {"key": "guest", "scope": "WORKSPACE", "name": "Guest"}, "$.roles[0].key", 'The role "guest" is built in; choose another key.'),
        ("roles", {"id": GUEST, "name": "Guest"}, "$.roles[0].id", 'The role "guest" is built in and can\'t be changed.'),
        ("workspaceMembers", {"user": "nobody", "remove": True}, "$.workspaceMembers[0].workspace", "This property is required."),
        ("workspaceMembers", {"workspace": "dev", "user": PROD, "remove": True}, "$.workspaceMembers[0].user", f'There is no user with the key or id "{PROD}".'),
        ("workspaceMembers", {"workspace": "dev", "role": "guest"}, "$.workspaceMembers[0].user", "This property is required."),
        (
            "workspaceMembers",
            {"workspace": "dev", "user": BEN},
            "$.workspaceMembers[0].role",
            "A new membership needs this property.",
        ),
        ("contractMembers", {"contract": "retail", "user": "ada", "role": "releaser"}, "$.contractMembers[0].role", 'The role "releaser" has the scope WORKSPACE, not CONTRACT.'),
        ("users", {"key": "b", **NAMED, "email": "ADA@example.com"}, "$.users[0].email", "Another user has this e-mail address."),
        ("users", {"key": "ada", "email": "BEN@example.com"}, "$.users[0].email", "Another user has this e-mail address."),
    ],
)  # fmt: skip
def test_what_cannot_be_applied(section: str, item: dict[str, Any], path: str, message: str) -> None:
    """Keys stay (W1), and so does what others rest on (W6)."""
    assert mistakes_of(planned({section: [item]})) == {path: message}


def test_a_flow_that_is_not_suspended_any_more_is_inactive_whatever_its_first_status_was() -> None:
    """A document creates flows; later it changes only `suspended` (W10)."""
    world = the_world()
    world["flows"][0].values = {"workspace": DEV, "suspended": True, "status": "SUSPENDED"}
    [flow] = planned({"flows": [{"id": ORDERS, "status": "ACTIVE", "suspended": False}]}, world=world).effects
    assert said_of(flow) == ("flows", "orders", "CHANGED", {"suspended": (True, False)})
    assert flow.thing.values["status"] == "INACTIVE"


def test_a_document_refers_to_what_it_creates_and_not_to_what_it_removes() -> None:
    plan = planned(
        {
            "workspaceMembers": [{"workspace": "new", "user": "ada", "role": "mine"}],
            "workspaces": [{"key": "new", "contract": "retail", "name": "New one", "type": "FULL"}],
            "roles": [{"key": "mine", "scope": "WORKSPACE", "name": "Mine"}, {"key": "releaser", "remove": True}],
            "contractMembers": [{"contract": "retail", "user": "ada", "role": "releaser"}],
        }
    )
    assert mistakes_of(plan) == {
        "$.contractMembers[0].role": 'The role "releaser" is removed by this document.',
    }
    assert [said_of(each)[:3] for each in plan.effects] == [
        ("workspaces", "new", "CREATED"),
        ("roles", "mine", "CREATED"),
        ("roles", "releaser", "REMOVED"),
        ("workspaceMembers", "new/ada", "CREATED"),
        ("contractMembers", "retail/ada", "CREATED"),
    ]


@pytest.mark.parametrize(
    ("document", "dependents", "blockers"),
    [
        ({"workspaces": [{"key": "dev", "remove": True}]}, [Dependent("flows", SKETCH, DEV), Dependent("flows", ORDERS, DEV)], [("workspaces", "dev", "flows", 2)]),
        ({"workspaces": [{"key": "dev", "remove": True}], "flows": [{"id": SKETCH, "remove": True}]}, [Dependent("flows", SKETCH, DEV)], []),
        ({"contracts": [{"key": "retail", "remove": True}]}, [Dependent("workspaces", DEV, RETAIL), Dependent("teams", CORE, RETAIL)], [("contracts", "retail", "workspaces", 1), ("contracts", "retail", "teams", 1)]),
        ({"components": [{"key": "mailer", "remove": True}]}, [Dependent("credentials", MAIL, MAILER, DEV)], [("components", "mailer", "credentials", 1)]),
        ({"components": [{"key": "mailer", "remove": True}], "workspaces": [{"key": "dev", "remove": True}]}, [Dependent("credentials", MAIL, MAILER, DEV)], []),
        ({"roles": [{"key": "releaser", "remove": True}]}, [Dependent("workspaceMembers", f"{PROD}/{BEN}", RELEASER, PROD, BEN)], [("roles", "releaser", "workspaceMembers", 1)]),
        ({"roles": [{"key": "releaser", "remove": True}], "users": [{"id": BEN, "remove": True}]}, [Dependent("workspaceMembers", f"{PROD}/{BEN}", RELEASER, PROD, BEN)], []),
        ({"roles": [{"key": "releaser", "remove": True}], "contracts": [{"key": "retail", "remove": True}]}, [Dependent("contractMembers", f"{RETAIL}/{BEN}", RELEASER, RETAIL, BEN)], []),
        ({"roles": [{"key": "releaser", "remove": True}], "workspaceMembers": [{"workspace": PROD, "user": BEN, "role": "guest"}]}, [Dependent("workspaceMembers", f"{PROD}/{BEN}", RELEASER, PROD, BEN)], []),
        ({"flows": [{"id": ORDERS, "remove": True}]}, [], [("flows", "orders", "flows", 1)]),
    ],
)  # fmt: skip
def test_what_keeps_things_from_being_removed(
    document: dict[str, list[dict[str, Any]]], dependents: list[Dependent], blockers: list[tuple[str, str, str, int]]
) -> None:
    plan = planned(document, dependents=dependents)
    assert mistakes_of(plan) == {}
    assert in_use(plan) == blockers


def test_a_blocker_says_how_many_things_rest_on_what_and_that_a_flow_runs() -> None:
    document = {"contracts": [{"key": "retail", "remove": True}], "flows": [{"id": ORDERS, "remove": True}]}
    blockers = planned(document, dependents=[Dependent("workspaces", DEV, RETAIL)]).blockers
    assert [(each.path, each.message) for each in blockers] == [
        (
            ("document", "contracts", "0"),
            'The contract "retail" can\'t be removed while 1 workspace rests on it. Remove it first, or in the same document.',
        ),
        (("document", "flows", "0"), 'The flow "orders" can\'t be removed while it runs. Stop it first.'),
    ]


def test_pruning_takes_what_has_a_key_and_is_not_named() -> None:
    prune = Terms(tenant=HOME, tenants=frozenset({HOME}), prune=frozenset({"workspaces", "workspaceMembers", "roles"}))
    plan = planned({"workspaces": [{"key": "new", "contract": "retail", "name": "New one", "type": "FULL"}]}, prune)
    assert [said_of(each)[:3] for each in plan.effects] == [
        ("workspaces", "new", "CREATED"),
        ("workspaces", "dev", "REMOVED"),
        ("roles", "releaser", "REMOVED"),
        ("workspaceMembers", "dev/ada", "REMOVED"),
    ]


def test_what_is_pruned_and_the_fingerprint_do_not_depend_on_the_order_in_which_rows_are_read() -> None:
    prune = Terms(tenant=HOME, tenants=frozenset({HOME}), prune=frozenset({"credentials"}))
    mails = [
        replace(thing, id=f"{thing.id}{n}", key=f"mail-{n}") for thing in the_world()["credentials"] for n in range(3)
    ]
    plans = [planned({}, prune, the_world() | {"credentials": read}) for read in (mails, mails[::-1])]
    assert [each.key for each in plans[0].effects] == ["mail-0", "mail-1", "mail-2"]
    assert plans[0].fingerprint == plans[1].fingerprint


def test_what_a_document_names_is_not_pruned() -> None:
    prune = Terms(tenant=HOME, tenants=frozenset({HOME}), prune=frozenset({"workspaceMembers"}))
    plan = planned({"workspaceMembers": [{"workspace": "dev", "user": "ada", "role": "guest"}]}, prune)
    assert [said_of(each)[:3] for each in plan.effects] == [("workspaceMembers", "dev/ada", "CHANGED")]


def test_the_flows_that_use_what_is_removed_are_told() -> None:
    uses = {MAIL: FlowUses(2, (ORDERS, SKETCH), ("Orders", "Sketch"))}
    [mail] = planned({"credentials": [{"key": "mail", "remove": True}]}, uses=uses).effects
    assert (mail.uses.count, mail.uses.flows) == (2, (ORDERS, SKETCH))


# W11


@pytest.mark.parametrize(
    ("section", "item", "path"),
    [
        ("tenants", {"key": "home", "name": "House"}, "$.tenants[0]"),
        ("tenantMembers", {"user": "ada", "role": "provisioner"}, "$.tenantMembers[0]"),
        ("components", {"key": "mailer", "access": "GLOBAL"}, "$.components[0].access"),
        ("components", {"key": "new", "team": "core", "name": "new", "access": "GLOBAL"}, "$.components[0].access"),
        ("users", {"key": "ada", "lastName": "Byron"}, "$.users[0]"),
        ("users", {"key": "ada", "remove": True}, "$.users[0]"),
    ],
)
def test_what_is_for_the_command_alone(section: str, item: dict[str, Any], path: str) -> None:
    world = the_world()
    provisioner = {"scope": "TENANT", "name": "provisioner", "permissions": ["tenants.world.edit"]}
    world["roles"].append(Thing("role_00000000000000000000000009", provisioner, None, "provisioner"))
    world["users"][0].values = {**world["users"][0].values, "isProvisioner": True}
    assert planned({section: [item]}, OF_HOME, world).mistakes == ()
    plan = planned({section: [item]}, BY_THE_API, world)
    assert [(each.json_path, "only the command" in each.message) for each in plan.mistakes] == [(path, True)]


def test_pruning_says_what_of_it_is_for_the_command_alone() -> None:
    world = the_world()
    world["users"][0].values = {**world["users"][0].values, "isProvisioner": True}
    prune = Terms(by_command=False, tenant=HOME, tenants=frozenset({HOME}), prune=frozenset({"users"}))
    [mistake] = planned({}, prune, world).mistakes
    assert (mistake.refusal.path, mistake.message) == (
        ("prune",),
        'The API doesn\'t change provisioners, such as "ada": only the command `flowport apply` does that.',
    )


# W3


def test_the_fingerprint_is_of_all_that_would_change() -> None:
    renamed = {"contracts": [{"key": "retail", "name": "Shops"}]}
    first = planned(renamed).fingerprint
    assert planned({**renamed, "workspaces": [{"key": "dev"}]}).fingerprint == first
    world = the_world()
    world["contracts"][0].values = {**world["contracts"][0].values, "name": "Stores"}
    assert planned(renamed, world=world).fingerprint != first
    created = {"contracts": [{"key": "new", "name": "New"}]}
    assert planned(created).fingerprint == planned(created).fingerprint
    assert planned(created).fingerprint != planned({"contracts": [{"key": "new", "name": "Old"}]}).fingerprint


def test_equal_numbers_of_two_kinds_are_two_values_of_a_schema() -> None:
    world: dict[str, list[Thing]] = {
        **the_world(),
        "topics": [
            Thing(
                "topic_00000000000000000000000001",
                {"workspace": DEV, "name": "T", "schema": '{"a":1}'},
                HOME,
                "t",
                HOME,
            )
        ],
    }
    assert [each.change for each in planned({"topics": [{"key": "t", "schema": {"a": 1}}]}, world=world).effects] == [
        "UNCHANGED"
    ]
    assert [each.change for each in planned({"topics": [{"key": "t", "schema": {"a": 1.0}}]}, world=world).effects] == [
        "CHANGED"
    ]
