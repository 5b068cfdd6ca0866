"""Forty flows to be released, and a client that does it and is killed on the way."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.api.world_builder import LIMITED, WorldBuilder, graph, step
from tests.databases import Loaded

FLOWS = 40
STORES = ("store", "closed", "shop")
"""Where flows are released to: for each test that leaves them there, one of its own."""
PATIENCE_SECONDS = 120


def forty_flows() -> WorldBuilder:
    """Ada develops them in the workshop; in the stores there is nothing yet but a credential and a topic."""
    world = WorldBuilder()
    world.user("ada")
    world.tenant("north")
    world.contract("retail", "north")
    world.workspace("workshop", "retail", LIMITED)
    for store in STORES:
        world.workspace(store, "retail")
    world.team("core", "retail")
    world.component("mailer", "core", requires="CREDENTIAL")
    world.component("pubsub", "core", pub_sub=True)
    for workspace in ("workshop", *STORES):
        world.members(workspace, ada="guest" if workspace == "closed" else "integrator")
        world.credential(f"{workspace}-mail", workspace, "mailer")
        world.topic(f"{workspace}-orders", workspace, "Orders")
    receive = step("1", "core/pubsub:sub", topic="workshop-orders")
    for number in range(1, FLOWS + 1):
        send = step("2", "core/mailer:send", credential="workshop-mail", fields={"template": number})
        world.flow(f"flow-{number}", "workshop", published=graph(receive, send), author="ada", status="ACTIVE")
    world.flow("unfinished", "workshop", draft=graph(), author="ada")
    return world


class Client:
    """A command that releases the flows of the workshop to a store, with a file of its own."""

    def __init__(self, command: list[str], url: str, loaded: Loaded, store: str, file: Path) -> None:
        ids = loaded.ids
        mapped = (f"{ids[f'workshop-{thing}']}={ids[f'{store}-{thing}']}" for thing in ("mail", "orders"))
        self._command = command
        self._options = ["--url", url, "--file", str(file), "--from", ids["workshop"], "--to", ids[store]]
        self._options += [word for each in mapped for word in ("--map", each)]
        self._environ = os.environ | {"RELEASE_TOKEN": loaded.tokens["ada"]}

    def run(self, wanted: str) -> tuple[int, str]:
        """To its end: the exit code, and the last line that it says."""
        with self.running(wanted) as process:
            said, complaint = process.communicate(timeout=PATIENCE_SECONDS)
        return process.returncode, (complaint or said).splitlines()[-1]

    @contextmanager
    def running(self, wanted: str) -> Iterator[subprocess.Popen[str]]:
        command = [*self._command, wanted, *self._options]
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=self._environ
        ) as process:
            try:
                yield process
            finally:
                process.kill()
