"""Blockers of one component share what is told of it."""

import asyncio

import pytest

from app.domain import readiness
from app.domain.component import InaccessibilityReason
from app.domain.inaccessible import InaccessibleComponent
from app.graphql.types import readiness as types
from app.graphql.types.readiness import ComponentUnavailable, DraftBlocker, DraftReadiness, blockers_of
from tests.domain.builders import DEVELOPMENT, called


def test_the_steps_of_a_component_share_one_object_of_the_answer() -> None:
    ids = tuple(map(str, range(30)))
    steps = tuple(called(step_id) for step_id in ids)
    one, other = (
        InaccessibleComponent(name, None, steps, InaccessibilityReason.UNKNOWN_COMPONENT) for name in ("a/b", "c/d")
    )
    found = [readiness.ComponentUnavailable(step, used, DEVELOPMENT) for used in (one, other) for step in steps]
    told = [blocker for blocker in blockers_of(found) if isinstance(blocker, ComponentUnavailable)]
    assert [blocker.step_id for blocker in told] == [*ids, *ids]
    assert [blocker.inaccessible.name for blocker in told] == ["a/b"] * 30 + ["c/d"] * 30
    assert len({id(blocker.inaccessible) for blocker in told}) == 2
    assert told[0].inaccessible.step_ids == [*ids]


async def test_blockers_are_made_once_and_only_where_they_are_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[int] = []

    def counted(found: tuple[readiness.Blocker, ...], about: str | None) -> list[DraftBlocker]:
        made.append(len(found))
        return blockers_of(found, about)

    monkeypatch.setattr(types, "blockers_of", counted)
    found = tuple(readiness.MissingTopic(called(str(number)), DEVELOPMENT) for number in range(3))
    asked = DraftReadiness.of(found)
    assert (asked.ready, made) == (False, [])
    first, again = await asyncio.gather(asked.found.listed(), asked.found.listed())
    assert first is again
    assert made == [3]
