"""Every list is read page by page off an index: a page far in costs what the first one costs."""

from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest

from app.domain.errors import Refused
from app.domain.facts import ExportWish, IntoWorkspace, OntoFlow
from app.domain.flow import BY_DEFAULT
from app.domain.model import UserId
from app.execution.rows import PageColumns
from app.storage.connections.database import Database
from app.storage.facts.gather import read_catalogue
from app.storage.facts.mirrored_rules import read_drifts
from app.storage.pages.destinations import DestinationSearch, contracts_to_export_to
from app.storage.pages.flow_filters import FlowOrder
from app.storage.pages.lists import ListName, ListRequest
from app.storage.pages.paging import Page, PageRequest
from app.storage.pages.related import Related
from app.storage.reads.by_id import read_descents, read_destination_versions, read_exports, read_provenances
from app.storage.reads.exports import read_references
from app.storage.upkeep.periodic import remove_records
from app.usecases.copy_and_export import export_flow
from app.usecases.find_candidates import OverrideSearch, find_topics_in_use
from app.usecases.find_destinations import find_exportable_flow
from app.usecases.transaction import UnitOfWork
from tests.storage.large_world import (
    EVERYWHERE,
    HOMES,
    IN_A_FEW,
    IN_EACH_OTHER,
    IN_THE_FIRST,
    nth,
    read_list,
    read_lists,
)
from tests.storage.plans import SIZE, hold, plans_of, plans_of_pages


def with_rows(*related: Related) -> PageColumns:
    """All columns of a page, with all of these relations."""
    return PageColumns(related=frozenset((each, None) for each in related))


CALLERS = pytest.mark.parametrize("viewer", [EVERYWHERE, IN_A_FEW], ids=["everywhere", "in-a-few"])


@CALLERS
@pytest.mark.parametrize(
    ("listing", "index"),
    [
        *(
            (ListRequest(ListName.FLOWS, flow_order=order), index)
            for order, index in {
                FlowOrder.NAME_ASC: "ix_flow_workspace_id_name_key_id",
                FlowOrder.NAME_DESC: "ix_flow_workspace_id_name_key_id",
                FlowOrder.CREATED_AT_ASC: "ix_flow_workspace_id_created_at_id",
                FlowOrder.UPDATED_AT_ASC: "ix_flow_workspace_id_updated_at_id",
                FlowOrder.CREATED_AT_DESC: "ix_flow_workspace_id_created_at_id",
                FlowOrder.UPDATED_AT_DESC: "ix_flow_workspace_id_updated_at_id",
            }.items()
        ),
        (ListRequest(ListName.TOPICS), "ix_topic_workspace_id_name_key_id"),
        (ListRequest(ListName.CREDENTIALS), "ix_credential_workspace_id_name_key_id"),
        (ListRequest(ListName.SECRETS), "ix_secret_workspace_id_name_key_id"),
        (ListRequest(ListName.AGENTS), "ix_agent_workspace_id_name_key_id"),
    ],
    ids=lambda value: value if isinstance(value, str) else f"{value.name}-{value.flow_order}",
)
async def test_a_page_of_what_lives_in_a_workspace_reads_only_that_page(
    large: Database, viewer: UserId, listing: ListRequest, index: str
) -> None:
    plans = await plans_of_pages(large, partial(read_list, large, viewer, HOMES[viewer][0], listing))
    hold(plans, rows=SIZE + 1)
    if viewer == EVERYWHERE:
        assert [plan.root for plan in plans if index not in plan.indexes] == []


@pytest.mark.parametrize(
    "listing",
    [
        ListRequest(ListName.FLOWS, columns=with_rows(Related.CREATED_BY, Related.DRAFT, Related.PUBLISHED_VERSION)),
        ListRequest(ListName.HISTORY, columns=with_rows(Related.PUBLISHED_BY)),
        ListRequest(ListName.SET_ASIDE, columns=with_rows(Related.AUTHOR)),
        ListRequest(ListName.WORKSPACES, columns=with_rows(Related.CONTRACT)),
    ],
    ids=lambda listing: listing.name,
)
async def test_what_a_page_refers_to_is_looked_up_for_that_page_only(large: Database, listing: ListRequest) -> None:
    parents = {ListName.FLOWS: HOMES[EVERYWHERE][0], ListName.WORKSPACES: EVERYWHERE}
    parent = parents.get(listing.name, nth("flow", 1))
    hold(await plans_of_pages(large, partial(read_list, large, EVERYWHERE, parent, listing)), rows=SIZE + 1)
    together = partial(read_lists, large, EVERYWHERE, [parent, nth("flow", 2)], listing)
    hold(await plans_of_pages(large, together), rows=2 * (SIZE + 1))


@pytest.mark.parametrize(
    "listing",
    [ListRequest(ListName.COPIES), ListRequest(ListName.COPIES, workspace_id=nth("workspace", 1))],
    ids=["all", "into"],
)
async def test_a_page_of_copies_reads_no_more_than_the_copies_of_the_flow(
    large: Database, listing: ListRequest
) -> None:
    plans = await plans_of_pages(large, partial(read_list, large, EVERYWHERE, nth("flow", 1), listing))
    hold(plans, rows=SIZE + 1)


@CALLERS
async def test_a_page_of_what_came_into_a_workspace_reads_only_that_page(large: Database, viewer: UserId) -> None:
    listing = ListRequest(ListName.EXPORTS)
    hold(await plans_of_pages(large, partial(read_list, large, viewer, HOMES[viewer][0], listing)), rows=SIZE + 1)
    together = partial(read_lists, large, viewer, [HOMES[viewer][0], nth("workspace", 2)], listing)
    hold(await plans_of_pages(large, together), rows=2 * (SIZE + 1))


async def test_records_and_what_flows_came_from_are_looked_up_by_their_keys(large: Database) -> None:
    flows, records = [nth("flow", number) for number in range(1, 21)], [nth("export", each) for each in range(1, 21)]

    async def read() -> None:
        async with large.reading() as connection:
            await read_provenances(connection, EVERYWHERE, flows)
            await read_exports(connection, EVERYWHERE, records)
            await read_descents(connection, EVERYWHERE, flows)
            await read_drifts(connection, EVERYWHERE, flows)
            await read_destination_versions(connection, EVERYWHERE, records)
            await read_references(connection, EVERYWHERE, records)

    hold(await plans_of(large, read), rows=SIZE)


async def test_records_that_are_over_are_found_by_when_that_was(large: Database) -> None:
    began = datetime(2026, 3, 1, tzinfo=UTC)

    async def remove() -> None:
        async with large.writing() as connection:
            assert await remove_records(connection, before=began, batch=SIZE) == 0

    hold(await plans_of(large, remove), rows=SIZE)


@pytest.mark.parametrize(
    ("listing", "index"),
    [
        (
            ListRequest(ListName.CREDENTIALS, component_id=nth("component", 13)),
            "ix_credential_workspace_id_component_id",
        ),
        (ListRequest(ListName.SECRETS, component_id=nth("component", 13)), "ix_secret_workspace_id_component_id"),
    ],
    ids=["credentials-of-a-component", "secrets-of-a-component"],
)
async def test_selective_filters_have_indexes_of_their_own(large: Database, listing: ListRequest, index: str) -> None:
    plans = await plans_of_pages(large, partial(read_list, large, EVERYWHERE, HOMES[EVERYWHERE][0], listing))
    for_these_values = [plan for plan in plans if not plan.for_any_values]
    hold(for_these_values, rows=SIZE + 1)
    hold(plans, rows=3000, sorted_rows=0)
    assert f"{index}_name_key_id" in for_these_values[0].indexes


@CALLERS
@pytest.mark.parametrize("search", [None, "a", "ab"])
async def test_the_workspaces_of_a_caller_are_read_in_the_order_of_their_names(
    large: Database, viewer: UserId, search: str | None
) -> None:
    plans = await plans_of_pages(
        large, partial(read_list, large, viewer, viewer, ListRequest(ListName.WORKSPACES, search))
    )
    hold(plans, rows=SIZE + 1 if search is None else 600, sorted_rows=30)


async def test_the_workspaces_of_one_contract_have_an_index_of_their_own(large: Database) -> None:
    listing = ListRequest(ListName.WORKSPACES, contract_id=nth("contract", 2))
    plans = await plans_of_pages(large, partial(read_list, large, EVERYWHERE, EVERYWHERE, listing))
    hold(plans, rows=50, sorted_rows=50)
    assert [plan.root for plan in plans if "ix_workspace_access_by_contract" not in plan.indexes] == []


async def test_the_lists_of_many_workspaces_are_read_at_once_without_any_of_the_rest(large: Database) -> None:
    homes = [nth("workspace", number) for number in range(1, 51)]

    hold(
        await plans_of_pages(large, partial(read_lists, large, EVERYWHERE, homes, ListRequest(ListName.FLOWS))),
        rows=SIZE + 1 + 49 * min(IN_EACH_OTHER, SIZE + 1),
    )


async def test_a_page_of_a_long_history_reads_only_that_page(large: Database) -> None:
    plans = await plans_of_pages(
        large, partial(read_list, large, EVERYWHERE, nth("flow", 1), ListRequest(ListName.HISTORY))
    )
    hold(plans, rows=SIZE + 1, sorted_rows=0)
    assert [plan.root for plan in plans if "uq_flow_version_flow_id_number" not in plan.indexes] == []


@CALLERS
@pytest.mark.parametrize(
    ("search", "contract_id"),
    [
        (DestinationSearch(), None),
        (DestinationSearch(include_ineligible=True), None),
        (DestinationSearch(), nth("contract", 3)),
        (DestinationSearch(search="a"), None),
        (DestinationSearch(search="a", include_ineligible=True), None),
    ],
    ids=["eligible", "all", "of-a-contract", "searched", "searched-all"],
)
async def test_destinations_are_read_in_the_order_of_their_names(
    large: Database, viewer: UserId, search: DestinationSearch, contract_id: str | None
) -> None:
    async def read(request: PageRequest) -> Page[Any]:
        flow = await find_exportable_flow(large, viewer, HOMES[viewer][1], BY_DEFAULT)
        assert flow is not None
        return await flow.workspaces(search, request, contract_id)

    # Whoever is in thirty workspaces may have all of them sorted.
    hold(await plans_of_pages(large, read), rows=3 * (SIZE + 1), sorted_rows=30)


@CALLERS
@pytest.mark.parametrize("search", [None, "a"])
async def test_the_contracts_of_destinations_are_read_without_all_their_workspaces(
    large: Database, viewer: UserId, search: str | None
) -> None:
    async def read(request: PageRequest) -> Page[Any]:
        flow = await find_exportable_flow(large, viewer, HOMES[viewer][1], BY_DEFAULT)
        assert flow is not None
        return await flow.page(contracts_to_export_to, DestinationSearch(search=search), request)

    hold(await plans_of_pages(large, read), rows=3 * (SIZE + 1), sorted_rows=60)


async def test_a_flow_of_one_contract_looks_for_its_destinations_in_that_contract_only(large: Database) -> None:
    """The flow uses a component of a team: of the three thousand workspaces fifty come into question."""

    async def read(request: PageRequest) -> Page[Any]:
        flow = await find_exportable_flow(large, EVERYWHERE, nth("flow", 1009), BY_DEFAULT)
        assert flow is not None
        return await flow.workspaces(DestinationSearch(), request)

    hold(await plans_of_pages(large, read), rows=51, sorted_rows=51)


@CALLERS
@pytest.mark.parametrize("search", [None, "a"])
async def test_candidates_are_read_rank_by_rank(large: Database, viewer: UserId, search: str | None) -> None:
    """Copies of the flow, of which there are few, are collected; what comes after them is read page by page."""
    home, flow = HOMES[viewer]

    async def flows(request: PageRequest) -> Page[Any]:
        page = await OverrideSearch(flow, home, search).page(large, viewer, request)
        assert page is not None
        return page

    async def topics(request: PageRequest) -> Page[Any]:
        in_use = await find_topics_in_use(large, viewer, flow, BY_DEFAULT)
        assert in_use is not None
        page = await in_use.replacements_for(None, home, search).page(large, viewer, request)
        assert page is not None
        return page

    hold(await plans_of_pages(large, flows), rows=600, sorted_rows=3 * (SIZE + 1))
    hold(await plans_of_pages(large, topics), rows=3 * SIZE, sorted_rows=2 * (SIZE + 1))


@pytest.mark.parametrize(
    "destination",
    [IntoWorkspace(nth("workspace", 30)), OntoFlow(nth("flow", IN_THE_FIRST + 50))],
    ids=["new-flow", "override"],
)
async def test_an_export_reads_nothing_but_what_it_is_about(
    large: Database, destination: IntoWorkspace | OntoFlow
) -> None:
    """The refusal leaves the world as it is for the other tests; what is read is the same. The quota is counted once."""
    work = UnitOfWork(large, clock=lambda: datetime(2026, 3, 1, tzinfo=UTC))
    wish = ExportWish(nth("flow", 1), destination, name="\n")

    async def export() -> None:
        assert isinstance(await export_flow(work.of(EVERYWHERE), wish), Refused)

    plans = await plans_of(large, export)
    assert len(plans) == 2 * 4
    hold(plans, rows=50)


@CALLERS
async def test_which_of_many_components_a_caller_sees_is_found_out_by_reading_its_contracts_once(
    large: Database, viewer: UserId
) -> None:
    commands = [f"team-{team}/c-{number}:run" for team in range(1, 61) for number in range(10)]

    async def read() -> None:
        async with large.reading() as connection:
            await read_catalogue(connection, viewer, commands)

    assert [plan.most_reads_of("contract_access") for plan in await plans_of(large, read)] == [1, 1]
