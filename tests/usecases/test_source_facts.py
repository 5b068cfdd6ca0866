"""What one statement reads of the source of an export is what rules would be told of the state that is copied."""

from itertools import product

import pytest
from sqlalchemy import text

from app.domain.flow import BY_DEFAULT, CopiedState, SourceWish, StateOfFlow
from app.domain.source_graph import SourceGraph
from app.storage.connections.engine import engine_of
from app.storage.facts.gather import read_catalogue, read_targets
from app.storage.reads.graphs import SOURCE, SOURCE_WITH_TOPICS, read_chosen
from tests.usecases.company_database import CompanyDatabase

FLOWS = ("orders", "of-the-team", "two-topics", "only-one", "ice", "ships")


async def wishes(world: CompanyDatabase) -> list[SourceWish]:
    """Every source that a caller can name, versions of other flows among them."""
    async with engine_of(world.url).connect() as connection:
        versions = [row.id for row in await connection.execute(text("select id from flow_version order by id"))]
    named = [SourceWish(version_id=version) for version in (*versions, "version_of-nobody", "\0")]
    return [BY_DEFAULT, *map(SourceWish, StateOfFlow), *named]


@pytest.mark.parametrize("who", ["ada", "olga"])
async def test_one_statement_reads_components_and_topics_of_the_copied_state(
    untouched: CompanyDatabase, who: str
) -> None:
    copied = 0
    for flow, wish in product(FLOWS, await wishes(untouched)):
        user, flow_id = untouched.user(who), untouched[flow]
        async with untouched.database.reading() as connection:
            usual = await read_chosen(connection, user, flow_id, wish)
            source = await read_chosen(connection, user, flow_id, wish, statement=SOURCE_WITH_TOPICS)
            without = await read_chosen(connection, user, flow_id, wish, statement=SOURCE)
            assert (usual is None) == (source is None) == (without is None)
            if usual is None or source is None or without is None or not isinstance(usual.copied, CopiedState):
                continue
            assert (source.copied, source.flow, without.copied) == (usual.copied, usual.flow, usual.copied)
            graph, home = usual.copied.state.graph, usual.flow.access.workspace
            catalogue = await read_catalogue(connection, user, graph.commands)
            tenants = {
                home.contract.tenant_id,
                *(tenant for one in graph.commands for tenant in catalogue.tenants(one)),
            }
            for command, tenant in product(graph.commands, tenants):
                meant = catalogue.resolve(command, tenant)
                assert source.catalogue.resolve(command, tenant) == without.catalogue.resolve(command, tenant) == meant
                assert source.catalogue.tenants(command) == catalogue.tenants(command)
            topics = SourceGraph(graph, catalogue, home).topic_uses.values()
            assert source.topics == await read_targets(connection, user, {each for each in topics if each is not None})
        copied += 1
    assert copied > 0 or who != "ada"
