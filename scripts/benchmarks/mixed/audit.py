"""What the server has acknowledged, and whether it can account for all of it.

A draft is accounted for if it is active or set aside with the content that was saved last, if it was discarded by
somebody's word, or if a version with that content was published.
"""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from scripts.benchmarks.mixed.client import Client, Json

DRAFT = "id revision contentHash flow { id }"
VERSION = "id number contentHash flow { id }"

WORKSPACES = "query($after: String) { workspaces(first: 100, after: $after) { nodes { id } pageInfo { endCursor } } }"
FLOWS = """query($id: ID!, $after: String) { workspace(id: $id) {
  flows(first: 100, after: $after) { nodes { id } pageInfo { endCursor } } } }"""
STATE = f"""query($id: ID!, $after: String) {{ flow(id: $id) {{
  draft {{ {DRAFT} }} draftsSetAside(first: 100, after: $after) {{ nodes {{ {DRAFT} }} pageInfo {{ endCursor }} }}
}} }}"""
HISTORY = f"""query($id: ID!, $after: String) {{ flowHistory(flowId: $id, first: 100, after: $after) {{
  nodes {{ {VERSION} }} pageInfo {{ endCursor }} }} }}"""


@dataclass
class Account:
    """What is known of one flow."""

    drafts: dict[str, tuple[int, str]] = field(default_factory=dict)
    """Every draft that ever was: its latest revision and content."""
    discarded: set[str] = field(default_factory=set)
    versions: dict[str, tuple[int, str]] = field(default_factory=dict)
    """Every version: its number and content."""
    published: Counter[str] = field(default_factory=Counter)
    """How often which content was published from a draft."""
    unseen: int = 0
    """Saves whose draft was published or discarded by somebody else before it could be shown."""
    is_deleted: bool = False
    is_uncertain: bool = False
    """An answer was unexpected, so that it is not known what it did."""

    def saved(self, draft: Json) -> None:
        known, _ = self.drafts.get(draft["id"], (0, ""))
        if draft["revision"] >= known:
            self.drafts[draft["id"]] = (draft["revision"], draft["contentHash"])

    def published_as(self, version: Json, *, from_draft: bool) -> None:
        self.versions[version["id"]] = (version["number"], version["contentHash"])
        if from_draft:
            self.published[version["contentHash"]] += 1


class Audit:
    def __init__(self, client: Client, auditor: str) -> None:
        self._client = client
        self._auditor = auditor
        self.accounts: dict[str, Account] = {}
        self.lost: list[str] = []
        self._told = 0

    async def open(self) -> None:
        """Write down what is there before anybody clicks."""
        for workspace in await self._pages("workspaces", WORKSPACES, ()):
            for flow in await self._pages("flows", FLOWS, ("flows",), id=workspace["id"]):
                account = self.accounts.setdefault(flow["id"], Account())
                for draft in (await self._drafts(flow["id"])) or ():
                    account.saved(draft)
                for version in await self._pages("flowHistory", HISTORY, (), id=flow["id"]):
                    account.published_as(version, from_draft=False)

    @property
    def live(self) -> list[str]:
        return [flow_id for flow_id, account in self.accounts.items() if not account.is_deleted]

    def write(self, what: str, payload: Json | None, flow_id: str | None) -> None:
        """Write down what a mutation has acknowledged; None: the answer was unexpected."""
        if payload is None:
            if flow_id is not None:
                self._account(flow_id).is_uncertain = True
            return
        if payload["errors"]:
            return
        for draft in filter(None, (payload.get("draft"), payload.get("setAside"))):
            self._account(draft["flow"]["id"]).saved(draft)
        version = payload.get("version")
        if "draft" in payload and payload["draft"] is None and version is None and flow_id is not None:
            self._account(flow_id).unseen += 1
        if version is not None:
            self._account(version["flow"]["id"]).published_as(version, from_draft=what == "publishFlowDraft")
        if payload.get("discardedDraftId") is not None:
            self._account(flow_id or "").discarded.add(payload["discardedDraftId"])
        if payload.get("deletedFlowId") is not None:
            self._account(payload["deletedFlowId"]).is_deleted = True

    async def check(self, *, thorough: bool) -> None:
        """Ask for every flow, and note what isn't as it was acknowledged. Nobody may click meanwhile."""
        for flow_id, account in list(self.accounts.items()):
            drafts = await self._drafts(flow_id)
            history = None
            if drafts is not None and (thorough or account.versions):
                history = await self._pages("flowHistory", HISTORY, (), id=flow_id)
            found = [] if account.is_uncertain else _differences(account, drafts, history)
            self.lost.extend(f"{flow_id}: {one}" for one in found)
            if found:
                account.is_uncertain = True

    def told(self) -> str:
        accounts = self.accounts.values()
        drafts, discarded = sum(len(one.drafts) for one in accounts), sum(len(one.discarded) for one in accounts)
        versions, unseen = sum(len(one.versions) for one in accounts), sum(one.unseen for one in accounts)
        uncertain = sum(one.is_uncertain for one in accounts)
        flows = f"{len(self.live)} flows of {len(self.accounts)} left"
        counted = f"{drafts} drafts, {discarded} discarded, {versions} versions"
        return f"{flows}, {counted}, {unseen} saves gone before they were shown, {uncertain} flows uncertain"

    def news(self) -> list[str]:
        new, self._told = self.lost[self._told :], len(self.lost)
        return new

    def _account(self, flow_id: str) -> Account:
        return self.accounts.setdefault(flow_id, Account())

    async def _drafts(self, flow_id: str) -> list[Json] | None:
        """The active draft and those set aside; None if there is no such flow."""
        flow = await self._client.ask(self._auditor, "flow", STATE, id=flow_id)
        if flow is None:
            return None
        aside = await self._pages("flow", STATE, ("draftsSetAside",), id=flow_id)
        return [*filter(None, [flow["draft"]]), *aside]

    async def _pages(self, what: str, document: str, path: tuple[str, ...], **variables: str) -> list[Json]:
        nodes: list[Json] = []
        after: str | None = None
        while True:
            page: Any = await self._client.ask(self._auditor, what, document, after=after, **variables)
            for name in path if page is not None else ():
                page = page[name]
            if page is None or not page["nodes"]:
                return nodes
            nodes.extend(page["nodes"])
            after = page["pageInfo"]["endCursor"]


def _differences(account: Account, drafts: list[Json] | None, history: list[Json] | None) -> list[str]:
    if drafts is None:
        left = sorted(set(account.drafts) - account.discarded)
        if account.is_deleted and not left:
            return []
        return [f"the flow is gone{'' if account.is_deleted else ' without a word'}, and with it {left}"]
    found = ["the flow is there although it was deleted"] if account.is_deleted else []
    here = {draft["id"]: (draft["revision"], draft["contentHash"]) for draft in drafts}
    for draft_id, state in here.items():
        if account.drafts.get(draft_id) != state:
            found.append(f"draft {draft_id} is {state}, acknowledged was {account.drafts.get(draft_id)}")
        if draft_id in account.discarded:
            found.append(f"draft {draft_id} is there although it was discarded")
    gone = {one: state for one, state in account.drafts.items() if one not in here and one not in account.discarded}
    contents = Counter(content for _, content in gone.values())
    if max((contents - account.published).total(), (account.published - contents).total()) > account.unseen:
        found.append(f"drafts gone: {gone}, but published: {dict(account.published)}")
    if history is not None:
        held = {version["id"]: (version["number"], version["contentHash"]) for version in history}
        if held != account.versions:
            found.append(f"the history is {held}, acknowledged was {account.versions}")
        if sorted(number for number, _ in held.values()) != list(range(1, len(held) + 1)):
            found.append(f"the versions have the numbers {sorted(number for number, _ in held.values())}")
    return found
