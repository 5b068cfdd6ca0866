"""What a migration tells of releases that are older than the authors in them (R7)."""

from sqlalchemy import text

from app.storage.connections.engine import engine_of
from app.storage.migrations.migrate import upgrade
from tests.storage.downgrading import downgrade, rows

OLDER = """
    insert into tenant (id, name, component_whitelist) values ('tenant_1', 'One', false);
    insert into contract (id, tenant_id, name, name_key, status) values ('contract_1', 'tenant_1', 'One', 'one', 'ACTIVE');
    insert into workspace (id, contract_id, name, name_key, type) values ('workspace_1', 'contract_1', 'Here', 'here', 'FULL');
    insert into user_account (id, tenant_id, first_name, last_name, email, email_key)
        values ('user_1', 'tenant_1', 'Ada', 'Author', 'ada@example.com', 'ada@example.com');
    insert into flow_content (hash, graph, outline) values ('content', '{}', '{}');
    insert into flow (id, workspace_id, name, name_key, type, status, created_at, updated_at, draft_revision)
        values ('flow_1', 'workspace_1', 'A', 'a', 'ORDINARY', 'INACTIVE', now(), now(), 1);
    insert into flow_draft (id, flow_id, author_id, name, content_hash, bindings, revision, created_at, updated_at, origin)
        values ('draft_1', 'flow_1', 'user_1', 'A', 'content', '[]', 1, now(), now(), 'EDIT');
    insert into release_request (id, workspace_id, title, start, state, requested_by, requested_at)
        values ('release_1', 'workspace_1', 'Spring', false, 'OPEN', 'user_1', now());
    insert into release_item (request_id, position, flow_id, flow_name, draft_id, revision)
        values ('release_1', 0, 'flow_1', 'A', 'draft_1', 1), ('release_1', 1, 'flow_2', 'Gone', 'draft_2', 1)
"""


async def test_the_author_of_a_draft_that_is_there_is_noted_in_an_older_release(empty_database_url: str) -> None:
    await upgrade(empty_database_url)
    await downgrade(empty_database_url, "0024")
    async with engine_of(empty_database_url).begin() as connection:
        for statement in OLDER.split(";\n"):
            await connection.execute(text(statement))
    await upgrade(empty_database_url)
    items = await rows(empty_database_url, text("select draft_id, author_id from release_item order by position"))
    assert [(row["draft_id"], row["author_id"]) for row in items] == [("draft_1", "user_1"), ("draft_2", None)]
