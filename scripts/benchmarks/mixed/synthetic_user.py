"""A synthetic user: does next whatever the pages that it has open offer, fresh or stale."""

import asyncio
import random
from collections import deque
from collections.abc import Callable

from scripts.benchmarks.mixed.audit import Audit
from scripts.benchmarks.mixed.client import Client, Json
from scripts.benchmarks.mixed.documents import (
    CHOICES,
    HISTORY_PAGE,
    MUTATIONS,
    PAGE_OF_FLOW,
    WORKSPACE_PAGE,
    WORKSPACES,
)

Sent = tuple[str, Json, str | None]
"""A mutation, its input, and the flow that it is about."""

TABS = 4
ENOUGH_FLOWS = 32
MORE_THAN_ENOUGH = 0.1
"""How often another flow is made although there are enough of them to meet at."""
DOUBLE_CLICK = 0.12
CROSSED = 0.15
"""How often something else is clicked at the same moment."""
LOOKS_AGAIN = 0.5
STATES_REVISION = 0.6
PUBLISHES_AT_ONCE = 0.3

ODDS = {
    "look": 10,
    "createFlow": 3,
    "copyFlow": 4,
    "exportFlow": 5,
    "override": 8,
    "updateFlowDraft": 16,
    "bind": 10,
    "publishFlowDraft": 12,
    "revertFlow": 8,
    "discardFlowDraft": 7,
    "restoreFlowDraft": 9,
    "back": 8,
}


class SyntheticUser:
    """Has a token and a few open pages, each as old as it is."""

    def __init__(self, client: Client, audit: Audit, token: str, chance: random.Random) -> None:
        self.chance = chance
        self._client = client
        self._audit = audit
        self._token = token
        self._tabs: deque[Json] = deque(maxlen=TABS)
        self._sent: deque[Sent] = deque(maxlen=12)
        self._workspaces: list[str] = []

    async def act(self) -> None:
        if not self._workspaces:
            page = await self._client.ask(self._token, "workspaces", WORKSPACES)
            self._workspaces = [workspace["id"] for workspace in (page or {"nodes": []})["nodes"]]
        what = self.chance.choices(list(ODDS), list(ODDS.values()))[0]
        if what == "look" or not self._tabs or (what == "back" and not self._sent):
            await self._look()
        elif what == "back":
            await self._send(*self.chance.choice(self._sent))
        else:
            await self._write(what, self.chance.choice(self._tabs))

    async def _look(self) -> None:
        """Open a page, most often that of a flow which is open already or that everybody is at."""
        known = [tab["id"] for tab in self._tabs]
        if known and self.chance.random() < LOOKS_AGAIN:
            await self._open(self.chance.choice(known))
        elif self._workspaces:
            workspace = self.chance.choice(self._workspaces)
            page = await self._client.ask(self._token, "workspace", WORKSPACE_PAGE, id=workspace)
            if page is not None and page["flows"]["nodes"]:
                busiest = page["flows"]["nodes"][: self.chance.choice((2, 6, 30))]
                await self._open(self.chance.choice(busiest)["id"])

    async def _open(self, flow_id: str) -> None:
        flow = await self._client.ask(self._token, "flow", PAGE_OF_FLOW, id=flow_id)
        history = await self._client.ask(self._token, "flowHistory", HISTORY_PAGE, id=flow_id)
        if flow is not None and history is not None:
            self._tabs.append({**flow, "history": history["nodes"]})

    async def _write(self, what: str, tab: Json) -> None:
        makes_flow = what in {"createFlow", "copyFlow", "exportFlow"}
        if makes_flow and len(self._audit.live) > ENOUGH_FLOWS and self.chance.random() > MORE_THAN_ENOUGH:
            what = "discardFlowDraft"
        together = [what] * (2 if self.chance.random() < DOUBLE_CLICK else 1)
        if self.chance.random() < CROSSED:
            together.append(self.chance.choice(list(ODDS)[4:-1]))
        await asyncio.gather(*(self._send(*sent) for sent in await self._wishes(together, tab)))
        if self.chance.random() < LOOKS_AGAIN:
            await self._open(tab["id"])

    async def _wishes(self, clicks: list[str], tab: Json) -> list[Sent]:
        """What is sent for these clicks; the same click twice sends the same twice."""
        wishes: dict[str, Sent] = {}
        for what in dict.fromkeys(clicks):
            wish = await self._bindings(tab) if what == "bind" else self._wish(what, tab)
            if wish is not None:
                mutation = {"bind": "updateFlowDraft", "override": "exportFlow"}.get(what, what)
                onto = wish.get("destination", {}).get("overrideFlowId")
                wishes[what] = (mutation, wish, {"exportFlow": onto}.get(mutation, tab["id"]))
        self._sent.extend(wishes.values())
        return [wishes[what] for what in clicks if what in wishes]

    def _wish(self, what: str, tab: Json) -> Json | None:
        wishes: dict[str, Callable[[Json], Json | None]] = {
            "createFlow": self._creation,
            "copyFlow": self._copy,
            "exportFlow": self._export,
            "override": self._override,
            "updateFlowDraft": self._change,
            "publishFlowDraft": self._with_revision,
            "revertFlow": self._revert,
            "discardFlowDraft": self._with_revision,
            "restoreFlowDraft": self._restore,
        }
        return wishes[what](tab)

    async def _send(self, mutation: str, wish: Json, flow_id: str | None) -> None:
        made_elsewhere = mutation in {"createFlow", "copyFlow"}
        payload = await self._client.ask(self._token, mutation, MUTATIONS[mutation], input=wish)
        self._audit.write(mutation, payload, None if made_elsewhere else flow_id)

    def _creation(self, tab: Json) -> Json:
        workspace = self.chance.choice([tab["workspace"]["id"], *self._workspaces])
        return {"workspaceId": workspace, "name": self._name(), "graph": self._graph(tab)}

    def _copy(self, tab: Json) -> Json:
        return {"flowId": tab["id"], **self._source(tab)}

    def _export(self, tab: Json) -> Json:
        destination = {"workspaceId": self.chance.choice(self._workspaces)}
        return {"flowId": tab["id"], "destination": destination, **self._source(tab)}

    def _override(self, tab: Json) -> Json:
        others = [other["id"] for other in self._tabs if other["id"] != tab["id"]]
        onto = self.chance.choice([*others, *others, *others, tab["id"]])
        return {
            "flowId": tab["id"],
            "destination": {"overrideFlowId": onto},
            "existingDraft": self.chance.choice(("SET_ASIDE", "SET_ASIDE", "REFUSE")),
            **self._source(tab),
        }

    def _source(self, tab: Json) -> Json:
        version = self._some_version(tab)
        choices: list[Json] = [{}, {}, {"source": {"state": "DRAFT"}}, {"source": {"state": "PUBLISHED_VERSION"}}]
        return self.chance.choice([*choices, *([] if version is None else [{"source": {"versionId": version}}])])

    def _change(self, tab: Json) -> Json:
        changes: list[Json] = [
            {"name": self._name()},
            {"description": self.chance.choice((None, "Changed by somebody"))},
            {"cron": self.chance.choice((None, "0 4 * * *", "not a schedule"))},
            {"graph": self._graph(tab)},
            {"graph": self._graph(tab)},
        ]
        return {**self._with_revision(tab), **self.chance.choice(changes)}

    async def _bindings(self, tab: Json) -> Json | None:
        """Choose what the page says is missing, as far as the workspace has it."""
        if tab["draft"] is None:
            return None
        page = await self._client.ask(self._token, "workspace", CHOICES, id=tab["workspace"]["id"])
        if page is None:
            return None
        bindings = []
        for blocker in tab["draft"]["readiness"]["blockers"]:
            if blocker["__typename"] == "MissingTopic" and page["topics"]["nodes"]:
                topic = self.chance.choice(page["topics"]["nodes"])
                bindings.append({"stepId": blocker["stepId"], "topicId": topic["id"]})
            elif blocker["__typename"] == "MissingCredential":
                bindings.append({"stepId": blocker["stepId"], **self._credential(blocker["component"], page)})
        return {**self._with_revision(tab), "bindings": bindings}

    def _credential(self, component: Json, page: Json) -> Json:
        kind = component["requires"].lower()
        fit = [one["id"] for one in page[f"{kind}s"]["nodes"] if one["component"]["id"] == component["id"]]
        return {f"{kind}Id": self.chance.choice(fit)} if fit else {}

    def _with_revision(self, tab: Json) -> Json:
        """What the page says the draft is at, or nothing."""
        states = tab["draft"] is not None and self.chance.random() < STATES_REVISION
        return {"flowId": tab["id"], **({"expectedRevision": tab["draft"]["revision"]} if states else {})}

    def _revert(self, tab: Json) -> Json | None:
        version = self._some_version(tab)
        existing = self.chance.choice(("SET_ASIDE", "SET_ASIDE", "REFUSE"))
        publish = self.chance.random() < PUBLISHES_AT_ONCE
        wish = {"flowId": tab["id"], "versionId": version, "publish": publish, "existingDraft": existing}
        return None if version is None else wish

    def _restore(self, tab: Json) -> Json | None:
        aside = [draft["id"] for draft in tab["draftsSetAside"]["nodes"]]
        present = [] if tab["draft"] is None else [tab["draft"]["id"]]
        return {"draftId": self.chance.choice(aside or present)} if aside or present else None

    def _some_version(self, tab: Json) -> str | None:
        versions: list[Json] = tab["history"]
        return self.chance.choice(versions)["id"] if versions else None

    def _name(self) -> str:
        return f"Flow {self.chance.randrange(1000)}"

    def _graph(self, tab: Json) -> Json:
        """The graph of the page with a change somewhere."""
        shown = tab["draft"] or tab["publishedVersion"]
        if shown is None:
            return {"nodes": [], "edges": []}
        graph = shown["graph"]["native"]
        nodes = [dict(node) for node in graph["nodes"]]
        edges = list(graph["edges"])
        match self.chance.choice(("field", "field", "step", "first step only")):
            case "field" if nodes:
                node = self.chance.choice(nodes)
                node["fields"] = {**(node.get("fields") or {}), "note": self.chance.randrange(1000)}
            case "step" if nodes:
                step = f"more-{self.chance.randrange(1000)}"
                nodes.append({"id": step, "command": nodes[0]["command"], "fields": {}})
                edges.append({"source": nodes[0]["id"], "target": step})
            case _:
                nodes, edges = nodes[:1], []
        return {**graph, "nodes": nodes, "edges": edges}
