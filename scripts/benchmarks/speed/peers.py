"""Other products that are measured on the same rows: what they are asked for, and how they are started."""

import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson
import psutil
from sqlalchemy import make_url

from scripts.benchmarks.speed.contenders import CONNECTIONS, Contender, socket_free, until_it_answers
from scripts.benchmarks.speed.operations import Caller, Json, Operation

POSTGRAPHILE = ("postgraphile@5.1.5", "node@22.23.3")
"""With the Node that it wants, which the machine's may be older than."""

DOCUMENTS: Mapping[str, str] = {
    "viewer": "query($caller: String!) { userAccountByRowId(rowId: $caller) { rowId firstName lastName email } }",
    "workspaces": """query($caller: String!) {
      allWorkspaceAccesses(first: 50, condition: { userId: $caller }, orderBy: [NAME_KEY_ASC, WORKSPACE_ID_ASC]) {
        nodes { workspaceByWorkspaceIdAndContractId {
          rowId name type contractByContractId { rowId name status } } }
        pageInfo { hasNextPage } } }""",
    "workspace.flows": """query($id: String!) {
      allFlows(first: 50, condition: { workspaceId: $id }, orderBy: [NAME_KEY_ASC, ROW_ID_ASC]) {
        nodes { rowId name status updatedAt userAccountByCreatedBy { firstName lastName }
          flowDraftsByFlowId(first: 1, condition: { setAsideAt: null }) { nodes { rowId revision } } }
        pageInfo { hasNextPage } } }""",
    "flowHistory": """query($id: String!) {
      allFlowVersions(first: 50, condition: { flowId: $id }, orderBy: [NUMBER_DESC]) {
        nodes { rowId number name publishedAt origin userAccountByPublishedBy { firstName lastName } }
        pageInfo { hasNextPage } } }""",
}
"""By the name of the operation: the nearest that PostGraphile has. Its callers name themselves, after their token's check."""


@contextmanager
def postgraphile(folder: Path, url: str) -> Iterator[Contender]:
    """PostGraphile in a process of its own; npm fetches it into the folder first, if it isn't there."""
    npm = shutil.which("npm")
    if npm is None:
        raise SystemExit("npm isn't there, so PostGraphile can't be fetched.")
    home = folder.resolve() / "postgraphile"
    node = home / "node_modules" / ".bin" / "node"
    if not node.exists():
        home.mkdir(exist_ok=True)
        subprocess.run(
            [npm, "install", "--silent", "--no-audit", "--no-fund", "--prefix", home, *POSTGRAPHILE], check=True
        )
    with socket_free() as port:
        script = str(Path(__file__).with_name("postgraphile.mjs"))
        command = [str(node), script, _for_node(url), str(port), str(CONNECTIONS)]
    process = subprocess.Popen(command, cwd=home, stderr=subprocess.DEVNULL)
    try:
        until_it_answers(f"http://127.0.0.1:{port}/graphql")
        yield Contender(port, psutil.Process(process.pid), lambda _: "/graphql", _body)
    finally:
        process.terminate()
        process.wait(30)


PEERS: Mapping[str, Callable[[Path, str], Any]] = {"postgraphile": postgraphile}


def _for_node(url: str) -> str:
    """The address of the database as Node's driver takes it."""
    parts = make_url(url)
    host, port = (str(parts.query.get(name, "")) for name in ("host", "port"))
    place = f"host={host or parts.host}&port={port or parts.port or 5432}"
    return f"postgres:///{parts.database}?{place}&user={parts.username}&password={parts.password or ''}"


def _body(operation: Operation, caller: Caller, variables: Json) -> bytes:
    return orjson.dumps({"query": DOCUMENTS[operation.name], "variables": {**variables, "caller": caller.id}})
