"""Contracts, their workspaces and their quotas are read off indexes, for a page alone."""

from functools import partial

import pytest

from app.domain.model import UserId
from app.storage.connections.database import Database
from app.storage.pages.lists import ListName, ListRequest
from app.storage.reads.by_id import read_quotas
from tests.storage.large_world import EVERYWHERE, IN_A_FEW, nth, read_list, read_lists
from tests.storage.plans import SIZE, hold, plans_of, plans_of_pages

CALLERS = pytest.mark.parametrize("viewer", [EVERYWHERE, IN_A_FEW], ids=["everywhere", "in-a-few"])


OF_A_CONTRACT, CONTRACTS = 50, 60
"""How many workspaces and contracts the first caller sees: few enough that they may be sorted."""


@CALLERS
async def test_a_page_of_the_workspaces_of_a_contract_reads_no_others(large: Database, viewer: UserId) -> None:
    listing, contracts = ListRequest(ListName.WORKSPACES_OF_CONTRACT), [nth("contract", each) for each in (3, 4, 5)]
    plans = await plans_of_pages(large, partial(read_list, large, viewer, contracts[0], listing))
    hold(plans, rows=OF_A_CONTRACT, sorted_rows=OF_A_CONTRACT)
    together = await plans_of_pages(large, partial(read_lists, large, viewer, contracts, listing))
    hold(together, rows=3 * OF_A_CONTRACT, sorted_rows=3 * OF_A_CONTRACT)


@CALLERS
async def test_a_page_of_contracts_reads_no_others_than_those_of_the_caller(large: Database, viewer: UserId) -> None:
    listing = ListRequest(ListName.CONTRACTS)
    plans = await plans_of_pages(large, partial(read_list, large, viewer, viewer, listing))
    hold(plans, rows=CONTRACTS, sorted_rows=CONTRACTS)


async def test_whether_a_quota_is_told_is_decided_by_one_workspace_of_each_contract(large: Database) -> None:
    contracts = [nth("contract", number) for number in range(1, 61)]

    async def read() -> None:
        async with large.reading() as connection:
            assert list(await read_quotas(connection, EVERYWHERE, contracts)) == [nth("contract", 30)]

    hold(await plans_of(large, read), rows=SIZE)
