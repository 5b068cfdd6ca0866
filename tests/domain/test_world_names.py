"""What the keys, ids and names of a document stand for, and whose they are (W1)."""

from dataclasses import replace
from typing import Any

import pytest

from app.domain.world.things import Terms, Thing
from tests.domain.counting import bytecodes
from tests.domain.provisioned import ABROAD, DEV, FOODS, HOME, mistakes_of, planned, the_world


def test_the_tenant_of_a_document_is_that_of_the_things_that_have_one_and_nothing_else_is_taken_for_it() -> None:
    new = {
        "contracts": [{"key": "x", "name": "X"}],
        "workspaces": [{"key": "w", "contract": "retail", "name": "New one", "type": "FULL"}],
    }
    contract, workspace = (each.thing for each in planned(new).effects)
    assert contract is not None
    assert contract.values["tenant"] == HOME
    assert workspace is not None
    assert "tenant" not in workspace.values
    of_several = Terms(tenants=frozenset({HOME, ABROAD}))
    assert mistakes_of(planned(new, of_several)) == {
        "$.contracts[0].tenant": 'A new contract needs this property: there is none with the key "x".'
    }


@pytest.mark.parametrize(("removed", "mistakes"), [(True, []), (False, ["$.components[1].name"])])
def test_a_name_is_free_again_where_its_thing_is_removed(removed: bool, mistakes: list[str]) -> None:
    first = {"key": "mailer", "remove": True} if removed else {"key": "mailer"}
    plan = planned({"components": [first, {"key": "post", "team": "core", "name": "mailer"}]})
    assert [*mistakes_of(plan)] == mistakes


@pytest.mark.parametrize("named", [[], ["retail", "foods"]])
def test_a_key_that_two_tenants_have_is_no_reference(named: list[str]) -> None:
    """Also where the document names the things of both."""
    world = the_world()
    world["contracts"][1] = replace(world["contracts"][1], tenant=ABROAD, scope=ABROAD)
    abroad = {"contract": FOODS, "name": "Development", "type": "LIMITED"}
    world["workspaces"].append(Thing("workspace_00000000000000000000000009", abroad, ABROAD, "dev", ABROAD))
    of_both = Terms(tenants=frozenset({HOME, ABROAD}))
    item = {"key": "new", "workspace": "dev", "component": "mailer", "name": "New"}
    workspaces = [{"key": "dev", "contract": contract} for contract in named]
    assert mistakes_of(planned({"workspaces": workspaces, "credentials": [item]}, of_both, world)) == {
        "$.credentials[0].workspace": 'The key "dev" names 2 workspaces; say by an id which is meant.'
    }


def test_two_items_about_the_same_are_a_mistake_of_the_second() -> None:
    twice = {"contracts": [{"key": "retail"}, {"key": "retail"}], "workspaces": [{"id": DEV}, {"key": "dev"}]}
    assert mistakes_of(planned(twice)) == {
        "$.contracts[1].key": 'The key "retail" is taken already, by $.contracts[0].',
        "$.workspaces[1].key": "$.workspaces[0] is about the same workspace.",
    }


def test_a_key_is_taken_also_by_what_has_other_mistakes() -> None:
    """W4: every mistake at once."""
    new = {"key": "new", "name": "New one", "type": "FULL"}
    lost = [{"key": "f", "workspace": name} for name in ("north", "south", "north")]
    mistakes = mistakes_of(
        planned({"workspaces": [new | {"contract": "gone"}, new | {"contract": "retail"}], "flows": lost})
    )
    assert {path: message for path, message in mistakes.items() if path.endswith(".key")} == {
        "$.workspaces[1].key": 'The key "new" is taken already, by $.workspaces[0].',
        "$.flows[2].key": 'The key "f" is taken already, by $.flows[0].',
    }


CONTROL = "control characters such as line breaks."
IN_COMMANDS = "spaces, /, : or @, since commands name it: team/component:action@version."


@pytest.mark.parametrize(
    ("section", "item", "mistakes"),
    [
        ("teams", {"key": "t", "contract": "retail", "name": "with/slash"}, {"name": ("team", IN_COMMANDS)}),
        ("components", {"key": "c", "team": "core", "name": "x@y:z", "title": "x@y:z"}, {"name": ("component", IN_COMMANDS)}),
        ("components", {"key": "c", "team": "core", "name": "größe-2.0_é"}, {}),
        ("components", {"key": "mailer", "title": "a\tb"}, {"title": ("component", CONTROL)}),
        ("topics", {"key": "t", "workspace": "dev", "name": "a\n"}, {"name": ("topic", CONTROL)}),
        ("users", {"key": "ada", "lastName": "Love\nlace"}, {"lastName": ("user", CONTROL)}),
        ("users", {"key": "u", "firstName": "\x07", "lastName": "\x85", "email": "u@example.com"}, {"firstName": ("user", CONTROL), "lastName": ("user", CONTROL)}),
    ],
)  # fmt: skip
def test_a_new_name_can_be_used(section: str, item: dict[str, Any], mistakes: dict[str, tuple[str, str]]) -> None:
    assert mistakes_of(planned({section: [item]})) == {
        f"$.{section}[0].{name}": f"The {name} of this {noun} can't hold {what}"
        for name, (noun, what) in mistakes.items()
    }


def test_what_has_an_unusable_name_already_keeps_it() -> None:
    world = the_world()
    [core], ada = world["teams"], world["users"][0]
    core.values, ada.values = {**core.values, "name": "a/b"}, {**ada.values, "lastName": "a\nb"}
    plan = planned(
        {"teams": [{"key": "core", "name": "a/b"}], "users": [{"key": "ada", "firstName": "A", "lastName": "a\nb"}]},
        world=world,
    )
    assert mistakes_of(plan) == {}
    assert [each.change for each in plan.effects] == ["CHANGED", "UNCHANGED"]


def test_references_to_a_key_that_very_many_items_have_take_no_longer_with_each_of_them() -> None:
    def effort(number: int) -> int:
        same = [{"key": "w"}] * number
        return bytecodes(lambda: planned({"workspaces": same, "agents": [{"workspace": "w"}] * number}))

    small, large = effort(200), effort(800)
    assert large < 5 * small
