"""Walking through lists page by page, and checking what each page says of itself."""

from collections.abc import Mapping
from typing import Any

from tests.api.client import Caller, Json

PAGE = ("first", "after", "last", "before")


async def page_of(caller: Caller, document: str, **variables: Any) -> Json:
    """A page of the one connection of a document."""
    found = await caller.one(document, **variables)
    while "edges" not in found:
        [found] = found.values()
    page: Json = found
    assert page["nodes"] == [{"id": edge["node"]["id"]} for edge in page["edges"]]
    cursors = [edge["cursor"] for edge in page["edges"]]
    ends = (
        {"startCursor": cursors[0], "endCursor": cursors[-1]} if cursors else {"startCursor": None, "endCursor": None}
    )
    assert {key: page["pageInfo"][key] for key in ends} == ends
    return page


def ids_of(page: Json) -> list[str]:
    return [node["id"] for node in page["nodes"]]


async def walk(caller: Caller, document: str, variables: Mapping[str, Any], size: int, *, backwards: bool) -> list[str]:
    """The ids of a whole list in its order, read page by page from one end to the other."""
    pages: list[list[str]] = []
    position: Json = {}
    ahead, behind = ("hasPreviousPage", "hasNextPage") if backwards else ("hasNextPage", "hasPreviousPage")
    while True:
        amount = {"last" if backwards else "first": size}
        page = await page_of(caller, document, **variables, **amount, **position)
        assert page["pageInfo"][behind] == bool(pages)
        pages.append(ids_of(page))
        if not page["pageInfo"][ahead]:
            break
        assert len(pages[-1]) == size
        position = (
            {"before": page["pageInfo"]["startCursor"]} if backwards else {"after": page["pageInfo"]["endCursor"]}
        )
    found = [one for each in (reversed(pages) if backwards else pages) for one in each]
    assert page["totalCount"] == len(found)
    return found
