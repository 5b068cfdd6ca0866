"""Ids that name nothing, or nothing that the caller can see, are answered alike wherever they may stand (A5)."""

import json
import re
from typing import Any

import pytest

from app.domain.model import Kind, other_kind
from app.storage.ids import new_id
from tests.api.answers import shown
from tests.api.client import Api, Json
from tests.api.places_of_ids import MUTATIONS, QUERIES, IdArgument
from tests.databases import contents

VISIBLE = {
    Kind.USER: "ada",
    Kind.CONTRACT: "retail",
    Kind.WORKSPACE: "store",
    Kind.COMPONENT: "mailer",
    Kind.TOPIC: "store-orders",
    Kind.CREDENTIAL: "workshop-mail",
    Kind.SECRET: "workshop-erp",
    Kind.AGENT: "workshop-agent",
    Kind.FLOW: "plain",
    Kind.VERSION: "versions/1",
}
INVISIBLE = {
    Kind.TENANT: ("north", "south"),
    Kind.CONTRACT: ("overseas",),
    Kind.WORKSPACE: ("harbour",),
    Kind.USER: ("olga", "carl"),
    Kind.ROLE: ("releaser",),
    Kind.TEAM: ("lab", "south-team"),
    Kind.COMPONENT: ("southern-mailer",),
    Kind.TOPIC: ("depot-orders", "harbour-orders"),
    Kind.CREDENTIAL: ("harbour-mail",),
    Kind.AGENT: ("depot-agent", "harbour-agent"),
    Kind.FLOW: ("hidden", "ship"),
    Kind.DRAFT: ("ship/draft",),
    Kind.VERSION: ("hidden/1", "ship/1"),
}


PLACES = [*QUERIES, *MUTATIONS]


def odd_ids(api: Api, place: IdArgument) -> list[str]:
    """Ids that name nothing there: malformed, of another kind, or invisible."""
    kind = place.kind
    good = api.id(VISIBLE.get(kind, "plain"))
    another = api.id(VISIBLE[Kind.AGENT if kind is not Kind.AGENT else Kind.TOPIC])
    return [
        *malformed_everywhere(good),
        # Each of these at every third place: one function says for all of them what an id is.
        *malformed(good)[PLACES.index(place) % 3 :: 3],
        *([] if place.name.startswith("node") else [another]),
        *(api.id(key) for key in INVISIBLE.get(kind, ())),
    ]


def malformed_everywhere(good: str) -> list[str]:
    """What a database may stumble over, or take for the good one."""
    return ["", "\0", f"{good}\0", f"{good} ", good.upper(), "x" * 5000, "\N{GRINNING FACE}" * 5000]


def malformed(good: str) -> list[str]:
    prefix, _, rest = good.partition("_")
    return [
        *(" ", f"\0{good}", f" {good}", f"{good}\n", f"{good}/1"),
        *(good[:-1], good + "0", f"{prefix}_{rest[::-1]}", prefix, f"{prefix}_", f"_{rest}", rest),
        *(
            "\N{GRINNING FACE}",
            f"{prefix}_" + "\N{GRINNING FACE}" * 26,
            f"{prefix}_" + "é" * 26,
            f"{prefix}_{'8' * 26}",
        ),
        *("null", "1", "%", "' or 1=1 --", "\u202e", "a\u0301"),
    ]


async def answer(api: Api, place: IdArgument, given: str) -> Json:
    return await api.caller("ada").answer(place.document, **place.variables(api, given))


def with_id(body: Any, unknown: str, given: str) -> Any:
    """An answer about an unknown id as it has to be about another: only the id is another, in messages as shown."""
    if isinstance(body, dict):
        texts = {"message": shown(given)}
        return {key: with_id(value, unknown, texts.get(key, given)) for key, value in body.items()}
    if isinstance(body, list):
        return [with_id(each, unknown, given) for each in body]
    return body.replace(unknown, given) if isinstance(body, str) else body


@pytest.mark.parametrize("place", QUERIES, ids=lambda place: place.name)
async def test_a_query_answers_alike_for_ids_that_are_unknown_malformed_or_invisible(
    api: Api, place: IdArgument
) -> None:
    unknown = new_id(place.kind)
    expected = await answer(api, place, unknown)
    for given in odd_ids(api, place):
        found, alike = await answer(api, place, given), with_id(expected, unknown, given)
        if other_kind(given, place.kind) is not None:
            found, alike = without_messages(found), without_messages(alike)
        assert found == alike, given


@pytest.mark.parametrize("place", MUTATIONS, ids=lambda place: place.name)
async def test_a_mutation_refuses_ids_alike_that_are_unknown_malformed_or_invisible(
    api: Api, place: IdArgument
) -> None:
    before, unknown = await contents(api.database_url), new_id(place.kind)
    expected = await answer(api, place, unknown)
    assert unknown in json.dumps(expected)
    for given in odd_ids(api, place):
        if "\0" in given and "createFlow" in place.name and "workspaceId" not in place.name:
            continue  # It stands in the graph, in which NUL is no text.
        found, alike = await answer(api, place, given), with_id(expected, unknown, given)
        if other_kind(given, place.kind) is not None:
            assert re.search(" is (the id of )?an? [a-z]+, not (of )?an? ", json.dumps(found)), given
            found, alike = without_messages(found), without_messages(alike)
        assert found == alike, given
    assert await contents(api.database_url) == before


def without_messages(body: Any) -> Any:
    if isinstance(body, dict):
        return {key: without_messages(value) for key, value in body.items() if key != "message"}
    return [without_messages(each) for each in body] if isinstance(body, list) else body
