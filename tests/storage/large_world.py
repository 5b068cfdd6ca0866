"""The world of `large_world.sql`: how large it is, who is in it, and reading its lists."""

import os
from pathlib import Path
from typing import Any

from app.domain.model import UserId
from app.storage.connections.database import Database
from app.storage.pages.lists import ListRequest
from app.storage.pages.paging import Page, PageRequest

WORLD = Path(__file__).with_name("large_world.sql")
FLOWS = int(os.environ.get("TEST_FLOWS", "5999"))
IN_THE_FIRST = (FLOWS + 1) // 2
"""How many of them live in the first workspace; the others are spread over the other ones."""
IN_EACH_OTHER = -(-(FLOWS - IN_THE_FIRST) // 2999)


def nth(kind: str, number: int) -> str:
    return f"{kind}_{number:026}"


EVERYWHERE, IN_A_FEW = UserId(nth("user", 1)), UserId(nth("user", 2))
HOMES = {
    EVERYWHERE: (nth("workspace", 1), nth("flow", 1)),
    IN_A_FEW: (nth("workspace", 2), nth("flow", IN_THE_FIRST + 1)),
}


def world() -> str:
    """The script that makes it."""
    sizes = {":flows_in_the_first": IN_THE_FIRST, ":flows": FLOWS}
    sql = WORLD.read_text()
    for name, size in sizes.items():
        sql = sql.replace(name, str(size))
    return sql


async def read_lists(
    database: Database, viewer: str, parents: list[str], wanted: ListRequest, request: PageRequest
) -> Page[Any]:
    """The page of the first of the parents, read with those of the others."""
    async with database.reading() as connection:
        page, *_ = await wanted.listing().pages(connection, parents, request, wanted.values(viewer))
    return page


async def read_list(
    database: Database, viewer: str, parent: str, wanted: ListRequest, request: PageRequest
) -> Page[Any]:
    return await read_lists(database, viewer, [parent], wanted, request)
