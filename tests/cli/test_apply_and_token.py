"""`flowport apply` and `flowport token` on a database."""

import json
from asyncio import to_thread
from pathlib import Path

import pytest
from sqlalchemy import make_url

from app.server.database import name_of_database
from app.settings import read_settings
from app.storage.migrations.migrate import upgrade
from tests.cli.flowport import called, flowport
from tests.databases import connected
from tests.storage.downgrading import downgrade

WORLD = {
    "format": "flowport-world/1",
    "tenants": [{"key": "tenant", "name": "Northern"}],
    "contracts": [{"key": "retail", "tenant": "tenant", "name": "Northern Retail", "status": "ACTIVE"}],
    "users": [
        {"key": "ada", "tenant": "tenant", "firstName": "Ada", "lastName": "Lovelace", "email": "ada@example.com"},
        {"key": "bob", "tenant": "tenant", "firstName": "Bob", "lastName": "Ross", "email": "bob@example.com"},
    ],
}


def named(url: str) -> str:
    """What the commands call a database."""
    return make_url(url).set(drivername="postgresql").render_as_string()


@pytest.fixture
def loaded(database_url: str, tmp_path: Path) -> str:
    """The URL of a database with a small world."""
    world = tmp_path / "world.json"
    world.write_text(json.dumps(WORLD))
    output = called("apply", world, DATABASE_URL=database_url)
    assert output.returncode == 0, output.stderr
    return database_url


def test_a_document_is_applied_and_its_keys_are_mapped_to_ids(database_url: str, tmp_path: Path) -> None:
    world, ids = tmp_path / "world.json", tmp_path / "ids.json"
    world.write_text(json.dumps(WORLD))
    output = called("apply", world, "--map", ids, DATABASE_URL=database_url)
    assert (output.returncode, output.stdout, output.stderr) == (
        0,
        "",
        f"Database: {named(database_url)}\nApplied {world}: 4 created, 0 changed, 0 removed, 0 unchanged.\n",
    )
    prefixes = {key: value.split("_")[0] for key, value in json.loads(ids.read_text()).items()}
    assert prefixes == {"tenant": "tenant", "retail": "contract", "ada": "user", "bob": "user"}
    output = called("apply", world, DATABASE_URL=database_url)
    assert (output.returncode, output.stderr.splitlines()[1:]) == (
        0,
        [f"Applied {world}: 0 created, 0 changed, 0 removed, 4 unchanged."],
    )


def test_a_document_with_mistakes_is_refused_whole_with_a_line_for_each(database_url: str, tmp_path: Path) -> None:
    mistaken = WORLD | {
        "contracts": [{"key": "retail", "tenant": "nobody", "name": "Northern Retail", "status": "ACTIVE"}],
        "teams": [{"key": "team", "contract": "retail", "name": "retail", "colour": "red"}],
    }
    for options in ([], ["--dry-run"]):
        ids = tmp_path / "ids.json"
        output = called("apply", "-", "--map", ids, *options, stdin=json.dumps(mistaken), DATABASE_URL=database_url)
        assert (output.returncode, output.stdout) == (1, "")
        assert output.stderr.splitlines()[1:] == [
            '$.contracts[0].tenant: There is no tenant with the key or id "nobody".',
            "$.teams[0].colour: There is no such property here.",
        ]
        assert not ids.exists()
    # Ada is in the document as well, and wasn't created.
    assert called("token", "ada@example.com", DATABASE_URL=database_url).returncode == 1


def test_a_dry_run_shows_what_would_change_and_changes_nothing(loaded: str, tmp_path: Path) -> None:
    change = {
        "format": "flowport-world/1",
        "contracts": [{"key": "retail", "name": "Shops", "status": "SUSPENDED"}, {"key": "n\new", "name": "New"}],
        "users": [{"key": "ada"}, {"key": "bob", "remove": True}],
        "contractMembers": [{"contract": "n\new", "user": "ada", "role": "guest"}],
    }
    report = tmp_path / "plan.json"
    options = ("--dry-run", "--tenant", "tenant", "--report", report)
    output = called("apply", "-", *options, stdin=json.dumps(change), DATABASE_URL=loaded)
    plan = json.loads(report.read_text())
    assert (output.returncode, output.stdout.splitlines()) == (
        2,
        [
            '~ changed  contracts         retail       name: "Northern Retail" → "Shops"; status: "ACTIVE" → "SUSPENDED"',
            '+ created  contracts         "n\\new"      "New"',
            '- removed  users             bob          "bob@example.com"',
            '+ created  contractMembers   "n\\new/ada"  "guest"',
            "2 created, 1 changed, 1 removed, 1 unchanged",
            f"fingerprint {plan['fingerprint']}",
        ],
    )
    assert [(each["section"], each["key"], each["change"]) for each in plan["things"]] == [
        ("CONTRACTS", "retail", "CHANGED"),
        ("CONTRACTS", "n\new", "CREATED"),
        ("USERS", "ada", "UNCHANGED"),
        ("USERS", "bob", "REMOVED"),
        ("CONTRACT_MEMBERS", "n\new/ada", "CREATED"),
    ]
    assert plan["things"][0]["fields"][0] == {"path": "/name", "before": "Northern Retail", "after": "Shops"}
    again = called("apply", "-", *options, stdin=json.dumps(change), DATABASE_URL=loaded)
    assert again.stdout == output.stdout
    assert called("token", "bob@example.com", DATABASE_URL=loaded).returncode == 0


def test_a_report_names_every_reason_why_nothing_was_applied(loaded: str, tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    team = {"format": "flowport-world/1", "teams": [{"key": "core", "contract": "retail", "name": "core"}]}
    assert called("apply", "-", stdin=json.dumps(team), DATABASE_URL=loaded).returncode == 0
    document = json.dumps({"format": "flowport-world/1", "contracts": [{"key": "retail", "remove": True}]})
    options = ("--plan", "0" * 64, "--report", report)
    output = called("apply", "-", *options, stdin=document, DATABASE_URL=loaded)
    blockers = json.loads(report.read_text())["blockers"]
    assert (output.returncode, [each["code"] for each in blockers]) == (3, ["WORLD_PLAN_IS_STALE", "THING_IN_USE"])
    assert [each["message"] for each in blockers] == output.stderr.splitlines()[1:]


def test_the_exit_status_says_why_nothing_was_applied(loaded: str) -> None:
    def applied(*options: str, **sections: object) -> int:
        document = json.dumps({"format": "flowport-world/1", **sections})
        return called("apply", "-", *options, stdin=document, DATABASE_URL=loaded).returncode

    team = [{"key": "core", "contract": "retail", "name": "core"}]
    gone = [{"key": "retail", "remove": True}]
    assert applied(teams=team) == 0
    assert applied("--dry-run", teams=team) == 0
    assert applied("--dry-run", contracts=gone) == 3
    assert applied(contracts=gone) == 3
    assert applied("--plan", "0" * 64, teams=[{"key": "core", "remove": True}]) == 4
    assert applied("--tenant", "tenant", "--prune", "teams", "--plan", "0" * 64) == 4
    assert applied("--tenant", "tenant", "--prune", "teams") == 64
    assert applied("--tenant", "tenant", "--prune", "people", "--dry-run") == 64
    assert applied("--prune", "teams", "--dry-run") == 64
    assert applied("--tenant", "nobody") == 64
    assert called("apply", "--nothing").returncode == 64
    assert called("apply").returncode == 64
    assert called("aply").returncode == 64
    assert called("apply", "-", stdin="{}", PORTT="1").returncode == 64


async def test_a_dry_run_leaves_a_database_of_an_older_release_as_it_is(empty_database_url: str) -> None:
    document = json.dumps(WORLD)
    for revision in (None, "0020"):
        if revision is not None:
            await upgrade(empty_database_url)
            await downgrade(empty_database_url, revision)
        before = await schema_of(empty_database_url)
        output = await to_thread(called, "apply", "-", "--dry-run", stdin=document, DATABASE_URL=empty_database_url)
        assert (output.returncode, output.stdout) == (1, "")
        assert output.stderr == (
            "Error: The database doesn't have the schema of this release, and a dry run writes nothing. `flowport serve` "
            "and `flowport apply` without --dry-run migrate it.\n"
        )
        assert await schema_of(empty_database_url) == before
    output = await to_thread(called, "apply", "-", stdin=document, DATABASE_URL=empty_database_url)
    assert output.returncode == 0


async def schema_of(url: str) -> list[tuple[str, str]]:
    async with connected(url) as connection:
        rows = await connection.fetch("select relname, xmin::text from pg_class where oid > 16384 order by 1, 2")
        return [tuple(row) for row in rows]


def test_a_dry_run_shows_what_a_new_embedded_database_would_hold(folder: Path) -> None:
    """Nobody has anything in a database that the dry run itself makes."""
    output = called("apply", "-", "--dry-run", "--data-dir", folder / "data", stdin=json.dumps(WORLD))
    assert (output.returncode, output.stdout.splitlines()[0]) == (2, '+ created  tenants           tenant  "Northern"')


def test_what_no_document_names_any_more_is_pruned_as_a_dry_run_said(loaded: str) -> None:
    empty = json.dumps({"format": "flowport-world/1"})
    prune = ("--tenant", "tenant", "--prune", "contracts")
    dry = called("apply", "-", *prune, "--dry-run", stdin=empty, DATABASE_URL=loaded)
    assert (dry.returncode, dry.stdout.splitlines()[0]) == (
        2,
        '- removed  contracts         retail  "Northern Retail"',
    )
    fingerprint = dry.stdout.split()[-1]
    output = called("apply", "-", *prune, "--plan", fingerprint, stdin=empty, DATABASE_URL=loaded)
    assert (output.returncode, output.stderr.splitlines()[-1]) == (
        0,
        "Applied the document: 0 created, 0 changed, 1 removed, 0 unchanged.",
    )


def test_the_schema_of_documents_is_printed() -> None:
    output = called("apply", "--schema")
    schema = json.loads(output.stdout)
    assert (output.returncode, schema["required"]) == (0, ["format"])
    assert {"tenants", "flows", "tenantMembers"} <= schema["properties"].keys()
    assert "active" in schema["properties"]["users"]["anyOf"][0]["items"]["properties"]


def test_the_password_of_a_database_is_not_told() -> None:
    settings = read_settings({"database_url": "postgres://u:secret@h:5433/d"})
    assert name_of_database(settings) == "postgresql://u:***@h:5433/d"


@pytest.mark.parametrize("arguments", [["token", "--list"], ["token", "ada@example.com"], ["reset-demo"]])
def test_only_serve_and_apply_make_an_embedded_database(folder: Path, arguments: list[str]) -> None:
    output = called(*arguments, "--data-dir", folder / "data")
    assert (output.returncode, output.stdout) == (1, "")
    assert output.stderr == (
        f"Error: There is no embedded database in {folder / 'data'}; `flowport serve` and `flowport apply` make one. "
        "Name the folder of yours with --data-dir or FLOWPORT_DATA_DIR, or its URL in FLOWPORT_DATABASE_URL.\n"
    )
    assert list(folder.iterdir()) == []


def test_a_map_that_could_not_be_written_is_refused_before_anything_is_applied(
    database_url: str, tmp_path: Path
) -> None:
    map_file = tmp_path / "missing" / "ids.json"
    output = called("apply", "-", "--map", map_file, stdin=json.dumps(WORLD), DATABASE_URL=database_url)
    assert output.returncode == 64
    assert called("token", "ada@example.com", DATABASE_URL=database_url).returncode == 1


def test_a_token_is_printed_once_and_alone(loaded: str) -> None:
    output = flowport("token", "ada@example.com", "--name", "nightly", "--expires", "30", DATABASE_URL=loaded)
    assert (output.returncode, output.stderr) == (0, f"Database: {named(loaded)}\n")
    token = output.stdout.removesuffix("\n")
    assert token.startswith("fp_")
    assert token.split() == [token]

    listed = called("token", "--list", DATABASE_URL=loaded).stdout
    header, row = listed.splitlines()
    assert header.split() == ["ID", "USER", "NAME", "CREATED", "EXPIRES", "LAST", "USED", "REVOKED"]
    assert row.split()[1:3] == ["ada@example.com", "nightly"]
    assert row.split()[-2:] == ["-", "-"]
    # The secret has 43 characters, of which an underscore may be one.
    assert token[-43:] not in listed


def test_a_token_is_revoked_by_its_id(loaded: str) -> None:
    called("token", "ada@example.com", DATABASE_URL=loaded)
    token_id = called("token", "--list", DATABASE_URL=loaded).stdout.splitlines()[1].split()[0]
    output = called("token", "--revoke", token_id, DATABASE_URL=loaded)
    assert (output.returncode, output.stdout, output.stderr) == (
        0,
        "",
        f"Database: {named(loaded)}\nRevoked {token_id}.\n",
    )
    assert called("token", "--list", DATABASE_URL=loaded).stdout.splitlines()[1].split()[-1] != "-"


@pytest.mark.parametrize("days", ["0", "36501"])
def test_a_token_lasts_a_day_at_least_and_a_hundred_years_at_the_most(loaded: str, days: str) -> None:
    output = called("token", "ada@example.com", "--expires", days, DATABASE_URL=loaded)
    assert (output.returncode, output.stdout) == (2, "")
    assert output.stderr.splitlines()[-1] == (
        f"Error: Invalid value for '--expires': {days} is not in the range 1<=x<=36500."
    )


def test_a_token_may_last_a_hundred_years(loaded: str) -> None:
    assert called("token", "ada@example.com", "--expires", "36500", DATABASE_URL=loaded).returncode == 0


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["ada@example.com", "--name", "two\nlines"], "--name"),
        (["ada@example.com", "--name", "\x1b[31mred"], "--name"),
        (["\udcff@example.com"], "[EMAIL]"),
        (["--revoke", "\udcff"], "--revoke"),
    ],
)
def test_what_is_no_line_that_can_be_printed_is_refused(loaded: str, arguments: list[str], named: str) -> None:
    output = called("token", *arguments, DATABASE_URL=loaded)
    assert (output.returncode, output.stdout) == (2, "")
    assert output.stderr.splitlines()[-1] == (
        f"Error: Invalid value for '{named}': it must be one line of letters that can be printed."
    )


def test_what_is_unknown_is_said_in_a_line(loaded: str) -> None:
    output = called("token", "nobody@example.com", DATABASE_URL=loaded)
    assert (output.returncode, output.stdout) == (1, "")
    assert (
        output.stderr
        == f"Database: {named(loaded)}\nError: There is no user with the e-mail address nobody@example.com.\n"
    )
    output = called("token", "--revoke", "nothing", DATABASE_URL=loaded)
    assert (output.returncode, output.stdout) == (1, "")
    assert (
        output.stderr
        == f"Database: {named(loaded)}\nError: There is no token nothing that could be revoked; --list shows all.\n"
    )
