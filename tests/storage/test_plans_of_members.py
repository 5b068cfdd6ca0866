"""How members are read."""

from functools import partial

from app.storage.connections.database import Database
from app.storage.pages.lists import ListName, ListRequest
from tests.storage.large_world import EVERYWHERE, nth, read_list
from tests.storage.plans import hold, plans_of_pages


async def test_a_page_of_members_reads_the_members_of_its_workspace_alone(large: Database) -> None:
    for listing in (ListRequest(ListName.MEMBERS), ListRequest(ListName.MEMBERS, "a", holding="workspaces.flow.edit")):
        read = partial(read_list, large, EVERYWHERE, nth("workspace", 2), listing)
        hold(await plans_of_pages(large, read), rows=2)
