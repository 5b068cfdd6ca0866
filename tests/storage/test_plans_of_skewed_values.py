"""Filters where nearly all flows are alike: a plan for any values expects as many of the others, and must not rely on it."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from functools import partial

import pytest

from app.domain.model import FlowStatus, FlowType
from app.storage.connections.database import Database
from app.storage.pages.flow_filters import FlowFilter
from app.storage.pages.lists import ListName, ListRequest
from tests.databases import Databases, run
from tests.storage.large_world import nth, read_list
from tests.storage.plans import plans_of_pages

CREATOR, OTHER = nth("user", 1), nth("user", 2)
WORKSPACE, UNUSED = nth("workspace", 1), nth("topic", 2)
SUSPENDED, TOPICS, SINCE = 3, 2, datetime(2026, 3, 1, tzinfo=UTC)
WORLD = """
CREATE FUNCTION pg_temp.nth(kind text, number bigint) RETURNS text IMMUTABLE LANGUAGE sql AS
$$ SELECT kind || '_' || lpad(number::text, 26, '0') $$;

INSERT INTO tenant (id, name, component_whitelist) VALUES (pg_temp.nth('tenant', 1), 'One', false);
INSERT INTO contract (id, tenant_id, name, name_key, status)
VALUES (pg_temp.nth('contract', 1), pg_temp.nth('tenant', 1), 'One', 'one', 'ACTIVE');
INSERT INTO workspace (id, contract_id, name, name_key, type)
VALUES (pg_temp.nth('workspace', 1), pg_temp.nth('contract', 1), 'One', 'one', 'FULL');
INSERT INTO user_account (id, first_name, last_name, email, email_key)
SELECT pg_temp.nth('user', i), 'Caller', 'Number', 'caller-' || i, 'caller-' || i FROM generate_series(1, 2) AS i;
INSERT INTO workspace_access (user_id, workspace_id, contract_id, name_key, role_id)
VALUES (pg_temp.nth('user', 1), pg_temp.nth('workspace', 1), pg_temp.nth('contract', 1), 'one', 'role_00000000000000000000000003');
INSERT INTO topic (id, workspace_id, name, name_key, schema_text)
SELECT pg_temp.nth('topic', i), pg_temp.nth('workspace', 1), 'Topic', 'topic', '{}' FROM generate_series(1, 2) AS i;

INSERT INTO flow (id, workspace_id, name, name_key, type, status, created_by, created_at, updated_at, draft_revision)
SELECT pg_temp.nth('flow', i), pg_temp.nth('workspace', 1), md5(i::text), md5(i::text), 'ORDINARY',
       CASE WHEN i <= 3 THEN 'SUSPENDED' ELSE 'INACTIVE' END, pg_temp.nth('user', 1), now(),
       timestamptz '2026-01-01' + i * 7919 % 20000 * interval '1 minute', 1
FROM generate_series(1, 20000) AS i;
INSERT INTO flow_reference (flow_id, reference_id, workspace_id, name_key)
SELECT id, pg_temp.nth('topic', 1), workspace_id, name_key FROM flow;
"""


@pytest.fixture(scope="module")
async def skewed(databases: Databases) -> AsyncIterator[Database]:
    async with databases.made() as name:
        await run(databases.url_of(name), WORLD, "VACUUM ANALYZE")
        database = Database(databases.url_of(name))
        yield database
        await database.close()


@pytest.mark.parametrize(
    ("flow_filter", "few"),
    [
        (FlowFilter(created_by=OTHER), 0),
        (FlowFilter(status=FlowStatus.SUSPENDED), SUSPENDED),
        (FlowFilter(type=FlowType.REAL_TIME), 0),
        (FlowFilter(is_published=True), 0),
        (FlowFilter(updated_since=SINCE), 0),
        (FlowFilter(uses_id=UNUSED), 0),
    ],
)
async def test_few_flows_are_found_by_an_index_where_many_are_expected(
    skewed: Database, flow_filter: FlowFilter, few: int
) -> None:
    read = partial(read_list, skewed, CREATOR, WORKSPACE, ListRequest(ListName.FLOWS, flow_filter=flow_filter))
    plans = await plans_of_pages(skewed, read)
    scanned = {table for plan in plans for table in plan.large_tables_scanned & {"flow", "flow_reference"}}
    assert (scanned, max(plan.most_rows_read for plan in plans) <= max(few, TOPICS)) == (set(), True)
