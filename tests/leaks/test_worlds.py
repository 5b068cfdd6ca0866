"""No answer tells of what its reader may not see: it is the same, byte for byte, in a world that has none of it (A5)."""

from collections.abc import Iterator, Sequence
from itertools import product

import pytest

from app.domain.model import Kind, kind_of
from tests.leaks.asking import HOMES, INPUTS, Arguments, Asker, document_for, ids_needed, share_of, takes_input
from tests.leaks.company_of_strangers import CALLERS
from tests.leaks.places import kind_of_argument
from tests.leaks.selections import Everything, fields_of
from tests.leaks.worlds import Worlds

QUERY = fields_of("Query")
ROOTS = [name for name in QUERY if name not in {"node", "nodes"}]
NARROW = {"first": 1, "search": "o", "includeIneligible": True}
"""What optional arguments are tried with."""


def arguments_of(worlds: Worlds, name: str, user: str) -> list[Arguments]:
    """With what a root is asked: with what the caller has at home and one thing that it may not see; also narrowed."""
    field = QUERY[name]
    if takes_input("Query", name):
        return [{"input": INPUTS[name](Asker(worlds.sights[user], worlds.ids).own)}]
    if name == "compareFlows":
        flows = candidates_for(worlds, user, Kind.FLOW)
        return [{"from": {"flowId": one}, "to": {"flowId": other}} for one, other in product(flows, repeat=2)]
    needed = ids_needed(field)
    candidates = [candidates_for(worlds, user, kind_of_argument(argument, name)) for argument in needed]
    bases = [dict(zip(needed, ids, strict=True)) for ids in product(*candidates)]
    narrow = {argument: value for argument, value in NARROW.items() if argument in field.args}
    return [base | (narrow if index % 2 else {}) for index, base in enumerate((*bases, bases[0]))]


def candidates_for(worlds: Worlds, user: str, kind: Kind) -> list[str]:
    keys = [key for key, id_ in worlds.ids.items() if kind_of(id_) is kind]
    seen = [key for key in keys if worlds.sights[user].sees(key)]
    at_home = [key for key in seen if kind is not Kind.FLOW or key.startswith(HOMES[user])]
    unseen = [key for key in keys if key not in seen]
    return [worlds.ids[key] for key in (*at_home, *unseen[:1])]


def chunks(arguments: Sequence[Arguments], size: int) -> Iterator[Sequence[Arguments]]:
    return (arguments[start : start + size] for start in range(0, len(arguments), size))


@pytest.mark.parametrize("user", CALLERS)
async def test_whatever_is_asked_for_by_its_id_is_answered_as_in_a_world_without_what_the_caller_can_not_see(
    worlds: Worlds, user: str
) -> None:
    everything = Everything()
    nodes = everything.of("Node", 2)
    document = everything.document(f"query($ids: [ID!]!) {{ nodes(ids: $ids) {{ {nodes} }} }}")
    ids = share_of(user, list(worlds.ids.values()))
    for start in range(0, len(ids), 100):
        asked = ids[start : start + 100]
        full = await worlds.full.answer(user, document, ids=asked)
        assert full == await worlds.known[user].answer(user, document, ids=asked)


@pytest.mark.parametrize("name", ROOTS)
async def test_every_root_answers_as_in_a_world_without_what_the_caller_can_not_see(worlds: Worlds, name: str) -> None:
    for user in CALLERS:
        await assert_root_tells_nothing(worlds, name, user)


async def assert_root_tells_nothing(worlds: Worlds, name: str, user: str) -> None:
    for arguments in chunks(share_of(user, arguments_of(worlds, name, user)), 20):
        document, variables = document_for("Query", name, arguments, 1)
        full = await worlds.full.answer(user, document, **variables)
        assert full == await worlds.known[user].answer(user, document, **variables)
