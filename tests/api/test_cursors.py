"""Cursors hold for their list in its order only; all others are a clear request error."""

from base64 import urlsafe_b64encode
from collections.abc import Iterator
from itertools import cycle
from typing import Any

import orjson
import pytest

from app.graphql.connections import _seal
from tests.api import documents as ask
from tests.api.client import Api, Caller, Json
from tests.api.lists import LISTS, Listing
from tests.api.walking import page_of
from tests.api.world_builder import graph
from tests.api.writing import create

NOT_OF_THIS_LIST = "The cursor is not one of this list in this order. Start again without it."
SAME = {
    "flows by NAME_ASC": "flows",
    "destinationWorkspaces, includeIneligible": "destinationWorkspaces",
    "destinationContracts, includeIneligible": "destinationContracts",
    "history of a flow": "flowHistory",
}
"""Lists under another name: the order is the usual one, or there is only more in it."""

each_list = pytest.mark.parametrize("listing", LISTS, ids=lambda listing: listing.name)


async def assert_refused(caller: Caller, document: str, variables: Json, *cursors: str) -> None:
    """Each of them, forwards or backwards by turns."""
    for cursor, argument in zip(cursors, cycle(("after", "before")), strict=False):
        body = await caller.answer(document, **variables, **{argument: cursor})
        assert [error["message"] for error in body["errors"]] == [NOT_OF_THIS_LIST], cursor
        assert body["errors"][0]["extensions"] == {"code": "BAD_USER_INPUT"}


def encoded(value: object) -> str:
    return urlsafe_b64encode(value if isinstance(value, bytes) else orjson.dumps(value)).decode().rstrip("=")


def nested(levels: int) -> bytes:
    return b"[" * levels + b"]" * levels


NO_CURSORS: list[Any] = [
    *(None, 3, "x", {}, [], [None], [[], []]),
    *(["seal", "alpha"], ["seal", "alpha", "id"], ["", 1, "a", "id"]),
]


def mangled(good: str) -> Iterator[str]:
    yield from (
        "",
        "x",
        "xx",
        "=",
        "====",
        "\0",
        "null",
        "\N{GRINNING FACE}",
        "é",
        " ",
        good[1:],
        good[:-4],
        good.upper(),
    )
    yield from (good + "AAAA", "x" * 5000, good * 100, good.swapcase())
    for value in NO_CURSORS:
        yield encoded(value)
    for levels in (100, 260, 1000, 2000):
        for around in (b"%s", b'["seal",%s]', b'["seal",%s,"id"]', b'["seal",0,%s,"id"]'):
            yield encoded(around % nested(levels))


@pytest.fixture(scope="module")
async def cursors(on_shelves: Api) -> dict[str, str]:
    """One of each list, by its name."""
    lea = on_shelves.caller("lea")
    pages = {each.name: await page_of(lea, each.document, **each.variables(on_shelves), first=1) for each in LISTS}
    return {name: page["pageInfo"]["endCursor"] for name, page in pages.items()}


@each_list
async def test_a_mangled_cursor_is_refused(on_shelves: Api, cursors: dict[str, str], listing: Listing) -> None:
    bad = dict.fromkeys(mangled(cursors[listing.name]))
    await assert_refused(on_shelves.caller("lea"), listing.document, listing.variables(on_shelves), *bad)


@each_list
async def test_a_cursor_of_another_list_or_order_is_refused(
    on_shelves: Api, cursors: dict[str, str], listing: Listing
) -> None:
    own = SAME.get(listing.name, listing.name)
    others = [cursor for name, cursor in cursors.items() if SAME.get(name, name) != own]
    await assert_refused(on_shelves.caller("lea"), listing.document, listing.variables(on_shelves), *others)


OTHERS: list[tuple[str, str, dict[str, str], dict[str, str]]] = [
    ("flows", ask.FLOWS, {"workspace": "place-00"}, {"workspace": "place-01"}),
    ("topics", ask.TOPICS, {"workspace": "place-00"}, {"workspace": "place-01"}),
    ("history", ask.HISTORY, {"flowId": "history"}, {"flowId": "publisher"}),
    ("contracts", ask.DESTINATION_CONTRACTS, {"flowId": "history"}, {"flowId": "publisher"}),
    ("workspaces", ask.DESTINATION_WORKSPACES, {"flowId": "history"}, {"flowId": "publisher"}),
    (
        "overrides of another flow",
        ask.OVERRIDE_CANDIDATES,
        {"flowId": "history", "workspaceId": "place-00"},
        {"flowId": "publisher", "workspaceId": "place-00"},
    ),
    (
        "overrides elsewhere",
        ask.OVERRIDE_CANDIDATES,
        {"flowId": "history", "workspaceId": "place-00"},
        {"flowId": "history", "workspaceId": "place-01"},
    ),
    (
        "topics for another flow",
        ask.TOPIC_CANDIDATES,
        {"flowId": "publisher", "workspaceId": "place-00"},
        {"flowId": "history", "workspaceId": "place-00"},
    ),
]


@pytest.mark.parametrize(
    ("document", "mine", "others"), [each for _, *each in OTHERS], ids=[name for name, *_ in OTHERS]
)
async def test_a_cursor_of_the_same_list_elsewhere_is_refused(
    on_shelves: Api, document: str, mine: dict[str, str], others: dict[str, str]
) -> None:
    lea = on_shelves.caller("lea")
    here, there = ({key: on_shelves.id(value) for key, value in named.items()} for named in (mine, others))
    cursor = (await page_of(lea, document, **here, first=1))["pageInfo"]["endCursor"]
    await assert_refused(lea, document, there, cursor)


async def test_a_list_of_the_longest_names_is_read_page_by_page(fresh: Api) -> None:
    """Folded, each character of these names is three of four bytes."""
    names = ["\U0001d160" * 255, "\U0001d160" * 254 + "\U0001d15f"]
    made = [(await create(fresh, "kitchen", graph(), name=name))["flow"]["id"] for name in names]
    first = {"workspace": fresh.id("kitchen"), "first": 1, "search": "\U0001d160" * 254}
    ada, read, after = fresh.caller("ada"), list[str](), None
    while after is not None or not read:
        page = await page_of(ada, ask.FLOWS, **first, after=after)
        read += [node["id"] for node in page["nodes"]]
        after = page["pageInfo"]["endCursor"] if page["pageInfo"]["hasNextPage"] else None
    assert sorted(read) == sorted(made)


async def test_a_cursor_of_another_callers_workspaces_is_refused(api: Api) -> None:
    cursor = (await page_of(api.caller("ada"), ask.WORKSPACES, first=1))["pageInfo"]["endCursor"]
    await assert_refused(api.caller("olga"), ask.WORKSPACES, {}, cursor)


BELOW = ("flows", "NAME_ASC"), ("flows", "UPDATED_AT_DESC"), ("topics", "NAME_ASC")
FORGED: list[list[Any]] = [
    [1, "id"],
    ["alpha", 1],
    [None, None],
    [True, "id"],
    [[], {}],
    ["a\0", "id"],
    ["alpha", "\0"],
    ["alpha"],
    ["alpha", "id", "more"],
    [1.5, "id"],
    [2**63, "id"],
]
ONLY_FOR_TIMES: list[list[Any]] = [
    ["yesterday", "id"],
    ["2026-01-01T00:00:00", "id"],
    ["2026-13-01T00:00:00Z", "id"],
    ["0001-01-01T00:00:00+14:00", "id"],
]
FORGED_TIMES = ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z"]


@pytest.mark.parametrize(("field", "order"), BELOW)
async def test_a_forged_cursor_is_refused_although_its_seal_is_right(on_shelves: Api, field: str, order: str) -> None:
    place = on_shelves.id("place-00")
    document = ask.FLOWS if field == "flows" else ask.TOPICS
    variables = {"workspace": place} | ({"orderBy": order} if field == "flows" else {})
    for values in FORGED + (ONLY_FOR_TIMES if "AT" in order.split("_") else []):
        cursor = encoded([_seal(f"{field}/{order}/{place}"), *values])
        await assert_refused(on_shelves.caller("lea"), document, variables, cursor)


async def test_a_forged_cursor_that_could_be_one_is_only_a_place_in_the_list(on_shelves: Api) -> None:
    lea, place = on_shelves.caller("lea"), on_shelves.id("place-00")
    for time in FORGED_TIMES:
        at: list[Any] = [time, "\N{GRINNING FACE}"]
        cursor = encoded([_seal(f"flows/UPDATED_AT_DESC/{place}"), *at])
        await page_of(lea, ask.FLOWS, workspace=place, orderBy="UPDATED_AT_DESC", after=cursor)
    for rank in (-(2**31) + 1, -1, 0, 2, 3, 2**31 - 1):
        values: list[Any] = [rank, "alpha", "id"]
        candidates = {"flowId": on_shelves.id("history"), "workspaceId": place}
        cursor = encoded([_seal(f"overrideCandidates/{candidates['flowId']}/{place}"), *values])
        for argument in ("after", "before"):
            await page_of(lea, ask.OVERRIDE_CANDIDATES, **candidates, **{argument: cursor})
