"""No refusal tells of what its reader may not see: all reasons are the same in a world that has none of it (A5, X11)."""

from collections.abc import Iterator, Sequence

import pytest
from graphql import GraphQLInputObjectType, GraphQLInputType, get_named_type

from app.domain.model import Kind, kind_of
from tests.databases import contents
from tests.leaks.asking import document_for, share_of, takes_input
from tests.leaks.company_of_strangers import CALLERS
from tests.leaks.selections import fields_of
from tests.leaks.spoiling import SPOILED
from tests.leaks.test_worlds import chunks
from tests.leaks.worlds import Worlds


def keys_of(worlds: Worlds, user: str, kind: Kind) -> list[str]:
    """What the user sees of this kind, and one that it doesn't."""
    keys = [key for key, id_ in worlds.ids.items() if kind_of(id_) is kind]
    seen = [key for key in keys if worlds.sights[user].sees(key)]
    return [*seen, *[key for key in keys if key not in seen][:1]]


def inputs_of(worlds: Worlds, user: str, mutation: str) -> list[dict[str, object]]:
    """Each once: every way to be wrong meets every flow that there is for the user, and every workspace.

    A flow meets another workspace in each of these ways, and all of them over time.
    """
    flows, places = keys_of(worlds, user, Kind.FLOW), keys_of(worlds, user, Kind.WORKSPACE)
    made: list[dict[str, object]] = []
    for index in range(max(len(flows), len(places))):
        flow = flows[index % len(flows)]
        by_place = [SPOILED[mutation](worlds.ids, flow, place) for place in places]
        for way in range(max(map(len, by_place))):
            # Some workspaces have fewer.
            made += by_place[(index + way) % len(places)][way : way + 1]
    return [{"input": each} for index, each in enumerate(made) if each not in made[:index]]


def tried_by(worlds: Worlds, user: str, mutation: str) -> Sequence[dict[str, object]]:
    inputs = inputs_of(worlds, user, mutation)
    # These are decided as `exportPlan`, which gets all of them.
    has_half = mutation in {"exportFlow", "exportFlows", "exportPlans"}
    return share_of(user, inputs[CALLERS.index(user) % 2 :: 2] if has_half else inputs)


async def written_in(worlds: Worlds) -> list[tuple[str, str]]:
    """All that there is, but when tokens were used."""
    return [row for row in await contents(worlds.full.database_url) if row[0] != "api_token"]


@pytest.mark.parametrize("mutation", SPOILED)
async def test_a_mutation_is_refused_for_the_same_reasons_as_in_a_world_without_what_the_caller_can_not_see(
    worlds: Worlds, mutation: str
) -> None:
    before = await written_in(worlds)
    for user in CALLERS:
        for arguments in chunks(tried_by(worlds, user, mutation), 20):
            document, variables = document_for(
                "Query" if mutation in fields_of("Query") else "Mutation", mutation, arguments, 1
            )
            full = await worlds.full.answer(user, document, **variables)
            assert full == await worlds.known[user].answer(user, document, **variables)
    assert await written_in(worlds) == before


def test_every_mutation_and_plan_has_inputs_that_are_refused() -> None:
    assert set(SPOILED) == {
        *fields_of("Mutation"),
        *(name for name in fields_of("Query") if takes_input("Query", name)),
    }


def arguments_in(given: object, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The arguments that an input gives, each by the names that lead to it; a graph is one."""
    if isinstance(given, list):
        for each in given:
            yield from arguments_in(each, path)
    elif isinstance(given, dict) and path[-1:] != ("graph",):
        for name, each in given.items():
            yield (*path, name)
            yield from arguments_in(each, (*path, name))


def arguments_of(type_: GraphQLInputType, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Those that the schema has."""
    named = get_named_type(type_)
    if isinstance(named, GraphQLInputObjectType):
        for name, field in named.fields.items():
            yield (*path, name)
            yield from arguments_of(field.type, (*path, name))


@pytest.mark.parametrize("mutation", SPOILED)
def test_every_argument_of_a_mutation_or_plan_is_given_in_some_input(worlds: Worlds, mutation: str) -> None:
    owner = fields_of("Query") if mutation in fields_of("Query") else fields_of("Mutation")
    given = {
        path for user in CALLERS for each in inputs_of(worlds, user, mutation) for path in arguments_in(each["input"])
    }
    assert {*arguments_of(owner[mutation].args["input"].type)} - given == set()
