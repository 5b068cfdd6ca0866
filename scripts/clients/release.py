"""Releases all published flows of a workspace to another one, and can be repeated at any time.

    export RELEASE_TOKEN=fp_...
    python scripts/clients/release.py publish --from WORKSPACE_ID --to WORKSPACE_ID --map CREDENTIAL_ID=CREDENTIAL_ID
    python scripts/clients/release.py undo

`plan` tells what an export would come to, `export` does it, all flows or none, `publish` publishes and starts the flows;
each does first what comes before it. `undo` takes back what was exported and not yet published.

Whatever is sent with an idempotency key is written to a file before (`--file`): whoever is killed, or loses the connection,
sends the same again, and the server answers what it did already. Planned anew, the call would be another one.
"""

import argparse
import asyncio
import json
import os
import sys
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx

Json = dict[str, Any]

DOCUMENTS = Path(__file__).with_name("release.graphql").read_text(encoding="utf-8")
PASSING = {"GONE", "RATE_LIMITED", "SERVICE_UNAVAILABLE", "SHUTTING_DOWN", "TIMEOUT"}
"""The codes of what may be sent again as it is."""
PAUSE_SECONDS = 0.5


class Refused(Exception):
    """The server won't do it, and says why."""


class Api:
    """Sends operations until they are answered; what is sent twice is done once by its idempotency key."""

    def __init__(self, http: httpx.AsyncClient, patience_seconds: float) -> None:
        self._http = http
        self._patience_seconds = patience_seconds

    async def ask(self, operation: str, **variables: object) -> Json:
        body = {"query": DOCUMENTS, "operationName": operation, "variables": variables}
        deadline = time.monotonic() + self._patience_seconds
        while True:
            pause, reason = PAUSE_SECONDS, ""
            try:
                response = await self._http.post("/graphql", json=body)
                answer: Json = response.json()
                errors = answer.get("errors", [])
                reason = "\n".join(error["message"] for error in errors)
                if not errors:
                    return dict(answer["data"])
                if not {error["extensions"]["code"] for error in errors} <= PASSING:
                    raise Refused(reason)
                pause = float(response.headers.get("Retry-After", pause))
            except (httpx.TransportError, json.JSONDecodeError) as error:
                # There is no server, or what answers in its place is none of ours.
                reason = repr(error)
            if time.monotonic() + pause > deadline:
                raise Refused(f"The server doesn't do it: {reason}")
            await asyncio.sleep(pause)


class Release:
    """What is to be exported and the result, in a file that is there whole or not at all."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self.state: Json = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}

    def save(self, **more: object) -> None:
        self.state |= more
        new = self._file.with_suffix(".new")
        with new.open("w", encoding="utf-8") as written:
            json.dump(self.state, written, indent=2)
            written.flush()
            os.fsync(written.fileno())
        new.replace(self._file)

    @property
    def exported(self) -> list[Json]:
        return list(self.state.get("exported", []))


async def plan(api: Api, release: Release, wanted: argparse.Namespace) -> None:
    """Decide what is exported: nothing, if any of the flows couldn't be published afterwards."""
    if release.state:
        return
    items = [
        {"flowId": flow["id"], "destination": {"workspaceId": wanted.to_workspace}}
        async for flow in flows_of(api, wanted.from_workspace)
        if flow["publishedVersion"] is not None
    ]
    mappings = [dict(zip(("fromId", "toId"), each.split("="), strict=True)) for each in wanted.map]
    wish: Json = {"items": items, "mode": "ATOMIC", "mappings": mappings}
    planned = (await api.ask("Plan", input=wish))["exportPlans"]
    in_the_way = [*planned["errors"], *(blocker for each in planned["plans"] for blocker in blockers_of(each))]
    if in_the_way:
        raise Refused("\n".join(dict.fromkeys(each["message"] for each in in_the_way)))
    for item, each in zip(items, planned["plans"], strict=True):
        item["planFingerprint"] = each["fingerprint"]
    release.save(input={**wish, "idempotencyKey": str(uuid4())})


async def flows_of(api: Api, workspace_id: str) -> AsyncIterator[Json]:
    after = None
    while True:
        workspace = (await api.ask("FlowsToRelease", workspaceId=workspace_id, after=after))["workspace"]
        if workspace is None:
            raise Refused(f"There is no workspace {workspace_id} that you can see.")
        for flow in workspace["flows"]["nodes"]:
            yield flow
        if not workspace["flows"]["pageInfo"]["hasNextPage"]:
            return
        after = workspace["flows"]["pageInfo"]["endCursor"]


def blockers_of(planned: Json) -> Iterator[Json]:
    """What keeps a flow from being exported, or from being published afterwards; not that others are refused."""
    yield from (blocker for blocker in planned["blockers"] if blocker["code"] != "BATCH_NOT_APPLIED")
    if planned["readiness"] is not None:
        yield from planned["readiness"]["blockers"]


async def export(api: Api, release: Release) -> None:
    """All flows or none. Repeated, it is answered as the first time."""
    if release.exported:
        return
    payload = (await api.ask("Export", input=release.state["input"]))["exportFlows"]
    errors = [*payload["errors"], *(error for result in payload["results"] for error in result["errors"])]
    if errors:
        raise Refused("\n".join(error["message"] for error in errors))
    exported = [
        {
            "flowId": result["flow"]["id"],
            "revision": result["draft"]["revision"],
            "exportId": result["exportRecord"]["id"],
        }
        for result in payload["results"]
    ]
    release.save(exported=exported)


async def publish(api: Api, release: Release) -> None:
    """Publish and start all flows or none, as they were exported: one that somebody has changed since is refused."""
    drafts = [{"flowId": flow["flowId"], "expectedRevision": flow["revision"]} for flow in release.exported]
    wish = {"items": drafts, "start": True, "idempotencyKey": release.state["input"]["idempotencyKey"]}
    payload = (await api.ask("Publish", input=wish))["publishFlowDrafts"]
    errors = [*payload["errors"], *(error for result in payload["results"] for error in result["errors"])]
    if errors:
        raise Refused("\n".join(error["message"] for error in errors))
    tell(f"published {payload['succeeded']} of {len(drafts)}")


async def undo(api: Api, release: Release) -> None:
    """Take back what was exported. What was undone before stays so."""
    exports = [flow["exportId"] for flow in release.exported]
    if not exports:
        return
    payload = (await api.ask("Undo", input={"exportIds": exports, "mode": "BEST_EFFORT"}))["undoExports"]
    errors = [*payload["errors"], *(error for result in payload["results"] for error in result["errors"])]
    refused = [error["message"] for error in errors if error.get("since") != "ALREADY_UNDONE"]
    if refused:
        raise Refused("\n".join(refused))
    tell(f"undone {len(exports)}")


def tell(line: str) -> None:
    print(line, flush=True)


async def run(wanted: argparse.Namespace) -> None:
    release = Release(wanted.file)
    headers = {"Authorization": f"Bearer {wanted.token}"}
    async with httpx.AsyncClient(base_url=wanted.url, headers=headers, timeout=60) as http:
        api = Api(http, wanted.patience)
        if wanted.command == "undo":
            await undo(api, release)
            return
        await plan(api, release, wanted)
        tell(f"planned {len(release.state['input']['items'])}")
        if wanted.command == "plan":
            return
        await export(api, release)
        tell(f"exported {len(release.exported)}")
        if wanted.command == "publish":
            await publish(api, release)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", choices=("plan", "export", "publish", "undo"))
    parser.add_argument("--from", dest="from_workspace", metavar="ID", help="the workspace whose flows are released")
    parser.add_argument("--to", dest="to_workspace", metavar="ID", help="the workspace that they go to")
    parser.add_argument("--map", action="append", default=[], metavar="FROM=TO", help="what takes the place of what")
    parser.add_argument("--file", type=Path, default=Path("release.json"), help="default: %(default)s")
    parser.add_argument("--url", default="http://127.0.0.1:8000", help="default: %(default)s")
    parser.add_argument(
        "--patience", type=float, default=60, help="seconds to wait for the server; default: %(default)s"
    )
    parser.add_argument("--token", default=os.environ.get("RELEASE_TOKEN"), help="default: RELEASE_TOKEN")
    try:
        asyncio.run(run(parser.parse_args()))
    except Refused as refused:
        sys.exit(str(refused))


if __name__ == "__main__":
    main()
