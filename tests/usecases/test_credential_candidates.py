"""What steps could use at a destination: those that belong to the component, the most likely first, each with why."""

from typing import Any

import pytest

from app.domain.choices import StepChoice
from app.domain.edit import UpdateWish
from app.domain.flow import BY_DEFAULT, SourceWish, StateOfFlow
from app.domain.model import ReferenceKind
from app.domain.references import StepInNeed
from app.usecases.change_flow import update_draft
from app.usecases.find_candidates import CandidateSearch, count_candidates, find_candidates, find_steps_in_need
from tests.usecases.company_database import CompanyDatabase, exported


async def steps_of(
    world: CompanyDatabase, flow: str, to: str, *, by: str = "ada", source: SourceWish = BY_DEFAULT
) -> list[StepInNeed] | None:
    return await find_steps_in_need(world.database, world.user(by), world[flow], source, workspace_id=world[to])


async def candidates(
    world: CompanyDatabase, to: str, *, search: str | None = None, first: int = 20, by: str = "ada"
) -> Any:
    """For each step of the flow that is called orders: the keys of what fits, each with why."""
    steps = await steps_of(world, "orders", to, by=by)
    assert steps is not None
    wanted = [CandidateSearch(step, search, first) for step in steps]
    keys = {id_: key for key, id_ in world.ids.items()}
    found = await find_candidates(world.database, world.user(by), wanted)
    return {
        step.step_id: [(keys[one.credential.id], one.match.value) for one in rated]
        for step, rated in zip(steps, found, strict=True)
    }


async def test_what_has_the_name_of_the_sources_comes_before_the_others(untouched: CompanyDatabase) -> None:
    assert await candidates(untouched, "production") == {
        "mail": [("live-mail", "SAME_NAME"), ("draft-mail", "OTHER")],
        "erp": [("live-erp", "SAME_NAME")],
    }


async def test_inside_the_workspace_the_sources_own_comes_first(untouched: CompanyDatabase) -> None:
    assert await candidates(untouched, "development") == {
        "mail": [("dev-mail", "SAME_CREDENTIAL")],
        "erp": [("dev-erp", "SAME_CREDENTIAL")],
    }


async def test_inside_the_workspace_others_come_after_the_sources_own_by_their_names(world: CompanyDatabase) -> None:
    another = (
        "insert into credential (id, workspace_id, component_id, name, name_key) "
        "select :new, workspace_id, component_id, :name || name, lower(:name) || name_key from credential where id = :id"
    )
    same_name, other = f"credential_{'1' * 26}", f"credential_{'0' * 26}"
    for id_, name in ((same_name, ""), (other, "A ")):
        await world.execute(another, new=id_, name=name, id=world["dev-mail"])
    steps = await steps_of(world, "orders", "development")
    assert steps is not None
    [found, _] = await find_candidates(
        world.database, world.user("ada"), [CandidateSearch(step, None, 5) for step in steps]
    )
    assert [(one.credential.id, one.match.value) for one in found] == [
        (world["dev-mail"], "SAME_CREDENTIAL"),
        (same_name, "SAME_NAME"),
        (other, "OTHER"),
    ]


async def test_what_was_chosen_in_a_flow_that_was_exported_from_this_one_comes_before_the_name(
    world: CompanyDatabase,
) -> None:
    outcome = exported(await world.export("orders", to="production"))
    chosen = StepChoice("mail", {ReferenceKind.CREDENTIAL: world["draft-mail"]})
    await update_draft(world.work.of(world.user("ada")), UpdateWish(outcome.flow_id, bindings=(chosen,)))
    assert (await candidates(world, "production"))["mail"] == [
        ("draft-mail", "CHOSEN_BEFORE"),
        ("live-mail", "SAME_NAME"),
    ]


async def test_the_only_one_is_told_as_such(world: CompanyDatabase) -> None:
    await world.execute("update secret set name = 'Books', name_key = 'books' where id = :id", id=world["live-erp"])
    assert (await candidates(world, "production"))["erp"] == [("live-erp", "ONLY_ONE")]


@pytest.mark.parametrize(
    ("search", "first", "expected"),
    [
        ("trying", 20, [("draft-mail", "OTHER")]),
        ("MAIL", 20, [("live-mail", "SAME_NAME"), ("draft-mail", "OTHER")]),
        ("nothing", 20, []),
        (None, 1, [("live-mail", "SAME_NAME")]),
    ],
)
async def test_candidates_are_searched_by_name_and_cut(
    untouched: CompanyDatabase, search: str | None, first: int, expected: list[tuple[str, str]]
) -> None:
    assert (await candidates(untouched, "production", search=search, first=first))["mail"] == expected


async def test_the_best_match_is_found_however_many_come_before_it_by_name(world: CompanyDatabase) -> None:
    many = (
        "insert into credential (id, workspace_id, component_id, name, name_key) "
        "select 'credential_' || lpad(n::text, 26, '0'), c.workspace_id, c.component_id, 'A ' || n, 'a ' || n "
        "from credential c, generate_series(1, 50) n where c.id = :id"
    )
    await world.execute(many, id=world["live-mail"])
    steps = await steps_of(world, "orders", "production")
    assert steps is not None
    [first, *_], _ = await find_candidates(
        world.database, world.user("ada"), [CandidateSearch(step, None, 5) for step in steps]
    )
    assert (first.credential.id, first.match.value) == (world["live-mail"], "SAME_NAME")
    assert await count_candidates(world.database, world.user("ada"), steps) == [52, 1]


async def test_who_cannot_see_flow_or_workspace_is_offered_nothing(untouched: CompanyDatabase) -> None:
    """A4, A5: Cora knows the workspaces' names and sees no flow; Olga knows none of them."""
    for by in ("cora", "olga"):
        assert await steps_of(untouched, "orders", "production", by=by) is None
    assert await steps_of(untouched, "orders", "nowhere") is None
    assert await steps_of(untouched, "orders", "kitchen") is not None
    assert await candidates(untouched, "kitchen") == {"mail": [], "erp": []}


async def test_a_flow_without_such_steps_or_without_the_state_has_no_lists(untouched: CompanyDatabase) -> None:
    assert await steps_of(untouched, "plain", "production") == []
    assert await steps_of(untouched, "plain", "production", source=SourceWish(StateOfFlow.DRAFT)) is None
