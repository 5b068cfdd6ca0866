"""Mirrors the flows of a tenant that are started, as files in a folder; can be killed and started again at any time.

MIRROR_TOKEN=fp_... python scripts/clients/mirror.py TENANT_ID FOLDER [URL]
"""

import json
import os
import sys
import time
from pathlib import Path

import httpx

EVENTS = """query ($tenant: ID!, $after: String) {
  tenantEvents(tenantId: $tenant, after: $after) { edges { cursor node { type flowId versionId } } }
}"""
TENANT, FOLDER, URL = sys.argv[1], Path(sys.argv[2]), (*sys.argv[3:], "http://127.0.0.1:8000")[0]
CURSOR = FOLDER / "cursor"
AWAY = {httpx.codes.BAD_GATEWAY, httpx.codes.SERVICE_UNAVAILABLE, httpx.codes.GATEWAY_TIMEOUT}


def take(event: dict[str, str]) -> None:
    """Do to the "real" flow what happened; that it was done before does no harm."""
    running, version = FOLDER / f"{event['flowId']}.running", FOLDER / f"{event['flowId']}.version"
    if event["type"] == "FLOW_PUBLISHED":
        version.write_text(event["versionId"])
    if event["type"] == "FLOW_STARTED" or (event["type"] == "FLOW_PUBLISHED" and running.exists()):
        running.write_text(version.read_text() if version.exists() else "")
    if event["type"] in {"FLOW_STOPPED", "FLOW_SUSPENDED", "FLOW_DELETED"}:
        running.unlink(missing_ok=True)


FOLDER.mkdir(parents=True, exist_ok=True)
while True:
    wish = {"tenant": TENANT, "after": CURSOR.read_text() if CURSOR.exists() else None}
    headers = {"Authorization": f"Bearer {os.environ['MIRROR_TOKEN']}"}
    try:
        response = httpx.post(f"{URL}/graphql", json={"query": EVENTS, "variables": wish}, headers=headers)
    except httpx.TransportError:
        response = httpx.Response(httpx.codes.SERVICE_UNAVAILABLE)
    if response.status_code in AWAY:
        # The feed waits.
        print(f"{URL} is away; trying again.", file=sys.stderr, flush=True)
        time.sleep(1)
        continue
    answer = response.json()
    if "errors" in answer or answer["data"]["tenantEvents"] is None:
        sys.exit(json.dumps(answer))
    for edge in answer["data"]["tenantEvents"]["edges"]:
        take(edge["node"])
        CURSOR.with_suffix(".new").write_text(edge["cursor"])
        CURSOR.with_suffix(".new").replace(CURSOR)
    time.sleep(1 if not answer["data"]["tenantEvents"]["edges"] else 0)
