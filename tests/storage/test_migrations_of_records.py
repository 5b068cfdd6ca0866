"""What migrations make of the records of exports, and of what is kept with idempotency keys."""

import json
from hashlib import sha256
from pathlib import Path

from sqlalchemy import text

from app.storage.connections.engine import engine_of
from app.storage.migrations.migrate import upgrade
from tests.storage.downgrading import downgrade, rows

RECORDS_WITH_REFERENCES = """
    insert into tenant (id, name, component_whitelist) values ('tenant_1', 'One', false);
    insert into contract (id, tenant_id, name, name_key, status) values ('contract_1', 'tenant_1', 'One', 'one', 'ACTIVE');
    insert into workspace (id, contract_id, name, name_key, type) values
        ('workspace_1', 'contract_1', 'Here', 'here', 'FULL');
    insert into flow_export (id, created_at, copied_from, destination_workspace_id, "references")
    select 'export_' || to_char(n, '0000'), now(), 'DRAFT', 'workspace_1',
           case n % 3 when 0 then '[]' else '[{"step":"Übung ' || n % 3 || '"}]' end
    from generate_series(1, 2500) n
"""
REPORTS_OF_RECORDS = text(
    'select id, coalesce(report."references", \'[]\') as "references" from flow_export'
    " left join reference_report report on report.hash = report_hash order by id"
)
WITH_REFERENCES = text('select id, "references" from flow_export order by id')


async def test_reports_of_references_that_there_are_are_stored_once_and_can_go_back(empty_database_url: str) -> None:
    await upgrade(empty_database_url)
    await downgrade(empty_database_url, "0011")
    async with engine_of(empty_database_url) as engine, engine.begin() as connection:
        for statement in RECORDS_WITH_REFERENCES.split(";\n"):
            await connection.execute(text(statement))
    before = await rows(empty_database_url, WITH_REFERENCES)
    await upgrade(empty_database_url)
    assert await rows(empty_database_url, REPORTS_OF_RECORDS) == before
    reports = await rows(empty_database_url, text("select * from reference_report"))
    assert {row["hash"]: row["references"] for row in reports} == {
        sha256(told.encode()).hexdigest(): told for told in ('[{"step":"Übung 1"}]', '[{"step":"Übung 2"}]')
    }
    await downgrade(empty_database_url, "0011")
    assert await rows(empty_database_url, WITH_REFERENCES) == before


OUTCOMES = json.loads(Path(__file__).with_name("outcomes_of_0012.json").read_text(encoding="utf-8"))
"""As the release before kept them with their keys, whole."""
USER = "insert into user_account (id, first_name, last_name, email, email_key) values ('user_1', 'A', 'B', 'c', 'c')"
KEY = """insert into idempotency_key (actor_id, call, key, input_hash, outcome, first_used_at)
  values ('user_1', :call, 'key', 'hash', :outcome, now())"""
KEYS = text("select call, made, input_hash, first_used_at from idempotency_key order by call")
KEPT = json.loads((Path(__file__).parents[1] / "usecases" / "kept_with_keys.json").read_text(encoding="utf-8"))


async def test_what_was_kept_with_keys_becomes_what_was_made(empty_database_url: str) -> None:
    """The calls of the last day are answered again after the upgrade, not repeated."""
    await upgrade(empty_database_url)
    await downgrade(empty_database_url, "0012")
    async with engine_of(empty_database_url) as engine, engine.begin() as connection:
        await connection.execute(text(USER))
        await connection.execute(
            text(KEY), [{"call": call, "outcome": json.dumps(OUTCOMES[call])} for call in OUTCOMES]
        )
    await upgrade(empty_database_url)
    made = {row["call"]: json.loads(row["made"]) for row in await rows(empty_database_url, KEYS)}
    one_by_one = [KEPT["exportFlow"][0], {"exports": {"7": "export_1"}, "warnings": []}]
    assert made.pop("exportFlows") == one_by_one
    assert made == {call: KEPT[call] for call in OUTCOMES if call != "exportFlows"}
    await downgrade(empty_database_url, "0012")
    left = await rows(empty_database_url, text("select call, outcome from idempotency_key order by call"))
    assert {row["call"]: json.loads(row["outcome"]) for row in left} == {
        call: {name: value for name, value in OUTCOMES[call].items() if name != "replayed"}
        for call in ("createFlow", "publishFlowDraft", "revertFlow")
    }
