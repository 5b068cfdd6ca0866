"""What a migration tells of states and records that are older than their descent."""

from sqlalchemy import text

from app.storage.connections.engine import engine_of
from app.storage.migrations.migrate import upgrade
from tests.storage.downgrading import downgrade, rows

OLDER = """
    insert into tenant (id, name, component_whitelist) values ('tenant_1', 'One', false);
    insert into contract (id, tenant_id, name, name_key, status) values ('contract_1', 'tenant_1', 'One', 'one', 'ACTIVE');
    insert into workspace (id, contract_id, name, name_key, type) values ('workspace_1', 'contract_1', 'Here', 'here', 'FULL');
    insert into flow_content (hash, graph, outline)
        select hash, '{}', '{}' from unnest(array['exported', 'edited', 'older']) hash;
    insert into flow (id, workspace_id, name, name_key, type, status, created_at, updated_at, draft_revision)
        select id, 'workspace_1', id, id, 'ORDINARY', 'INACTIVE', now(), now(), 2
        from unnest(array['source', 'unpublished', 'edited', 'published', 'published-edited', 'reverted']) id;
    insert into flow_export (id, created_at, copied_from, source_flow_id, destination_workspace_id,
                             destination_flow_id, draft_id, first_change, first_changed_at)
        select 'record-of-' || flow, now(), 'DRAFT', 'source', 'workspace_1', flow, 'draft-of-' || flow, change,
               case when change is not null then now() end
        from (values ('unpublished', null), ('edited', 'EDITED'), ('published', 'PUBLISHED'),
                     ('published-edited', 'EDITED'), ('reverted', 'PUBLISHED')) as of_flow (flow, change);
    insert into flow_draft (id, flow_id, name, content_hash, bindings, revision, created_at, updated_at, origin, export_id)
        values ('draft-of-unpublished', 'unpublished', 'A', 'exported', '[]', 1, now(), now(), 'EXPORT', 'record-of-unpublished'),
               ('draft-of-edited', 'edited', 'A', 'edited', '[]', 2, now(), now(), 'EDIT', null),
               ('revert', 'reverted', 'A', 'exported', '[]', 3, now(), now(), 'REVERT', 'record-of-reverted'),
               ('by-hand', 'source', 'A', 'older', '[]', 1, now(), now(), 'EDIT', null);
    insert into flow_version (id, flow_id, number, name, content_hash, bindings, published_at, origin, export_id)
        values ('z-first', 'published', 1, 'A', 'exported', '[]', now(), 'EXPORT', 'record-of-published'),
               ('a-again', 'published', 2, 'A', 'exported', '[]', now(), 'REVERT', 'record-of-published'),
               ('by-hand-too', 'published-edited', 1, 'A', 'edited', '[]', now(), 'EDIT', null),
               ('restored', 'reverted', 1, 'A', 'exported', '[]', now(), 'EXPORT', 'record-of-reverted');
    update flow_export set source_version_id = 'a-again' where id = 'record-of-published-edited'
"""
DESCENT = text(
    "select id, descends_from from flow_draft union all select id, descends_from from flow_version order by id"
)
RECORDS = text("select id, content_hash, version_id from flow_export order by id")


async def test_what_is_known_of_the_descent_of_older_states_is_noted(empty_database_url: str) -> None:
    await upgrade(empty_database_url)
    await downgrade(empty_database_url, "0020")
    async with engine_of(empty_database_url).begin() as connection:
        for statement in OLDER.split(";\n"):
            await connection.execute(text(statement))
    await upgrade(empty_database_url)
    states = await rows(empty_database_url, DESCENT)
    assert {row["id"]: row["descends_from"] for row in states} == {
        "draft-of-unpublished": "record-of-unpublished",
        "draft-of-edited": "record-of-edited",
        "revert": "record-of-reverted",
        "by-hand": None,
        "z-first": "record-of-published",
        "a-again": "record-of-published",
        "by-hand-too": None,
        "restored": "record-of-reverted",
    }
    records = await rows(empty_database_url, RECORDS)
    assert {row["id"]: (row["content_hash"], row["version_id"]) for row in records} == {
        "record-of-unpublished": ("exported", None),
        "record-of-edited": (None, None),
        "record-of-published": ("exported", "z-first"),
        "record-of-published-edited": ("exported", None),
        "record-of-reverted": ("exported", "restored"),
    }


async def test_many_older_states_are_filled_in_parts(empty_database_url: str) -> None:
    await upgrade(empty_database_url)
    await downgrade(empty_database_url, "0020")
    many = """
        insert into flow_version (id, flow_id, number, name, content_hash, bindings, published_at, origin, export_id)
        select 'version-' || n, 'published', n + 2, 'A', 'exported', '[]', now(), 'REVERT', 'record-of-published'
        from generate_series(1, 25000) n
    """
    async with engine_of(empty_database_url).begin() as connection:
        for statement in (*OLDER.split(";\n"), many):
            await connection.execute(text(statement))
    await upgrade(empty_database_url)
    unknown = text("select count(*) as number from flow_version where descends_from is null")
    assert await rows(empty_database_url, unknown) == [{"number": 1}]
