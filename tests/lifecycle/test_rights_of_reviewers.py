"""Reviewers who lose their rights while a release is being decided about (R5, R8)."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from sqlalchemy import Delete, Update, delete, select, update

from app.storage.facts.locks import lock
from app.storage.tables import CONTRACT, ROLE, WORKSPACE_ACCESS
from tests.lifecycle.company import Company
from tests.lifecycle.holdings import everything_in
from tests.lifecycle.racing import refused_for
from tests.lifecycle.test_releases import changed_flows, held, requested
from tests.lifecycle.test_running import behind_the_rules

Change = Update | Delete
Decide = Callable[[Company, str], Awaitable[Any]]

DECISIONS: dict[str, Decide] = {
    "review": lambda firm, release: firm.review(release),
    "undo": lambda firm, release: firm.undo_release(release),
}


def leaves(firm: Company) -> Change:
    return delete(WORKSPACE_ACCESS).where(WORKSPACE_ACCESS.c.user_id == firm["ben"])


def becomes_guest(firm: Company) -> Change:
    guest = select(ROLE.c.id).where(ROLE.c.name == "guest", ROLE.c.scope == "WORKSPACE").scalar_subquery()
    return update(WORKSPACE_ACCESS).where(WORKSPACE_ACCESS.c.user_id == firm["ben"]).values(role_id=guest)


def is_suspended(_: Company) -> Change:
    return update(CONTRACT).values(status="SUSPENDED")


CODES: dict[Callable[[Company], Change], str] = {
    leaves: "RELEASE_NOT_FOUND",
    becomes_guest: "INSUFFICIENT_PERMISSION",
    is_suspended: "CONTRACT_SUSPENDED",
}


@pytest.mark.parametrize("place", ["before the locks", "after the locks"])
@pytest.mark.parametrize("change", CODES)
@pytest.mark.parametrize("decision", DECISIONS)
async def test_whoever_loses_its_rights_while_the_flows_are_locked_decides_nothing(
    firm: Company,
    monkeypatch: pytest.MonkeyPatch,
    decision: str,
    change: Callable[[Company], Change],
    place: str,
) -> None:
    drafts = await changed_flows(firm, 2)
    release = await requested(firm, *drafts, start=True)
    if decision == "undo":
        await firm.review(release)
    before = await everything_in(firm.database)
    state = (await held(firm, release)).state
    statement = change(firm)

    async def lock_meanwhile(*arguments: Any, **named: Any) -> frozenset[str]:
        monkeypatch.undo()
        if place == "before the locks":
            await behind_the_rules(firm, statement)
        locked = await lock(*arguments, **named)
        if place == "after the locks":
            await behind_the_rules(firm, statement)
        return locked

    monkeypatch.setattr("app.storage.store.lock", lock_meanwhile)
    assert refused_for(await DECISIONS[decision](firm, release)) == ({CODES[change]},)
    assert (await held(firm, release)).state == state
    after = await everything_in(firm.database)
    assert {table for table, _ in {*before} ^ {*after}} <= {"contract", "workspace_access"}
