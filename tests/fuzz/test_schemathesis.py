"""Schemathesis, which makes of the schema that a server tells what that server is asked then.

Of the requests for each query and mutation, half have something that the schema doesn't allow. It knows the ids of the
demo world, so that much of what it asks for is there. What it must know besides stands in schemathesis_hooks.py.
"""

import asyncio
import json
import os
import sys
from base64 import b64decode
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from pathlib import Path
from random import Random

import httpx
import pytest

from app.domain.model import Kind
from app.settings import Settings
from app.storage.world.demo import demo_id
from tests.api.client import Json
from tests.databases import Databases
from tests.fuzz.session import BEGINNING, TIMES
from tests.fuzz.values import Values
from tests.leaks.places import GRAPH_KEYS, places
from tests.leaks.selections import SCHEMA
from tests.plain_http import TRUSTS_NOBODY
from tests.serving.real import on_a_socket

ROOT = Path(__file__).parents[2]
TOKEN = "Bearer demo-integrator"
REPORT = "report.ndjson"
REQUESTS = 15 * TIMES
"""For each operation."""
CHECKS = ("not_a_server_error", "response_schema_conformance", "negative_data_rejection", "was_foreseen")
SETTINGS = {
    "PYTHONPATH": str(ROOT),
    "SCHEMATHESIS_HOOKS": "tests.fuzz.schemathesis_hooks",
    # What hypothesis knows of Unicode is found once, for all tests.
    "HYPOTHESIS_STORAGE_DIRECTORY": str(ROOT / ".hypothesis"),
}
PAGE_SIZES = (1, 2, 100)
COPY = "mutation ($flow: ID!) { copyFlow(input: {flowId: $flow}) { exportRecord { id } } }"
KNOWN = 0.9
"""The share of the ids and of the page sizes that are taken from the configuration."""


@pytest.fixture
async def address(databases: Databases, loaded_demo: str) -> AsyncIterator[str]:
    """Of a server with the demo world."""
    async with (
        databases.copy(loaded_demo) as url,
        on_a_socket(Settings(database_url=url, log_format="json")) as (_, _, port),
    ):
        yield f"http://127.0.0.1:{port}/graphql"


async def test_schemathesis_finds_no_fault_in_any_query_or_mutation(address: str, tmp_path: Path) -> None:
    (tmp_path / "schemathesis.toml").write_text("\n".join(configuration(await ids_of_the_demo_world(address))))
    status, output = await run_schemathesis(address, tmp_path)
    assert status == 0, output
    answers = answers_in(tmp_path / REPORT)
    assert {operation: len(bodies) for operation, bodies in answers.items()} == dict.fromkeys(operations(), REQUESTS)
    # The caller provisions no tenant.
    without_data = [operation for operation, bodies in answers.items() if not any(map(has_data, bodies))]
    assert without_data == ["Query.tenantEvents"]


async def run_schemathesis(address: str, folder: Path) -> tuple[int | None, str]:
    """Its exit code, and what it says."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "schemathesis.cli", "--config-file", "schemathesis.toml", "run", address),
        *("--header", f"Authorization: {TOKEN}", "--checks", ",".join(CHECKS)),
        *("--max-examples", str(REQUESTS), "--seed", "1", "--generation-database", "none"),
        *("--report", "ndjson", "--report-ndjson-path", REPORT, "--no-color"),
        cwd=folder,
        env=os.environ | SETTINGS,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        output, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return process.returncode, output.decode()


async def ids_of_the_demo_world(address: str) -> Mapping[Kind, Sequence[str]]:
    """Those that the caller can see, and those of records of copies, which the demo world has none of."""
    async with httpx.AsyncClient(headers={"Authorization": TOKEN}, timeout=60, verify=TRUSTS_NOBODY) as http:
        response = await http.post(address, json={"query": BEGINNING})
        values = Values(Random(1))  # noqa: S311
        values.learn(response.json()["data"])
        for flow in values.ids[Kind.FLOW]:
            copied = await http.post(address, json={"query": COPY, "variables": {"flow": flow}})
            values.learn(copied.json()["data"])
    # No answer that is asked for tells the ids of a tenant and of releases.
    keys = ("to-review", "to-undo", "superseded", "stale", "to-withdraw", "own")
    releases = [demo_id(Kind.RELEASE, key) for key in keys]
    return {**values.ids, Kind.TENANT: [demo_id(Kind.TENANT, "harbor")], Kind.RELEASE: releases}


def configuration(ids: Mapping[Kind, Sequence[str]]) -> Iterator[str]:
    """Where which of these ids and page sizes go."""
    yield "[dictionaries]"
    yield f"page_size = {{ values = {json.dumps(PAGE_SIZES)} }}"
    for kind, known in ids.items():
        yield f"{kind} = {{ values = {json.dumps(known)} }}"
    yield "[parameters]"
    for place in places():
        if place.path[-1] not in GRAPH_KEYS:
            yield bound(".".join((place.owner, place.field, *map(in_lists, place.path))), place.kind)
    yield from (bound(f"*.*.{name}", "page_size") for name in ("first", "last"))


def in_lists(name: str) -> str:
    return f"{name}[*]" if name in {"ids", "bindings"} else name


def bound(parameter: str, dictionary: str) -> str:
    return f'"{parameter}" = {{ dictionary = "{dictionary}", probability = {KNOWN} }}'


def operations() -> list[str]:
    roots = (SCHEMA.query_type, SCHEMA.mutation_type)
    return [f"{root.name}.{field}" for root in roots if root is not None for field in root.fields]


def answers_in(report: Path) -> dict[str, list[Json]]:
    """By operation: what each of its requests was answered."""
    events = map(json.loads, report.read_text().splitlines())
    recorded = [event["ScenarioFinished"]["recorder"] for event in events if "ScenarioFinished" in event]
    return {each["label"]: [body_of(one["response"]) for one in each["interactions"].values()] for each in recorded}


def body_of(response: Json) -> Json:
    body: Json = json.loads(b64decode(response["content"]["$base64"]))
    return body


def has_data(body: Json) -> bool:
    return any((body.get("data") or {}).values())
