"""The schema: equal to its models, and a keeper of invariants whatever the program does."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from app.storage.migrations.migrate import oldest_revision, upgrade
from app.storage.tables import METADATA
from tests.storage.catalogue import catalogue_of
from tests.storage.downgrading import downgrade

SMALL_WORLD = """
    INSERT INTO tenant (id, name, component_whitelist) VALUES ('tenant_1', 'One', false), ('tenant_2', 'Two', false);
    INSERT INTO contract (id, tenant_id, name, name_key, status) VALUES
        ('contract_1', 'tenant_1', 'One', 'one', 'ACTIVE'), ('contract_2', 'tenant_2', 'Two', 'two', 'ACTIVE');
    INSERT INTO workspace (id, contract_id, name, name_key, type) VALUES
        ('workspace_1', 'contract_1', 'Here', 'here', 'FULL'), ('workspace_2', 'contract_2', 'There', 'there', 'FULL');
    INSERT INTO user_account (id, first_name, last_name, email, email_key) VALUES
        ('user_1', 'Ada', 'Smith', 'Ada@example.com', 'ada@example.com');
    INSERT INTO workspace_access (user_id, workspace_id, contract_id, name_key) VALUES
        ('user_1', 'workspace_1', 'contract_1', 'here');
    INSERT INTO contract_access (user_id, contract_id, name_key) VALUES ('user_1', 'contract_1', 'one');
    INSERT INTO team (id, contract_id, tenant_id, name) VALUES ('team_1', 'contract_1', 'tenant_1', 'core');
    INSERT INTO component (id, team_id, name, title, access, requires, pub_sub, topic_field) VALUES
        ('component_1', 'team_1', 'code', 'Code', 'TEAM', 'NONE', false, 'topic');
    INSERT INTO flow_content (hash, graph, outline) VALUES ('hash', '{}', '{}');
    INSERT INTO flow (id, workspace_id, name, name_key, type, status, created_by, created_at, updated_at,
                      draft_revision) VALUES
        ('flow_1', 'workspace_1', 'One', 'one', 'ORDINARY', 'INACTIVE', 'user_1', now(), now(), 2),
        ('flow_2', 'workspace_1', 'Two', 'two', 'ORDINARY', 'INACTIVE', 'user_1', now(), now(), 0);
    INSERT INTO flow_version (id, flow_id, number, name, content_hash, bindings, published_by, published_at, origin)
        VALUES ('version_1', 'flow_1', 1, 'One', 'hash', '[]', 'user_1', now(), 'EDIT');
    UPDATE flow SET published_version_id = 'version_1' WHERE id = 'flow_1';
    INSERT INTO flow_draft (id, flow_id, name, content_hash, bindings, revision, author_id, created_at, updated_at,
                            origin, set_aside_at, set_aside_by) VALUES
        ('draft_1', 'flow_1', 'One', 'hash', '[]', 1, 'user_1', now(), now(), 'EDIT', now(), 'user_1'),
        ('draft_2', 'flow_1', 'One', 'hash', '[]', 2, 'user_1', now(), now(), 'EDIT', null, null);
    INSERT INTO reference_report (hash, "references") VALUES ('report', '[]');
    INSERT INTO flow_export (id, actor_id, created_at, copied_from, source_flow_id, source_version_id,
                             destination_workspace_id, destination_flow_id, draft_id, set_aside_draft_id, report_hash)
        VALUES ('export_1', 'user_1', now(), 'DRAFT', 'flow_1', 'version_1', 'workspace_1', 'flow_1', 'draft_2',
                'draft_1', 'report');
    INSERT INTO external_key (scope_id, section, key, id) VALUES
        ('tenant_1', 'users', 'u-1', 'user_1'), ('tenant_2', 'users', 'u-2', 'user_1'), ('', 'tenants', 't', 'tenant_2'),
        ('tenant_1', 'components', 'c', 'component_1'), ('workspace_1', 'flows', 'f', 'flow_2');
    INSERT INTO tenant_member (tenant_id, user_id, role_id) VALUES
        ('tenant_1', 'user_1', 'role_00000000000000000000000009');
"""


@pytest.fixture
async def engine(database_url: str) -> AsyncIterator[AsyncEngine]:
    made = create_async_engine(database_url)
    async with made.begin() as connection:
        for statement in SMALL_WORLD.split(";\n"):
            if statement.strip():
                await connection.execute(text(statement))
    yield made
    await made.dispose()


async def test_the_migrations_make_to_the_letter_what_the_models_say(
    database_url: str, empty_database_url: str
) -> None:
    migrated, made = create_async_engine(database_url), create_async_engine(empty_database_url)
    async with made.begin() as connection:
        await connection.run_sync(METADATA.create_all)
        by_models = await catalogue_of(connection)
    async with migrated.connect() as connection:
        by_migrations = await catalogue_of(connection)
    await made.dispose()
    await migrated.dispose()
    assert (by_models - by_migrations, by_migrations - by_models) == (set(), set())


async def test_a_database_can_go_down_and_up_again(database_url: str) -> None:
    engine = create_async_engine(database_url)
    async with engine.connect() as connection:
        before = await catalogue_of(connection)
    await engine.dispose()
    await downgrade(database_url, oldest_revision())
    async with engine.connect() as connection:
        assert await catalogue_of(connection) != before
    await engine.dispose()
    await upgrade(database_url)
    async with engine.connect() as connection:
        assert await catalogue_of(connection) == before
    await engine.dispose()


@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ("UPDATE flow_draft SET set_aside_at = NULL", "uq_flow_draft_active"),
        (
            (
                "INSERT INTO flow_version (id, flow_id, number, name, content_hash, bindings, published_at, origin)"
                " VALUES ('version_2', 'flow_1', 1, 'One', 'hash', '[]', now(), 'EDIT')"
            ),
            "uq_flow_version_flow_id_number",
        ),
        ("UPDATE flow_version SET number = 0", "ck_flow_version_number"),
        ("UPDATE flow SET draft_revision = -1", "ck_flow_draft_revision"),
        ("UPDATE flow SET published_version_id = 'version_9' WHERE id = 'flow_1'", "fk_flow_published_version"),
        ("UPDATE flow SET published_version_id = 'version_1' WHERE id = 'flow_2'", "fk_flow_published_version"),
        ("UPDATE flow SET workspace_id = 'workspace_9'", "fk_flow_workspace_id"),
        ("UPDATE flow SET status = 'RUNNING'", "ck_flow_status"),
        ("UPDATE flow SET type = 'SLOW'", "ck_flow_type"),
        ("UPDATE flow_draft SET content_hash = 'gone'", "fk_flow_draft_content_hash"),
        ("UPDATE flow_draft SET origin = 'COPIED'", "ck_flow_draft_origin"),
        ("DELETE FROM flow_content", "fk_flow_draft_content_hash"),
        ("DELETE FROM workspace WHERE id = 'workspace_1'", "fk_flow_workspace_id"),
        ("UPDATE flow_draft SET export_id = 'export_9'", "fk_flow_draft_export_id"),
        ("UPDATE flow_version SET export_id = 'export_9'", "fk_flow_version_export_id"),
        ("UPDATE flow_export SET report_hash = 'gone'", "fk_flow_export_report_hash"),
        ("DELETE FROM reference_report", "fk_flow_export_report_hash"),
        ("UPDATE flow_export SET first_change = 'LIKED', first_changed_at = now()", "ck_flow_export_first_change"),
        ("UPDATE flow_export SET first_change = 'EDITED'", "ck_flow_export_first_change_is_dated"),
        ("UPDATE workspace_access SET contract_id = 'contract_2'", "fk_workspace_access_workspace_id_contract_id"),
        ("UPDATE contract_access SET name_key = 'elsewhere'", "fk_contract_access_contract_id_name_key"),
        ("UPDATE team SET tenant_id = 'tenant_2'", "fk_team_contract_id_tenant_id"),
        (
            "INSERT INTO team (id, contract_id, tenant_id, name) VALUES ('team_2', 'contract_1', 'tenant_1', 'core')",
            "uq_team_tenant_id_name",
        ),
        ("UPDATE component SET access = 'ALL'", "ck_component_access"),
        (
            (
                "INSERT INTO user_account (id, first_name, last_name, email, email_key)"
                " VALUES ('user_2', 'Ada', 'Smith', 'ADA@example.com', 'ada@example.com')"
            ),
            "uq_user_account_email_key",
        ),
        (
            "INSERT INTO role (id, scope, name, permissions) VALUES ('role_2', 'WORKSPACE', 'guest', '{}')",
            "uq_role_tenant_id_scope_name",
        ),
        ("UPDATE external_key SET key = '' WHERE id = 'flow_2'", "ck_external_key_length"),
        ("UPDATE external_key SET key = repeat('k', 256) WHERE id = 'flow_2'", "ck_external_key_length"),
        ("INSERT INTO external_key VALUES ('tenant_1', 'users', 'u-1', 'user_2')", "pk_external_key"),
        (
            "INSERT INTO external_key VALUES ('tenant_1', 'users', 'u-3', 'user_1')",
            "uq_external_key_id_scope_id_section",
        ),
        ("UPDATE user_account SET tenant_id = 'tenant_9'", "fk_user_account_tenant_id"),
        ("DELETE FROM role WHERE scope = 'TENANT'", "fk_tenant_member_role_id"),
    ],
)
async def test_the_database_refuses_what_can_not_be(engine: AsyncEngine, change: str, constraint: str) -> None:
    with pytest.raises(IntegrityError, match=f'"{constraint}"'):
        async with engine.begin() as connection:
            await connection.execute(text(change))


@pytest.mark.parametrize(
    ("change", "question", "answer"),
    [
        (
            "UPDATE workspace SET name = 'Aft', name_key = 'aft' WHERE id = 'workspace_1'",
            "SELECT name_key FROM workspace_access",
            ["aft"],
        ),
        (
            "UPDATE contract SET name = 'First', name_key = 'first' WHERE id = 'contract_1'",
            "SELECT name_key FROM contract_access",
            ["first"],
        ),
        ("DELETE FROM user_account", "SELECT count(*) FROM workspace_access", [0]),
        ("DELETE FROM user_account", "SELECT count(*) FROM tenant_member", [0]),
        ("DELETE FROM user_account", "SELECT key FROM external_key ORDER BY key", ["c", "f", "t"]),
        ("DELETE FROM component", "SELECT key FROM external_key ORDER BY key", ["f", "t", "u-1", "u-2"]),
        ("DELETE FROM flow WHERE id = 'flow_2'", "SELECT key FROM external_key ORDER BY key", ["c", "t", "u-1", "u-2"]),
        (
            """DELETE FROM workspace WHERE id = 'workspace_2';
            DELETE FROM contract WHERE id = 'contract_2';
            DELETE FROM tenant WHERE id = 'tenant_2'""",
            "SELECT key FROM external_key ORDER BY key",
            ["c", "f", "u-1"],
        ),
        (
            """UPDATE flow_export SET destination_workspace_id = 'workspace_2', source_workspace_id = 'workspace_2';
            DELETE FROM workspace WHERE id = 'workspace_2'""",
            "SELECT destination_workspace_id FROM flow_export",
            ["workspace_2"],
        ),
        ("DELETE FROM user_account", "SELECT published_by FROM flow_version", [None]),
        ("DELETE FROM user_account", "SELECT author_id FROM flow_draft WHERE id = 'draft_2'", [None]),
        ("DELETE FROM user_account", "SELECT set_aside_by FROM flow_draft WHERE id = 'draft_1'", [None]),
        ("DELETE FROM user_account", "SELECT actor_id FROM flow_export", ["user_1"]),
        ("DELETE FROM flow WHERE id = 'flow_1'", "SELECT id FROM flow_draft UNION SELECT id FROM flow_version", []),
        (
            "DELETE FROM flow WHERE id = 'flow_1'",
            "SELECT source_flow_id || draft_id FROM flow_export",
            ["flow_1draft_2"],
        ),
    ],
)
async def test_what_follows_from_a_change_follows(
    engine: AsyncEngine, change: str, question: str, answer: list[object]
) -> None:
    async with engine.begin() as connection:
        for statement in change.split(";\n"):
            await connection.execute(text(statement))
    async with engine.connect() as connection:
        assert (await connection.execute(text(question))).scalars().all() == answer


UNINDEXED = text("""
    SELECT conrelid::regclass::text, conname
    FROM pg_constraint
    WHERE contype = 'f' AND confdeltype IN ('c', 'n') AND NOT EXISTS (
        SELECT FROM pg_index WHERE indrelid = conrelid AND indkey[0] = conkey[1]
    )
""")


async def test_whatever_a_deletion_touches_elsewhere_is_found_by_an_index(engine: AsyncEngine) -> None:
    async with engine.connect() as connection:
        assert (await connection.execute(UNINDEXED)).all() == []
