"""Lists are read page by page, forwards and backwards, and every element comes exactly once."""

import pytest

from tests.api import documents as ask
from tests.api.client import Api
from tests.api.lists import LISTS, Listing
from tests.api.walking import ids_of, page_of, walk

each_list = pytest.mark.parametrize("listing", LISTS, ids=lambda listing: listing.name)


@each_list
@pytest.mark.parametrize("size", [1, 2, 3, 100])
async def test_a_whole_list_is_walked_through_both_ways_with_every_element_once_and_in_order(
    on_shelves: Api, listing: Listing, size: int
) -> None:
    lea, variables = on_shelves.caller("lea"), listing.variables(on_shelves)
    expected = await listing.expected(on_shelves)
    assert len(expected) == 11
    assert await walk(lea, listing.document, variables, size, backwards=False) == expected
    assert await walk(lea, listing.document, variables, size, backwards=True) == expected


@each_list
async def test_without_a_size_a_page_has_fifty_elements_whichever_way(on_shelves: Api, listing: Listing) -> None:
    lea, variables = on_shelves.caller("lea"), listing.variables(on_shelves)
    expected = await listing.expected(on_shelves)
    whole = await page_of(lea, listing.document, **variables)
    assert ids_of(whole) == expected
    assert (whole["pageInfo"]["hasNextPage"], whole["pageInfo"]["hasPreviousPage"]) == (False, False)
    middle = whole["edges"][5]["cursor"]
    after = await page_of(lea, listing.document, **variables, after=middle)
    before = await page_of(lea, listing.document, **variables, before=middle)
    assert (ids_of(before), ids_of(after)) == (expected[:5], expected[6:])
    assert (after["pageInfo"]["hasNextPage"], after["pageInfo"]["hasPreviousPage"]) == (False, True)
    assert (before["pageInfo"]["hasNextPage"], before["pageInfo"]["hasPreviousPage"]) == (True, False)


@each_list
async def test_beyond_the_last_element_a_page_is_empty(on_shelves: Api, listing: Listing) -> None:
    lea, variables = on_shelves.caller("lea"), listing.variables(on_shelves)
    info = (await page_of(lea, listing.document, **variables))["pageInfo"]
    after = await page_of(lea, listing.document, **variables, after=info["endCursor"])
    before = await page_of(lea, listing.document, **variables, before=info["startCursor"])
    assert (after["edges"], after["totalCount"], after["pageInfo"]["hasPreviousPage"]) == ([], 11, True)
    assert (before["edges"], before["totalCount"], before["pageInfo"]["hasNextPage"]) == ([], 11, True)


@each_list
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"first": 0}, "`first` is 0; a page has 1 to 100 elements."),
        ({"first": -1}, "`first` is -1; a page has 1 to 100 elements."),
        ({"first": 101}, "`first` is 101; a page has 1 to 100 elements."),
        ({"last": 0}, "`last` is 0; a page has 1 to 100 elements."),
        ({"last": -(2**31)}, "`last` is -2147483648; a page has 1 to 100 elements."),
        ({"last": 101}, "`last` is 101; a page has 1 to 100 elements."),
        *(
            (both, "Page forwards with `first` and `after`, or backwards with `last` and `before`, not both.")
            for both in ({"first": 1, "last": 1}, {"first": 1, "before": "x"}, {"last": 1, "after": "x"})
        ),
    ],
)
async def test_a_page_that_can_not_be_meant_is_a_request_error(
    on_shelves: Api, listing: Listing, arguments: dict[str, object], message: str
) -> None:
    lea, variables = on_shelves.caller("lea"), listing.variables(on_shelves)
    body = await lea.answer(listing.document, **variables, **arguments)
    [error] = body["errors"]
    assert (error["message"], error["extensions"]) == (message, {"code": "BAD_USER_INPUT"})


async def test_null_and_absent_are_the_same_to_pages(on_shelves: Api) -> None:
    lea = on_shelves.caller("lea")
    whole = await page_of(lea, ask.WORKSPACES)
    nulls = dict.fromkeys(("first", "after", "last", "before", "search", "contractId"))
    assert await page_of(lea, ask.WORKSPACES, **nulls) == whole
    assert ids_of(await page_of(lea, ask.WORKSPACES, **nulls | {"last": 2})) == ids_of(whole)[-2:]


async def test_candidates_tell_why_they_stand_where_they_stand(on_shelves: Api) -> None:
    wanted = {"flowId": on_shelves.id("history"), "workspaceId": on_shelves.id("place-00")}
    page = await page_of(on_shelves.caller("lea"), ask.OVERRIDE_CANDIDATES, **wanted)
    reasons = [edge["matchReason"] for edge in page["edges"]]
    assert reasons == ["COPIED_FROM_THIS_FLOW"] * 2 + ["SAME_NAME"] * 4 + ["OTHER"] * 5


async def test_topic_candidates_tell_what_the_flow_would_miss(on_shelves: Api) -> None:
    wanted = {"flowId": on_shelves.id("publisher"), "workspaceId": on_shelves.id("place-00")}
    page = await page_of(on_shelves.caller("lea"), ask.TOPIC_CANDIDATES, **wanted)
    assert [edge["sameName"] for edge in page["edges"]] == [True] * 2 + [False] * 9
    assert [edge["missingProperties"] for edge in page["edges"]] == [[edge["node"]["name"]] for edge in page["edges"]]


async def test_a_flow_without_a_pub_sub_step_has_no_topic_candidates(on_shelves: Api) -> None:
    wanted = {"flowId": on_shelves.id("history"), "workspaceId": on_shelves.id("place-00")}
    page = await page_of(on_shelves.caller("lea"), ask.TOPIC_CANDIDATES, **wanted)
    assert (page["edges"], page["totalCount"]) == ([], 0)
