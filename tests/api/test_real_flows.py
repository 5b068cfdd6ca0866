"""Graphs of the platform itself go through loading, copying and exporting unchanged but for their bindings.

They aren't ours to commit: `TEST_REAL_FLOWS` names a folder with some.
"""

import json
import os
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from tests.api.client import Api, Json
from tests.api.documents import NODE
from tests.api.world_builder import LIMITED, WorldBuilder
from tests.api.writing import copy, create, export
from tests.databases import Databases

FOLDER = os.environ.get("TEST_REAL_FLOWS")
FILES = [] if FOLDER is None else sorted(Path(FOLDER).glob("*.json"))
KINDS = {"credentials_id": "credential", "secret_id": "secret", "vpn_agent_id": "agent"}

pytestmark = pytest.mark.skipif(not FILES, reason="TEST_REAL_FLOWS names no folder with real flows")


def graphs() -> list[Any]:
    read = {path.stem: json.loads(path.read_text()) for path in FILES}
    return [pytest.param(each["graph"], id=name) for name, each in read.items() if "graph" in each]


def references(native: Json) -> Iterator[tuple[Json, str, str]]:
    """The place and the kind of each reference: the object that holds it, its key there, and what it names."""
    for node in native["nodes"]:
        yield from ((node, key, kind) for key, kind in KINDS.items() if key in node)
        if "pub-sub" in node["command"] and "topic" in node.get("fields", {}):
            yield node["fields"], "topic", "topic"


def world_around(native: Json) -> WorldBuilder:
    """Two workspaces, the components that the graph names, and in the first workspace what it is bound to."""
    world = WorldBuilder()
    world.user("rea")
    world.tenant("real")
    world.contract("owner", "real")
    for workspace in ("here", "there"):
        world.workspace(workspace, "owner", LIMITED)
        world.members(workspace, rea="integrator")
    names = {node["command"].partition(":")[0] for node in native["nodes"]}
    for team in sorted({name.partition("/")[0] for name in names}):
        world.team(f"team {team}", "owner", name=team)
    for name in sorted(names):
        team, _, short = name.partition("/")
        world.component(name, f"team {team}", name=short, pub_sub=short == "pub-sub")
    commands = {id(node): node["command"] for node in native["nodes"]}
    found = {(place[at], kind): commands.get(id(place), "") for place, at, kind in references(native)}
    for (key, kind), command in found.items():
        if kind in {"topic", "agent"}:
            {"topic": world.topic, "agent": world.agent}[kind](key, "here")
        else:
            {"credential": world.credential, "secret": world.secret}[kind](key, "here", command.partition(":")[0])
    world.flow("real flow", "here", published=native, author="rea")
    return world


@pytest.mark.parametrize("native", graphs())
async def test_a_real_graph_is_loaded_copied_created_and_exported_unchanged_but_for_its_bindings(
    databases: Databases, native: Json
) -> None:
    async with databases.loaded(world_around(native)) as loaded, databases.serving(loaded) as api:
        with_ids, bare = deepcopy(native), deepcopy(native)
        for place, key, _ in references(with_ids):
            place[key] = api.id(place[key])
        for place, key, _ in [*references(bare)]:
            del place[key]
        shown = await version_of(api)
        assert shown == canonical(with_ids)
        copied = await copy(api, "real flow", "rea")
        assert canonical(copied["draft"]["graph"]["native"]) == shown
        made = await create(api, "there", bare, "rea")
        assert canonical(made["draft"]["graph"]["native"]) == canonical(bare)
        exported = await export(api, "real flow", "rea", to="there")
        assert canonical(exported["draft"]["graph"]["native"]) == canonical(bare)
        assert copied["draft"]["contentHash"] == exported["draft"]["contentHash"]
        cleared = [each for each in exported["references"] if each["action"] == "CLEARED"]
        assert len(cleared) == len(exported["references"]) == len([*references(native)])


async def version_of(api: Api) -> str:
    return canonical((await api.caller("rea").one(NODE, id=api.id("real flow/1")))["graph"]["native"])


def canonical(native: Json) -> str:
    """The graph with its lists in their order; the order of keys means nothing."""
    return json.dumps(native, sort_keys=True)
