"""What is offered as a destination is what the export itself would decide, whoever asks and whatever the flow uses."""

from asyncio import gather
from collections.abc import Collection
from sys import maxsize

import pytest
from sqlalchemy import select

from app.domain.access import quota_exceeded
from app.domain.flow import BY_DEFAULT
from app.storage.connections.connection import ReadConnection
from app.storage.pages.destinations import (
    DestinationSearch,
    contracts_to_export_to,
    count_flows_used,
    workspaces_to_export_to,
)
from app.storage.pages.paging import PageRequest
from app.storage.tables import CONTRACT_ACCESS
from app.usecases import find_destinations as find_destinations_module
from app.usecases.find_destinations import ExportableFlow, find_exportable_flow, find_refusals
from tests.usecases.company_database import CompanyDatabase

FLOWS = ("orders", "of-the-team", "two-topics", "only-one", "ice", "ships")
ALL = PageRequest(100)


@pytest.mark.parametrize(
    ("contract", "tenant", "teams_own"),
    [
        ("retail", "home", ["development", "production"]),
        ("foods", "home", ["development", "kitchen"]),
        ("overseas", "abroad", ["development"]),
    ],
)
async def test_the_destinations_of_a_teams_flow_are_in_the_contract_of_the_team_and_at_home(
    world: CompanyDatabase, contract: str, tenant: str, teams_own: list[str]
) -> None:
    await world.execute(
        "update team set contract_id = :contract, tenant_id = :tenant where name = 'lab'",
        contract=world[contract],
        tenant=world[tenant],
    )
    found = await destinations_of(world, "of-the-team", "ada")
    assert await offered(found) == [world[key] for key in teams_own]
    assert await contracts_offered(found) == await contracts_of(world, teams_own)


@pytest.mark.parametrize("who", ["ada", "ben", "gus", "cora", "olga"])
@pytest.mark.parametrize("flow", FLOWS)
async def test_what_is_offered_is_what_an_export_would_not_refuse(
    untouched: CompanyDatabase, flow: str, who: str
) -> None:
    found = await find_exportable_flow(untouched.database, untouched.user(who), untouched[flow], BY_DEFAULT)
    if found is None:
        return
    everywhere = await found.workspaces(DestinationSearch(include_ineligible=True), ALL)
    good = [to.destination.access.workspace for _, to in everywhere.elements if to.eligible.over_a_flow]
    assert await offered(found) == [workspace.id for workspace in good]
    assert sorted(await contracts_offered(found)) == sorted({workspace.contract.id for workspace in good})
    assert await found.count(workspaces_to_export_to, DestinationSearch()) == len(good)
    every_contract = await found.page(contracts_to_export_to, DestinationSearch(include_ineligible=True), ALL)
    assert [rated.contract.id for _, rated in every_contract.elements if rated.eligible] == await contracts_offered(
        found
    )
    assert [rated.contract.id for _, rated in every_contract.elements] == await contracts_seen(untouched, who)
    assert await found.count(contracts_to_export_to, DestinationSearch(include_ineligible=True)) == len(
        every_contract.elements
    )
    refusals = await find_refusals([there for _, there in everywhere.elements])
    for (_, there), reasons in zip(everywhere.elements, refusals, strict=True):
        assert (reasons == ()) is there.eligible.as_new_flow
        assert (there.workspace.id, there.contract.id) == (there.destination.id, there.destination.contract_id)
    for contract in {workspace.contract.id for workspace in good}:
        of_contract = await found.workspaces(DestinationSearch(), ALL, contract)
        expected = [workspace.id for workspace in good if workspace.contract.id == contract]
        assert [to.destination.id for _, to in of_contract.elements] == expected


async def test_the_flows_of_a_contract_with_a_quota_are_counted_once_however_often_its_workspaces_are_asked_for(
    untouched: CompanyDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted: list[str] = []

    async def count(connection: ReadConnection, contracts: Collection[str]) -> dict[str, int]:
        counted.extend(contracts)
        return await count_flows_used(connection, contracts)

    monkeypatch.setattr(find_destinations_module, "count_flows_used", count)
    found = await destinations_of(untouched, "orders", "ada")
    wanted = DestinationSearch(include_ineligible=True)
    one, *others = await gather(*(found.workspaces(wanted, ALL) for _ in range(5)))
    places = [to.destination.access for _, to in one.elements]
    assert (
        sorted(counted)
        == sorted({each.workspace.contract.id for each in places if quota_exceeded(each, maxsize)})
        != []
    )
    assert all(other.rows == one.rows for other in others)


async def destinations_of(world: CompanyDatabase, flow: str, who: str) -> ExportableFlow:
    found = await find_exportable_flow(world.database, world.user(who), world[flow], BY_DEFAULT)
    assert found is not None
    return found


async def offered(found: ExportableFlow) -> list[str]:
    page = await found.workspaces(DestinationSearch(), ALL)
    return [to.destination.id for _, to in page.elements]


async def contracts_offered(found: ExportableFlow) -> list[str]:
    return [
        rated.contract.id for _, rated in (await found.page(contracts_to_export_to, DestinationSearch(), ALL)).elements
    ]


async def contracts_of(world: CompanyDatabase, workspaces: list[str]) -> list[str]:
    """Each once, by name."""
    contracts = {(await world.workspace(key)).contract for key in workspaces}
    return [contract.id for contract in sorted(contracts, key=lambda contract: contract.name)]


async def contracts_seen(world: CompanyDatabase, who: str) -> list[str]:
    """All that somebody sees, by name."""
    access = CONTRACT_ACCESS.c
    async with world.database.reading() as connection:
        rows = await connection.rows(
            select(access.contract_id)
            .where(access.user_id == world.user(who))
            .order_by(access.name_key, access.contract_id)
        )
    return [row.contract_id for row in rows]
