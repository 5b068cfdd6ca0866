"""Wherever an id may stand, one that the caller may not see is answered like one that names nothing (A5)."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import pytest

from app.domain.model import Kind, kind_of
from app.storage.ids import new_id
from tests.databases import contents
from tests.leaks.asking import INPUTS, Asker, document_for, takes_input
from tests.leaks.company_of_strangers import CALLERS
from tests.leaks.places import Place, places, with_id
from tests.leaks.selections import fields_of
from tests.leaks.worlds import Served, Worlds
from tests.property_settings import EVERY

PLACES = places()
FINGERPRINT = re.compile("1[0-9a-f]{128}")
QUERIES = [place for place in PLACES if place.owner != "Mutation"]
MUTATIONS = [place for place in PLACES if place.owner == "Mutation"]
SEEN_AT = [place for place in QUERIES if place.kind is not Kind.TENANT]
"""Nobody here provisions a tenant, so that each of them is hidden from everybody."""


def hidden(worlds: Worlds, user: str, place: Place) -> list[str]:
    """Ids that the user may not see: two of the kind that is meant, and one of another, which differs by place and user."""
    of_kind: dict[Kind | None, list[str]] = {}
    for key, id_ in sorted(worlds.ids.items()):
        if not worlds.sights[user].sees(key):
            of_kind.setdefault(kind_of(id_), []).append(id_)
    meant = of_kind.pop(place.kind)
    others = [ids[0] for _, ids in sorted(of_kind.items())]
    turn = PLACES.index(place) + CALLERS.index(user)
    return [meant[0], meant[-1], others[turn % len(others)]]


def seen(worlds: Worlds, user: str, kind: Kind) -> list[str]:
    """Ids of this kind that the user may see."""
    return [id_ for key, id_ in worlds.ids.items() if kind_of(id_) is kind and worlds.sights[user].sees(key)]


def unknown_for(ids: Sequence[str]) -> dict[str, str]:
    """For each id one of the same kind that names nothing."""
    return {id_: new_id(kind) for id_ in ids if (kind := kind_of(id_)) is not None}


def parents(worlds: Worlds, user: str, place: Place) -> list[str]:
    """Of which nodes a field is asked that is no root: of the first that the user sees."""
    if place.owner in {"Query", "Mutation"}:
        return [""]
    kinds = {"FlowDraft": Kind.DRAFT, "FlowVersion": Kind.VERSION, "FlowExport": Kind.EXPORT}
    return seen(worlds, user, kinds.get(place.owner) or Kind(place.owner.lower()))[:2]


@dataclass(frozen=True, slots=True)
class Question:
    """What a caller asks at a place, of one parent."""

    asker: Asker
    place: Place
    parent: str

    async def answer(self, served: Served, given: Sequence[str]) -> str:
        """The answer to all of these ids, asked at once."""
        base = self.asker.base(self.place)
        asked = [with_id(base, self.place, id_) for id_ in given]
        document, variables = document_for(self.place.owner, self.place.field, asked, 1)
        below = {"below": self.parent} if self.parent else {}
        return await served.answer(self.asker.sight.user, document, **variables, **below)

    async def answer_to_unknown(self, served: Served, ids: Sequence[str]) -> str:
        """The answer if these ids named nothing."""
        unknown = unknown_for(ids)
        answer = await self.answer(served, list(unknown.values()))
        for id_, other in unknown.items():
            answer = answer.replace(other, id_)
        return answer


def questions(worlds: Worlds, user: str, place: Place) -> list[Question]:
    asker = Asker(worlds.sights[user], worlds.ids)
    return [Question(asker, place, parent) for parent in parents(worlds, user, place)]


def without_fingerprints(answer: str) -> str:
    """What is asked for is in them, so that those of different ids differ."""
    return FINGERPRINT.sub("", answer)


def callers_at(place: Place) -> tuple[str, ...]:
    """Who asks: in CI everybody, two in turn where it is decided as for `exportPlan`; otherwise one at each place in turn."""
    if EVERY == 1 and place.field not in {"exportFlow", "exportFlows", "exportPlans"}:
        return CALLERS
    turn = PLACES.index(place) % len(CALLERS)
    return (CALLERS * 2)[turn : turn + (2 if EVERY == 1 else 1)]


async def assert_hidden_is_unknown(worlds: Worlds, user: str, place: Place) -> None:
    ids = hidden(worlds, user, place)
    for question in questions(worlds, user, place):
        answer = await question.answer(worlds.full, ids)
        assert without_fingerprints(answer) == without_fingerprints(await question.answer_to_unknown(worlds.full, ids))
        assert answer == await question.answer(worlds.known[user], ids)


@pytest.mark.parametrize("place", QUERIES, ids=lambda place: place.name)
async def test_a_query_answers_for_what_is_hidden_as_for_what_does_not_exist(worlds: Worlds, place: Place) -> None:
    for user in callers_at(place):
        await assert_hidden_is_unknown(worlds, user, place)


async def test_a_mutation_refuses_what_is_hidden_as_what_does_not_exist(worlds: Worlds) -> None:
    before = await contents(worlds.full.database_url)
    for place in MUTATIONS:
        for user in callers_at(place):
            await assert_hidden_is_unknown(worlds, user, place)
    assert await contents(worlds.full.database_url) == before


@pytest.mark.parametrize("place", SEEN_AT, ids=lambda place: place.name)
async def test_at_every_place_of_a_query_an_id_that_is_visible_makes_a_difference(worlds: Worlds, place: Place) -> None:
    ids = seen(worlds, "mia", place.kind)[:8]
    [question, *_] = questions(worlds, "mia", place)
    assert await question.answer(worlds.full, ids) != await question.answer_to_unknown(worlds.full, ids)


async def test_at_every_place_of_a_mutation_an_id_that_names_nothing_is_refused_by_its_name(worlds: Worlds) -> None:
    for place in MUTATIONS:
        unknown = new_id(place.kind)
        [question] = questions(worlds, "mia", place)
        assert unknown in await question.answer(worlds.full, [unknown]), place.name


def test_every_mutation_and_plan_has_an_input_to_try_its_ids_with() -> None:
    assert set(INPUTS) == {*fields_of("Mutation"), *(name for name in fields_of("Query") if takes_input("Query", name))}
