"""Searches and filters: names without regard to case, accents kept, every character taken as it is."""

from typing import Any

import pytest

from tests.api import documents as ask
from tests.api.client import Api, Json
from tests.api.lists import LISTS, Listing
from tests.api.shelves import NAMES
from tests.api.walking import ids_of, page_of, walk

SEARCHES = [
    ("ALPHA", ["Alpha", "ALPHA", "alpha", "Alpha"]),
    ("lph", ["Alpha", "ALPHA", "alpha", "Alpha"]),
    ("émile", ["Émile", "E\u0301mile"]),
    ("e\u0301MILE", ["Émile", "E\u0301mile"]),
    ("emile", ["emile"]),
    ("mile", ["Émile", "E\u0301mile", "emile"]),
    ("strasse", ["Straße", "STRASSE"]),
    ("ß", ["Straße", "STRASSE"]),
    ("SS", ["Straße", "STRASSE"]),
    ("%", ["100% a_b/c\\d"]),
    ("_", ["100% a_b/c\\d"]),
    ("/", ["100% a_b/c\\d"]),
    ("\\", ["100% a_b/c\\d"]),
    ("100% A_B/C\\D", ["100% a_b/c\\d"]),
    ("%%", []),
    ("a_b/c\\\\d", []),
    ("al.*a", []),
    ("' or 1=1 --", []),
    ("% a", ["100% a_b/c\\d"]),
    (" \tALPHA\n", ["Alpha", "ALPHA", "alpha", "Alpha"]),
    (" ", [*NAMES]),
    ("x" * 255, []),
    (" " * 5000 + "x" * 255, []),
    ("\N{GRINNING FACE}", []),
]
ON_THE_SHELF = [ask.FLOWS, ask.TOPICS, ask.CREDENTIALS, ask.SECRETS, ask.AGENTS]


SEARCHED = [listing for listing in LISTS if "$search" in listing.document]


@pytest.mark.parametrize("document", ON_THE_SHELF, ids=["flows", "topics", "credentials", "secrets", "agents"])
@pytest.mark.parametrize(("search", "found"), SEARCHES, ids=[search[:12] for search, _ in SEARCHES])
async def test_a_search_finds_the_names_that_hold_its_text(
    on_shelves: Api, document: str, search: str, found: list[str]
) -> None:
    page = await page_of(on_shelves.caller("lea"), document, workspace=on_shelves.id("place-00"), search=search)
    assert sorted(edge["node"]["name"] for edge in page["edges"]) == sorted(found)
    assert page["totalCount"] == len(found)


@pytest.mark.parametrize("listing", SEARCHED, ids=lambda listing: listing.name)
async def test_every_list_with_a_search_is_searched_and_paged_alike(on_shelves: Api, listing: Listing) -> None:
    lea, variables = on_shelves.caller("lea"), listing.variables(on_shelves)
    whole = await page_of(lea, listing.document, **variables)
    alphas = [edge["node"]["id"] for edge in whole["edges"] if edge["node"]["name"].lower() == "alpha"]
    assert len(alphas) == 4
    searched = variables | {"search": "aLpHa"}
    assert await walk(lea, listing.document, searched, 3, backwards=False) == alphas
    assert await walk(lea, listing.document, searched, 3, backwards=True) == alphas
    assert ids_of(await page_of(lea, listing.document, **variables, search="")) == ids_of(whole)


@pytest.mark.parametrize("listing", SEARCHED, ids=lambda listing: listing.name)
async def test_a_search_for_nul_is_a_request_error(on_shelves: Api, listing: Listing) -> None:
    body = await on_shelves.caller("lea").answer(listing.document, **listing.variables(on_shelves), search="a\0b")
    [error] = body["errors"]
    assert error["message"] == "`search` holds a NUL character, which no name has."
    assert error["extensions"] == {"code": "BAD_USER_INPUT"}


TOO_LONG = ["x" * 256, "a" + "\u0301\u0323" * 40_000]


@pytest.mark.parametrize("search", TOO_LONG, ids=["letters", "combining marks"])
@pytest.mark.parametrize("listing", SEARCHED, ids=lambda listing: listing.name)
async def test_a_search_for_more_than_a_name_holds_is_a_request_error(
    on_shelves: Api, listing: Listing, search: str
) -> None:
    body = await on_shelves.caller("lea").answer(listing.document, **listing.variables(on_shelves), search=search)
    [error] = body["errors"]
    assert error["message"] == f"`search` has {len(search)} characters; no name has more than 255."
    assert error["extensions"] == {"code": "BAD_USER_INPUT"}


async def filtered(api: Api, user: str = "lea", place: str = "place-00", **flow_filter: Any) -> list[str]:
    """The numbers of the flows on the shelf that a filter finds."""
    wanted: Json = {"workspace": api.id(place), "filter": flow_filter}
    page = await page_of(api.caller(user), ask.FLOWS, **wanted)
    assert await walk(api.caller(user), ask.FLOWS, wanted, 2, backwards=True) == ids_of(page)
    keys = {id_: key for key, id_ in api.ids.items()}
    return sorted(keys[one].removeprefix("flow-") for one in ids_of(page))


ALL = [f"{number:02}" for number in range(len(NAMES))]


async def test_flows_are_filtered_by_status_type_draft_and_author(on_shelves: Api) -> None:
    assert await filtered(on_shelves, status="ACTIVE") == ["02", "05", "08"]
    assert await filtered(on_shelves, status="SUSPENDED") == ["07"]
    assert await filtered(on_shelves, type="REAL_TIME") == ["02", "03"]
    assert await filtered(on_shelves, hasDraft=True) == ["00", "01", "03", "06", "09"]
    assert await filtered(on_shelves, hasDraft=False) == ["02", "04", "05", "07", "08", "10"]
    assert await filtered(on_shelves, createdById=on_shelves.id("tom")) == ["04"]
    assert await filtered(on_shelves, createdById=on_shelves.id("lea")) == [
        one for one in ALL if one not in {"04", "05"}
    ]


async def test_flows_are_filtered_by_having_a_version_and_by_the_time_of_their_last_change(on_shelves: Api) -> None:
    assert await filtered(on_shelves, isPublished=True) == ["01", "02", "04", "05", "07", "08", "10"]
    assert await filtered(on_shelves, isPublished=False) == ["00", "03", "06", "09"]
    lea, shelf = on_shelves.caller("lea"), on_shelves.id("place-00")
    asked = "query($id: ID!) { workspace(id: $id) { flows(orderBy: UPDATED_AT_ASC) { nodes { id updatedAt } } } }"
    flows = (await lea.one(asked, id=shelf))["flows"]["nodes"]
    keys = {id_: key.removeprefix("flow-") for key, id_ in on_shelves.ids.items()}
    for each in flows:
        since = sorted(keys[flow["id"]] for flow in flows if flow["updatedAt"] >= each["updatedAt"])
        assert await filtered(on_shelves, updatedSince=each["updatedAt"]) == since
    assert await filtered(on_shelves, updatedSince="2001-01-01t00:00:00.5+23:59", isPublished=False) == [
        "00",
        "03",
        "06",
        "09",
    ]
    assert await filtered(on_shelves, updatedSince="9999-12-31T23:59:59Z") == []


@pytest.mark.parametrize(
    "time",
    [
        "2026-01-01",
        "2026-01-01T00:00:00",
        "2026-02-30T00:00:00Z",
        "2026-01-01T00:00:60Z",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-12:00",
        "infinity",
        "now",
        "",
        1767225600,
        True,
        {},
    ],
)
async def test_a_time_that_is_none_of_rfc_3339_is_a_request_error(on_shelves: Api, time: object) -> None:
    body = await on_shelves.caller("lea").answer(
        ask.FLOWS, workspace=on_shelves.id("place-00"), filter={"updatedSince": time}
    )
    [error] = body["errors"]
    assert "a time of RFC 3339 with its offset from UTC is expected" in error["message"]
    assert error["locations"] == [{"line": 1, "column": ask.FLOWS.index("$filter") + 1}]
    assert error["extensions"] == {"code": "GRAPHQL_VALIDATION_FAILED"}


async def test_a_wrong_time_in_the_document_is_told_with_its_place(on_shelves: Api) -> None:
    document = '{ workspace(id: "") { flows(filter: {updatedSince: "today"}) { nodes { id } } } }'
    body = await on_shelves.caller("lea").answer(document)
    [error] = body["errors"]
    assert error["locations"] == [{"line": 1, "column": document.index('"today"') + 1}]
    assert "a time of RFC 3339 with its offset from UTC is expected" in error["message"]


async def test_filters_are_conditions_that_all_have_to_be_met(on_shelves: Api) -> None:
    assert await filtered(on_shelves, status="ACTIVE", type="REAL_TIME", hasDraft=False) == ["02"]
    assert await filtered(on_shelves, status="ACTIVE", hasDraft=True) == []
    assert await filtered(on_shelves) == ALL
    nothing: Json = dict.fromkeys(
        ("status", "type", "hasDraft", "createdById", "componentId", "isPublished", "updatedSince", "usesId")
    )
    assert await filtered(on_shelves, **nothing) == ALL


async def test_flows_are_filtered_by_a_component_of_their_published_version_or_their_draft(on_shelves: Api) -> None:
    assert await filtered(on_shelves, componentId=on_shelves.id("timer")) == ALL
    assert await filtered(on_shelves, componentId=on_shelves.id("first-mailer")) == ["01", "05", "07"]


async def test_flows_are_filtered_by_what_their_published_version_or_their_draft_uses(on_shelves: Api) -> None:
    assert await filtered(on_shelves, usesId=on_shelves.id("agent-00")) == ALL
    assert await filtered(on_shelves, usesId=on_shelves.id("agent-00"), status="ACTIVE") == ["02", "05", "08"]
    assert await filtered(on_shelves, usesId=on_shelves.id("agent-01")) == []


async def test_of_components_of_one_name_only_the_one_that_the_command_means_is_found(on_shelves: Api) -> None:
    for shadowed in ("second-mailer", "away-timer"):
        assert await filtered(on_shelves, componentId=on_shelves.id(shadowed)) == []
    assert await filtered(on_shelves, "tom", "lodge", componentId=on_shelves.id("away-timer")) == ["lodge-timer"]
    for shadowed in ("timer", "second-mailer"):
        assert await filtered(on_shelves, "tom", "lodge", componentId=on_shelves.id(shadowed)) == []
    assert await filtered(on_shelves, "tom", "lodge", componentId=on_shelves.id("first-mailer")) == ["lodge-mail"]


async def test_credentials_and_secrets_are_filtered_by_their_component(on_shelves: Api) -> None:
    lea, place = on_shelves.caller("lea"), on_shelves.id("place-00")
    for document, component in ((ask.CREDENTIALS, "first-mailer"), (ask.SECRETS, "timer")):
        its = await page_of(lea, document, workspace=place, componentId=on_shelves.id(component))
        anothers = await page_of(lea, document, workspace=place, componentId=on_shelves.id("pubsub"))
        assert (its["totalCount"], anothers["totalCount"]) == (11, 0)
        assert anothers["edges"] == []


async def test_workspaces_and_destinations_are_filtered_by_their_contract(on_shelves: Api) -> None:
    lea, contract = on_shelves.caller("lea"), on_shelves.id("contract-03")
    for document in (ask.WORKSPACES, ask.DESTINATION_WORKSPACES):
        wanted = {"flowId": on_shelves.id("history")} if document is ask.DESTINATION_WORKSPACES else {}
        page = await page_of(lea, document, contractId=contract, **wanted)
        assert (ids_of(page), page["totalCount"]) == ([on_shelves.id("place-03")], 1)
