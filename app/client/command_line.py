"""`flowport release` and `flowport status`: arguments, options and settings.

A command imports its code when it runs, so that `flowport --help` stays quick.
"""

from pathlib import Path

import click

from app.settings import Settings, read_settings

COMMANDS = {
    "plan": "Show what a release would do. Nothing is written; exit status 2 says that there is something to do.",
    "apply": "Release the flows of FILE: export flows that aren't in sync, publish them, and start them if FILE says so.",
    "request": "Request a release of the flows of FILE: export flows that aren't in sync, for reviewers to publish.",
    "undo": "Undo the last release of FILE: its exports or, once they are published, its versions.",
}


OF_ALL = """\
FLOWPORT_SERVER is the address of the server, FLOWPORT_TOKEN the token of the user who releases.

Exit status: 0 done, or nothing to do; 2 a plan that has something to do; 3 refused; 4 something has changed meanwhile;
64 a usage or settings error, or mistakes in FILE; 1 anything else.
"""


def client_command(name: str, about: str) -> click.Command:
    """A command that calls the API of a server, and needs no database."""

    @click.command(name, help=f"{about}\n\n{OF_ALL}", short_help=f"{about.partition('.')[0]}.")
    @click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
    @click.option(
        "--server",
        metavar="URL",
        help=f"Address of the server.  [default: {Settings.model_fields['server'].default}]",
    )
    @click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")
    def command(*, file: Path, server: str | None, as_json: bool) -> None:
        from app.client.commands import run

        settings = read_settings({"server": server})
        raise click.exceptions.Exit(run(name, file, settings.server, settings.token, as_json=as_json))

    return command


@click.group(
    help=f"Release flows of a workspace to another one, from a release file that you keep in git.\n\n{OF_ALL}",
    short_help="Release flows to another workspace.",
)
def release() -> None: ...


for each, about in COMMANDS.items():
    release.add_command(client_command(each, about))
status = client_command("status", "Show which flows of FILE are in sync; exit status 2 says that some aren't.")
