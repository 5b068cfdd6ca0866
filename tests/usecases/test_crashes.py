"""A connection that is lost in the middle of a unit of work leaves nothing half-written."""

import pytest

from app.domain.batch import BatchMode
from app.domain.export import Exported
from app.domain.export_batch import ExportsWish
from app.storage.connections.failures import CommitState, DatabaseUnavailable
from app.usecases.copy_and_export import export_flows
from tests.api.world_builder import graph
from tests.usecases.company_database import CompanyDatabase, created, exported
from tests.usecases.steps import code

DIE = """
    CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END $$
"""
# Statements that must not be put together from parts: one for each place to die at.
DIE_AFTER = {
    "the draft was set aside": "CREATE TRIGGER fatal AFTER UPDATE ON flow_draft FOR EACH ROW EXECUTE FUNCTION die()",
    "the flow was changed": "CREATE TRIGGER fatal AFTER UPDATE ON flow FOR EACH ROW EXECUTE FUNCTION die()",
    "the draft was written": "CREATE TRIGGER fatal AFTER INSERT ON flow_draft FOR EACH ROW EXECUTE FUNCTION die()",
    "the report was written": "CREATE TRIGGER fatal AFTER INSERT ON reference_report FOR EACH ROW EXECUTE FUNCTION die()",
    "the record was written": "CREATE TRIGGER fatal AFTER INSERT ON flow_export FOR EACH ROW EXECUTE FUNCTION die()",
    "all was written": """CREATE CONSTRAINT TRIGGER fatal AFTER INSERT ON flow_export DEFERRABLE INITIALLY DEFERRED
                          FOR EACH ROW EXECUTE FUNCTION die()""",
}


@pytest.mark.parametrize("moment", DIE_AFTER)
async def test_an_override_whose_connection_is_lost_has_not_happened(world: CompanyDatabase, moment: str) -> None:
    before = await world.contents()
    await world.execute(DIE)
    await world.execute(DIE_AFTER[moment])

    with pytest.raises(DatabaseUnavailable) as lost:
        await world.export("orders", over="busy")

    assert lost.value.written is (CommitState.UNKNOWN if moment == "all was written" else CommitState.NOTHING)
    assert await world.contents() == before
    await world.execute("DROP FUNCTION die CASCADE")
    exported(await world.export("orders", over="busy"))
    assert [draft["revision"] for draft in await world.drafts("busy")] == [1, 2]


@pytest.mark.parametrize("mode", BatchMode)
@pytest.mark.parametrize("moment", DIE_AFTER)
async def test_of_a_call_of_many_whose_connection_is_lost_nothing_has_happened(
    world: CompanyDatabase, moment: str, mode: BatchMode
) -> None:
    items = (
        world.export_wish("plain", to="production"),
        world.export_wish("orders", over="busy"),
        world.export_wish("orders", over="orders-live"),
    )
    wish = ExportsWish(items, mode, idempotency_key="key 1")
    before = await world.contents()
    await world.execute(DIE)
    await world.execute(DIE_AFTER[moment])

    with pytest.raises(DatabaseUnavailable):
        await export_flows(world.work.of(world.user("ada")), wish)

    assert await world.contents() == before
    await world.execute("DROP FUNCTION die CASCADE")
    batch = await export_flows(world.work.of(world.user("ada")), wish)
    assert ([isinstance(result, Exported) for result in batch.results], batch.replayed) == ([True] * 3, False)


async def test_a_creation_whose_connection_is_lost_leaves_no_content_behind(world: CompanyDatabase) -> None:
    before = await world.contents()
    await world.execute(DIE)
    await world.execute(DIE_AFTER["the draft was written"])

    with pytest.raises(DatabaseUnavailable):
        await world.create("small-live", graph(code("1", "never seen")))

    assert await world.contents() == before
    await world.execute("DROP FUNCTION die CASCADE")
    created(await world.create("small-live", graph(code("1", "never seen"))))
