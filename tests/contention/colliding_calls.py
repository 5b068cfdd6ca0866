"""Mutations of every kind on few flows, chosen so that callers meet at them, and each in an order of its own."""

from collections import deque
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from tests.api.world_builder import LIMITED, WorldBuilder, graph, step

Json = dict[str, Any]

USERS = ("ada", "ben", "cleo", "dan")
WORKSPACES = ("workshop", "store", "outlet")
TENANTS = ("north", "south")
FEWEST, MOST = 8, 16
"""Flows: where there are more or fewer, the next calls make some or remove some."""
CONTENTS = 6
"""Different graphs: many callers store the same one at the same moment."""

FLOW = "flow { id }"
DRAFT = "draft { id revision }"
ASIDE = "setAside { id }"
VERSION = "version { id }"
EXPORTED = f"{FLOW} {DRAFT} exportRecord {{ id }}"
ERRORS = "errors { code }"
ANSWERS = {
    "createFlow": f"{FLOW} {DRAFT} replayed {ERRORS}",
    "copyFlow": f"{EXPORTED} replayed {ERRORS}",
    "exportFlow": f"{EXPORTED} {ASIDE} replayed {ERRORS}",
    "exportFlows": f"results {{ {EXPORTED} {ASIDE} {ERRORS} }} replayed {ERRORS}",
    "updateFlowDraft": f"{FLOW} {DRAFT} {ERRORS}",
    "publishFlowDraft": f"{FLOW} {VERSION} replayed {ERRORS}",
    "publishFlowDrafts": f"results {{ {FLOW} {VERSION} replayed {ERRORS} }} replayed {ERRORS}",
    "revertFlow": f"{FLOW} {DRAFT} {VERSION} {ASIDE} replayed {ERRORS}",
    "discardFlowDraft": f"{FLOW} deletedFlowId {ERRORS}",
    "restoreFlowDraft": f"{FLOW} {DRAFT} {ASIDE} {ERRORS}",
    "undoExport": f"{FLOW} deletedFlowId {ERRORS}",
    "undoExports": f"results {{ {FLOW} deletedFlowId {ERRORS} }} {ERRORS}",
    "startFlow": f"{FLOW} {ERRORS}",
    "stopFlow": f"{FLOW} {ERRORS}",
    "deleteFlow": f"deletedFlowId {ERRORS}",
    "applyWorld": f"created changed removed unchanged {ERRORS}",
}
TAKE_KEYS = {field for field, answer in ANSWERS.items() if "replayed" in answer}
ODDS = {
    "createFlow": 4,
    "copyFlow": 4,
    "exportFlow": 4,
    "exportFlow over a flow": 12,
    "exportFlows ATOMIC": 14,
    "exportFlows BEST_EFFORT": 10,
    "updateFlowDraft": 12,
    "publishFlowDraft": 12,
    "publishFlowDrafts": 10,
    "revertFlow": 8,
    "discardFlowDraft": 4,
    "restoreFlowDraft": 6,
    "undoExport": 4,
    "undoExports ATOMIC": 10,
    "undoExports BEST_EFFORT": 16,
    "startFlow": 6,
    "stopFlow": 8,
    "deleteFlow": 4,
    "applyWorld": 12,
}
MAKING = {"createFlow", "copyFlow", "exportFlow"}
REMOVING = ("deleteFlow", "discardFlowDraft", "undoExport", "undoExports BEST_EFFORT")


@dataclass(frozen=True, slots=True)
class CollidingCall:
    kind: str
    input: Json

    @property
    def field(self) -> str:
        return self.kind.partition(" ")[0]

    @property
    def body(self) -> Json:
        argument = f"{self.field[0].upper()}{self.field[1:]}Input"
        query = f"mutation($input: {argument}!) {{ {self.field}(input: $input) {{ {ANSWERS[self.field]} }} }}"
        return {"query": query, "variables": {"input": self.input}}


def world_of_few_flows() -> WorldBuilder:
    """Four users who may do everything to the same flows, and apply documents to two tenants.

    What is new in two of the workspaces counts for a quota.
    """
    world = WorldBuilder()
    for tenant in TENANTS:
        world.tenant(tenant)
    for user in USERS:
        world.user(user, "north")
        for tenant in TENANTS:
            world.provisioner(user, tenant)
    world.contract("harbour", "south")
    world.contract("retail", "north", quota=1_000_000)
    world.contract("outlets", "north", quota=1_000_000)
    world.workspace("workshop", "retail", LIMITED)
    world.workspace("store", "retail")
    world.workspace("outlet", "outlets")
    for workspace in WORKSPACES:
        world.members(workspace, **dict.fromkeys(USERS, "integrator"))
    world.team("core", "retail")
    world.component("code", "core", "TENANT")
    for number in range(FEWEST):
        workspace = WORKSPACES[number % len(WORKSPACES)]
        world.flow(f"flow-{number}", workspace, published=[content(1), content(2)], draft=content(3))
    return world


def content(number: int) -> Json:
    return graph(step("1", "core/code:run", fields={"number": number}))


@dataclass
class Known:
    """What callers have learned of the answers: the latest of it, some of which is gone by now."""

    ids: dict[str, str]
    flows: list[str] = field(default_factory=list)
    versions: deque[tuple[str, str]] = field(default_factory=lambda: deque(maxlen=30))
    """Each with its flow before it."""
    aside: deque[str] = field(default_factory=lambda: deque(maxlen=20))
    exports: deque[str] = field(default_factory=lambda: deque(maxlen=20))
    revisions: dict[str, int] = field(default_factory=dict)
    """Of drafts, by their flows."""

    @classmethod
    def of(cls, ids: dict[str, str]) -> "Known":
        known = cls(ids, [ids[f"flow-{number}"] for number in range(FEWEST)])
        known.versions.extend((ids[f"flow-{number}"], ids[f"flow-{number}/1"]) for number in range(FEWEST))
        return known

    def learn(self, call: CollidingCall, payload: Json) -> None:
        for each in payload.get("results", [payload]):
            self._learn(each)
        is_gone = [error["code"] for error in payload["errors"]] == ["FLOW_NOT_FOUND"]
        if is_gone and not call.field.startswith("export"):
            self._forget(call.input["flowId"])

    def _learn(self, payload: Json) -> None:
        if payload.get("deletedFlowId"):
            self._forget(payload["deletedFlowId"])
        flow = payload.get("flow")
        if flow is not None and flow["id"] not in self.flows:
            self.flows.append(flow["id"])
        if flow is not None and payload.get("draft"):
            self.revisions[flow["id"]] = payload["draft"]["revision"]
        if flow is not None and payload.get("version"):
            self.revisions.pop(flow["id"], None)
            self.versions.append((flow["id"], payload["version"]["id"]))
        if payload.get("setAside"):
            self.aside.append(payload["setAside"]["id"])
        if payload.get("exportRecord"):
            self.exports.append(payload["exportRecord"]["id"])

    def _forget(self, flow: str) -> None:
        if flow in self.flows:
            self.flows.remove(flow)
        self.revisions.pop(flow, None)


class Calls:
    """One call after the other, by chance."""

    def __init__(self, known: Known, chance: Random, numbers: Iterator[int]) -> None:
        """`numbers`: one for each name and key that is ever used."""
        self._known = known
        self._chance = chance
        self._numbers = numbers
        self._inputs: dict[str, Callable[[], Json]] = {
            "createFlow": self._creation,
            "copyFlow": lambda: self._flow() | self._name(),
            "exportFlow": self._new_export,
            "exportFlow over a flow": lambda: self._override(self._some_flow()),
            "exportFlows ATOMIC": lambda: self._exports("ATOMIC"),
            "exportFlows BEST_EFFORT": lambda: self._exports("BEST_EFFORT"),
            "updateFlowDraft": self._change,
            "publishFlowDrafts": self._publications,
            "revertFlow": self._revert,
            "restoreFlowDraft": lambda: {"draftId": self._one_of(self._known.aside, "draft_none")},
            "applyWorld": self._document,
            "undoExport": lambda: {"exportId": self._one_of(self._latest_exports(), "export_none")},
            "undoExports ATOMIC": lambda: self._undos("ATOMIC"),
            "undoExports BEST_EFFORT": lambda: self._undos("BEST_EFFORT"),
        }

    def next(self, kinds: Collection[str] = ODDS) -> CollidingCall:
        """A call of one of these kinds, or one that makes or removes a flow where there are too few or too many."""
        kind = self._chance.choices([*kinds], [ODDS[kind] for kind in kinds])[0]
        if len(self._known.flows) > MOST and kind in MAKING:
            kind = self._chance.choice(REMOVING)
        if len(self._known.flows) < FEWEST:
            kind = "createFlow"
        given = self._inputs.get(kind, self._flow)()
        call = CollidingCall(kind, given)
        if call.field in TAKE_KEYS and self._chance.random() < 0.4:
            given["idempotencyKey"] = f"key {next(self._numbers)}"
        return call

    def _flow(self) -> Json:
        return {"flowId": self._some_flow()}

    def _some_flow(self) -> str:
        return self._chance.choice(self._known.flows)

    def _name(self) -> Json:
        return {"name": f"Flow {next(self._numbers)}"}

    def _workspace(self) -> str:
        return self._known.ids[self._chance.choice(WORKSPACES)]

    def _creation(self) -> Json:
        return {"workspaceId": self._workspace(), "graph": self._content(), **self._name()}

    def _new_export(self) -> Json:
        return self._flow() | self._name() | {"destination": {"workspaceId": self._workspace()}}

    def _override(self, onto: str) -> Json:
        others = [flow for flow in self._known.flows if flow != onto]
        return {"flowId": self._chance.choice(others), "destination": {"overrideFlowId": onto}}

    def _exports(self, mode: str) -> Json:
        """Onto several flows, in any order, and new ones between."""
        onto = self._chance.sample(self._known.flows, self._chance.randint(2, 5))
        items = [*(self._override(flow) for flow in onto), *(self._new_export() for _ in range(self._makes_new()))]
        return {"items": self._chance.sample(items, len(items)), "mode": mode}

    def _undos(self, mode: str) -> Json:
        """Of several flows, in any order; all or none of the latest."""
        exports = self._latest_exports() if mode == "ATOMIC" else [*self._known.exports]
        number = self._chance.randint(min(1, len(exports)), min(2 if mode == "ATOMIC" else 6, len(exports)))
        return {"exportIds": self._chance.sample(exports, number), "mode": mode}

    def _latest_exports(self) -> list[str]:
        """Exports that nobody is likely to have built on: the undo of older ones is refused."""
        return [*self._known.exports][-3:]

    def _publications(self) -> Json:
        """Of drafts at the revisions that callers saw, in any order."""
        seen = [*self._known.revisions.items()] or [(self._some_flow(), 1)]
        drafts = self._chance.sample(seen, self._chance.randint(1, min(3, len(seen))))
        return {
            "items": [{"flowId": flow, "expectedRevision": revision} for flow, revision in drafts],
            "mode": "ATOMIC",
        }

    def _makes_new(self) -> int:
        return 0 if len(self._known.flows) > MOST else self._chance.randint(0, 1)

    def _change(self) -> Json:
        changes: list[Json] = [{"graph": self._content()}, {"description": f"Said {next(self._numbers)}"}]
        return self._flow() | self._chance.choice(changes)

    def _content(self) -> Json:
        return content(self._chance.randrange(CONTENTS))

    def _revert(self) -> Json:
        flow, version = self._chance.choice(self._known.versions)
        return {"flowId": flow, "versionId": version, "publish": self._chance.random() < 0.5}

    def _document(self) -> Json:
        """Several changes to what other calls lock or rest on, in any order; what it makes, a later one may remove."""
        if self._chance.random() < 0.2:
            return self._applied("south", {"contracts": [{"key": "harbour", **self._name()}]})
        workspace, member = self._chance.choice(WORKSPACES), self._chance.choice(USERS)
        role, suffix = self._chance.choice(("integrator", "admin")), next(self._numbers)
        thing = {"key": f"agent of {workspace}", "workspace": workspace}
        changes: Json = {
            "contracts": [{"key": key, "flowQuota": 1_000_000 + suffix} for key in ("outlets", "retail")],
            "workspaces": [{"key": workspace, "name": f"{workspace} {suffix}"}],
            "workspaceMembers": [{"workspace": workspace, "user": member, "role": role}],
            "components": [{"key": "code", "title": f"Code {suffix}"}],
            "agents": [{**thing, "remove": True} if self._chance.random() < 0.3 else {**thing, **self._name()}],
            "flows": [{"id": flow, "suspended": self._chance.random() < 0.3} for flow in self._some_flows()],
        }
        sections = self._chance.sample([*changes], self._chance.randint(1, len(changes)))
        return self._applied("north", {name: changes[name] for name in sections})

    def _applied(self, tenant: str, sections: Json) -> Json:
        return {"tenantId": self._known.ids[tenant], "document": {"format": "flowport-world/1", **sections}}

    def _some_flows(self) -> list[str]:
        return self._chance.sample(self._known.flows, min(len(self._known.flows), self._chance.randint(1, 2)))

    def _one_of(self, ids: Sequence[str], none: str) -> str:
        return self._chance.choice(ids) if ids else none
