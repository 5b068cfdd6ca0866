"""The command `flowport`: serve, apply, events, release, status, token, backup, restore, reset-demo, schema."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from app.client.command_line import release, status
from app.command_error import CommandError
from app.server.database import database, name_of_database, refuse_too_large_pools, run
from app.settings import BadSettings, Settings, described, read_settings

LONGEST_DAYS = 36_500
TELLS_CHANGES = {"apply", "release", "status", None}
"""The commands whose status 2 says that there is something to do; None is a command that doesn't exist, such as a misspelt one."""
OUT = click.Path(dir_okay=False, path_type=Path)


class Commands(click.Group):
    def invoke(self, ctx: click.Context) -> object:  # noqa: RET503 - it ends in an exit
        """Run the command; settings that can't be used are listed, one a line."""
        try:
            return super().invoke(ctx)
        except CommandError as error:
            raise click.ClickException(str(error)) from None
        except BadSettings as error:
            for line in str(error).splitlines():
                click.echo(f"Error: {line}", err=True)
        except (click.UsageError, click.FileError) as error:
            if ctx.invoked_subcommand not in TELLS_CHANGES:
                raise
            error.show()
        # 64 is the usage error of sysexits.h.
        ctx.exit(64 if ctx.invoked_subcommand in TELLS_CHANGES else 2)


class CommandWithSettings(click.Command):
    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's call
        """Put the list of all settings below the options."""
        with formatter.section("Settings, from the environment"):
            formatter.write_dl(
                [
                    (variable, f"{description}  [default: {default}]" if default else description)
                    for variable, default, description in described()
                ]
            )


def hint(text: str, setting: str) -> str:
    """The help of an option that wins over a setting."""
    return f"{text}  [default: {Settings.model_fields[setting].default}]"


def one_line(_: click.Context, __: click.Parameter, text: str | None) -> str | None:
    """Refuse text with characters that can't be printed, such as line breaks."""
    if text is not None and not text.isprintable():
        raise click.BadParameter("it must be one line of letters that can be printed.")
    return text


def folder(_: click.Context, __: click.Parameter, name: str | None) -> Path | None:
    """A folder that may be missing yet; without a name it would be the one where the command runs."""
    if name == "":
        raise click.BadParameter("it must have a name; without the option it is the one of the setting.")
    return None if name is None else Path(name)


data_dir_option = click.option(
    "--data-dir",
    metavar="PATH",
    callback=folder,
    help=hint("Folder of the embedded database.", "data_dir"),
)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="flowport")
def main() -> None:
    """Flowport copies integration flows and exports them to other workspaces, over GraphQL."""


main.add_command(release)
main.add_command(status)


@main.command(cls=CommandWithSettings, short_help="Serve GraphQL and GraphiQL.")
@click.option("--host", help=hint("Address to listen on.", "host"))
@click.option("--port", metavar="PORT", type=click.IntRange(0, 65535), help=hint("Port to listen on; 0: any.", "port"))
@data_dir_option
@click.option("--no-demo", is_flag=True, help="Leave an empty database empty.")
@click.option("--workers", metavar="N", type=click.IntRange(1, 64), help=hint("Number of processes.", "workers"))
def serve(*, host: str | None, port: int | None, data_dir: Path | None, no_demo: bool, workers: int | None) -> None:
    """Serve GraphQL and GraphiQL on /graphql.

    Without FLOWPORT_DATABASE_URL, the database is an embedded PostgreSQL in the data directory, and an empty one gets
    the demo world. Options win over the settings.
    """
    from app.server.startup import bound_to, serve_on

    settings = read_settings({"host": host, "port": port, "data_dir": data_dir, "workers": workers})
    refuse_too_large_pools(settings)
    with bound_to(settings.host, settings.port) as socket:
        serve_on(socket, settings, demo=not no_demo)


@main.command(short_help="Bring the database in step with a world document.")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, allow_dash=True), required=False)
@click.option("--dry-run", is_flag=True, help="Show what would change, and change nothing.")
@click.option(
    "--prune",
    metavar="SECTION,…",
    default="",
    help="Remove what has a key in these sections and isn't in FILE any more. Needs --tenant, and --plan of a dry run.",
)
@click.option(
    "--plan", "fingerprint", metavar="FINGERPRINT", help="Apply only what the dry run with this fingerprint showed."
)
@click.option(
    "--tenant",
    metavar="KEY",
    help="The tenant that FILE is about; without it FILE may name several.",
)
@click.option("--map", "map_file", metavar="OUT.json", type=OUT, help="Write {key: id} there.")
@click.option("--report", "report_file", metavar="OUT.json", type=OUT, help="Write the plan there, as JSON.")
@click.option("--schema", is_flag=True, help="Print the JSON Schema of world documents.")
@data_dir_option
def apply(*, file: str | None, schema: bool, data_dir: Path | None, **options: Any) -> None:  # noqa: ANN401 - click's
    """Bring the database in step with the world document FILE (- for stdin): all of it or, with mistakes, nothing.

    Objects that FILE doesn't name stay as they are. Mistakes are listed with their JSON paths. The server may run
    meanwhile. An embedded database that is missing is made; a database of an older release is migrated, but not by a dry
    run, which refuses it.

    Exit status: 0 applied, or nothing to do; 1 mistakes; 2 a dry run that has changes; 3 something in use can't be
    removed; 4 the plan is stale; 64 a usage or settings error.
    """
    from app.server.applying import apply_document, print_schema

    if schema:
        print_schema()
        return
    if file is None:
        raise click.UsageError("Missing argument 'FILE'.")
    settings = read_settings({"data_dir": data_dir})
    with click.open_file(file, "rb") as opened:
        name = "the document" if file == "-" else file
        document = opened.read()
    with named_database(settings, make=True, is_dry_run=options["dry_run"]) as url:
        raise click.exceptions.Exit(apply_document(url, name, document, **options))


@main.command(short_help="Print the events of a tenant.")
@click.option("--tenant", metavar="KEY", required=True, help="The tenant, by its key or id.")
@click.option("--after", metavar="CURSOR", help="Continue after this cursor; without it, begin with the oldest event.")
@click.option("--first", metavar="N", type=click.IntRange(min=1), help="Stop after so many events.")
@click.option("--types", metavar="TYPE,…", default="", help="Print only events of these types.")
@click.option("--follow", is_flag=True, help="Continue with new events, until Ctrl-C.")
@data_dir_option
def events(*, data_dir: Path | None, **options: Any) -> None:  # noqa: ANN401 - click's
    """Print the events of all workspaces of a tenant, the oldest first: a line of JSON for each event.

    Each line has a cursor: to continue later, give the cursor of the last line as --after. The command prints an event
    once a running server has given it its place in the feed, within a second.

    Exit status: 0 all printed, or interrupted; 1 events after the cursor were removed, or no database; 2 a usage error.
    """
    from app.server.event_lines import print_events

    with named_database(read_settings({"data_dir": data_dir})) as url:
        print_events(url, **options)


@main.command(short_help="Issue, list or revoke API tokens.")
@click.argument("email", required=False, callback=one_line)
@click.option("--name", default="command line", show_default=True, callback=one_line, help="What the token is for.")
@click.option(
    "--expires",
    metavar="DAYS",
    type=click.IntRange(1, LONGEST_DAYS),
    help=f"Days until it expires, up to {LONGEST_DAYS}.  [default: never]",
)
@click.option("--list", "listed", is_flag=True, help="List all tokens, without their secrets.")
@click.option("--revoke", metavar="ID", callback=one_line, help="Revoke a token.")
@data_dir_option
def token(
    *, email: str | None, name: str, expires: int | None, listed: bool, revoke: str | None, data_dir: Path | None
) -> None:
    """Issue an API token for the user with that EMAIL; or list tokens, or revoke one.

    A new token is printed once, and nothing else is on stdout; only its hash is stored.
    """
    if (email is not None) + listed + (revoke is not None) != 1:
        raise click.UsageError("Give an EMAIL, or --list, or --revoke ID.")
    from app.usecases.manage_tokens import TokenWish, issue_token, list_tokens, revoke_token

    with named_database(read_settings({"data_dir": data_dir})) as url:
        if email is not None:
            click.echo(run(url, lambda work: issue_token(work, TokenWish(email, name, expires))))
        elif revoke is None:
            print_tokens(run(url, list_tokens))
        elif run(url, lambda work: revoke_token(work, revoke)):
            click.echo(f"Revoked {revoke}.", err=True)
        else:
            raise CommandError(f"There is no token {revoke} that could be revoked; --list shows all.")


def print_tokens(tokens: Iterable[Any]) -> None:
    rows: list[tuple[str, ...]] = [("ID", "USER", "NAME", "CREATED", "EXPIRES", "LAST USED", "REVOKED")]
    for each in tokens:
        times = (each.created_at, each.expires_at, each.last_used_at, each.revoked_at)
        rows.append((each.id, each.email, each.name, *map(day_and_time, times)))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def day_and_time(at: datetime | None) -> str:
    return "-" if at is None else f"{at:%Y-%m-%d %H:%M}"


@main.command(short_help="Write a backup of the database.")
@click.argument("file", type=click.Path(path_type=Path))
@data_dir_option
def backup(*, file: Path, data_dir: Path | None) -> None:
    """Write a backup of the database into FILE: SQL that every PostgreSQL takes from 15 on.

    The backup shows one moment, and the server goes on meanwhile. FILE must not exist yet; only its owner may read it.
    """
    from app.storage.upkeep.backup import write_backup

    with named_database(read_settings({"data_dir": data_dir}), migrates=False) as url:
        write_backup(url, file)
    click.echo(f"Wrote {file}.", err=True)


@main.command(short_help="Restore a backup.")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@data_dir_option
def restore(*, file: Path, data_dir: Path | None) -> None:
    """Restore the backup FILE into a database that has no tables yet: all of it, or nothing.

    An embedded database that is missing is made. The next `flowport serve` migrates what an older release wrote.
    """
    from app.storage.upkeep.backup import restore_backup

    with named_database(read_settings({"data_dir": data_dir}), make=True, migrates=False) as url:
        restore_backup(url, file)
    click.echo(f"Restored {file}.", err=True)


@main.command(short_help="Put the demo world back to its first state.")
@data_dir_option
def reset_demo(*, data_dir: Path | None) -> None:
    """Put the demo world of an embedded database back to its first state.

    Everything made in the demo world is deleted, tokens too. Any other database is refused. The server may run meanwhile.
    """
    from app.usecases.apply_world import reset_demo_world

    settings = read_settings({"data_dir": data_dir})
    if settings.database_url is not None:
        raise CommandError("FLOWPORT_DATABASE_URL is set, and only the embedded database's demo world is reset.")
    with named_database(settings) as url:
        run(url, reset_demo_world, takes_long=True)
    click.echo("The demo world is as at its first start.", err=True)


@main.command()
def schema() -> None:
    """Print the schema in GraphQL's own language (SDL)."""
    from app.graphql.schema import schema as built

    click.echo(built.as_str())


@contextmanager
def named_database(settings: Settings, **options: bool) -> Iterator[str]:
    """The URL of the database; which one it is, is said on stderr."""
    with database(settings, **options) as url:
        click.echo(f"Database: {name_of_database(settings)}", err=True)
        yield url
