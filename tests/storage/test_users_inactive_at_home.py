"""What the schema before makes of users that are deactivated in their own tenant alone."""

from sqlalchemy import text

from app.storage.connections.engine import engine_of
from tests.applying import applied
from tests.storage.downgrading import downgrade, rows
from tests.usecases.world_files import as_file, put, world

USERS = text("select email from user_account where not active")
ACCESS = tuple(
    text(f"select user_id, {place}_id, name_key, role_id from {place}_access order by 1, 2")  # noqa: S608
    for place in ("workspace", "contract")
)
MOVE = """
    update user_account set active_at_home = false where email_key like 'b%';
    insert into inactive_workspace_member (user_id, workspace_id, role_id)
        select user_id, workspace_id, role_id from workspace_access
        where role_id is not null and user_id in (select id from user_account where not active_at_home);
    insert into inactive_contract_member (user_id, contract_id, role_id)
        select user_id, contract_id, role_id from contract_access
        where role_id is not null and user_id in (select id from user_account where not active_at_home);
    delete from workspace_access where user_id in (select id from user_account where not active_at_home);
    delete from contract_access where user_id in (select id from user_account where not active_at_home)
"""


async def test_going_back_deactivates_them_everywhere_and_restores_their_memberships(database_url: str) -> None:
    await applied(database_url, as_file(world(put("home", "users", 1, "tenant"))))
    before = [await rows(database_url, each) for each in ACCESS]
    async with engine_of(database_url) as engine, engine.begin() as connection:
        for statement in MOVE.split(";\n"):
            await connection.execute(text(statement))
    assert [await rows(database_url, each) for each in ACCESS] != before
    await downgrade(database_url, "0016")
    assert [await rows(database_url, each) for each in ACCESS] == before
    assert [row["email"] for row in await rows(database_url, USERS)] == ["ben@example.com"]
