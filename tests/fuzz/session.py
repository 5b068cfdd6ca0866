"""A run of the fuzz against a server: what it sends, what was wrong with the answers, and how often each was given."""

import os
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from random import Random
from typing import Any

import httpx

from app.domain.model import Kind, kind_of
from tests.fuzz.judge import JSON_TYPE, code_of, faults
from tests.fuzz.odd_requests import RAN, OddRequests, Sent, asking
from tests.fuzz.random_documents import EVERYTHING, WRITTEN, Documents
from tests.fuzz.values import Values

BEGINNING = """{
  viewer { id }
  workspaces(first: 20) {
    edges { cursor node {
      id contract { id }
      flows(first: 10) { edges { cursor node { id createdBy { id }
        draft { id } publishedVersion { id graph { components { id } } } draftsSetAside { nodes { id } }
      } } }
      topics(first: 5) { edges { cursor node { id } } } credentials(first: 5) { edges { cursor node { id } } }
      secrets(first: 5) { nodes { id } } agents(first: 5) { nodes { id } }
    } }
  }
}"""
TIMES = int(os.environ.get("TEST_FUZZ", "1"))
"""How many times as much as usual the tests are to send."""
WHOLE = 0.1
"""The share of the queries that ask for everything that something has."""
MOST_TOLD = 10


@dataclass
class Session:
    """One caller after another sends what `values` comes up with."""

    http: httpx.AsyncClient
    tokens: list[str]
    random: Random
    wrong: list[str] = field(default_factory=list)
    """What was wrong, each with the request."""
    outcomes: Counter[str] = field(default_factory=Counter)
    sent: int = 0
    last: Sent | None = None
    written: list[str] = field(default_factory=list)
    """The ids of what the last mutation wrote."""

    def __post_init__(self) -> None:
        self.values = Values(self.random)
        self.documents = Documents(self.values)
        self.wire = OddRequests(self.values)

    async def begin(self) -> None:
        """Get to know what there is."""
        for token in self.tokens:
            self.values.viewer = token
            headers: dict[str, str | bytes] = {"Content-Type": JSON_TYPE, "Authorization": f"Bearer {token}"}
            sent = asking(BEGINNING, {}, self.values)
            await self.send(Sent(headers=sent.headers | headers, content=sent.content))

    async def query(self) -> None:
        """Send something that writes nothing."""
        await (self.odd_request() if self.values.chance(0.35) else self.ask(broken=0.23))

    async def odd_request(self) -> None:
        """Send what is odd in its body, headers, method or path."""
        self._next_caller()
        await self.send(self._with_token(self.wire.next()))

    async def ask(self, broken: float = 0) -> None:
        """Send a query, or one that was broken."""
        self._next_caller()
        if self.values.chance(WHOLE):
            await self.read(self.values.id())
            return
        document, variables = self.documents.query()
        if self.values.chance(broken):
            document = self.documents.broken(document)
        await self.send(self._with_token(asking(document, variables, self.values)))

    async def mutate(self) -> bool:
        """Send a mutation, or several; whether at least one went through."""
        self._next_caller()
        document, variables = self.documents.mutation()
        if self.values.chance(0.05):
            document = self.documents.broken(document)
        answer = await self.send(self._with_token(asking(document, variables, self.values)))
        payloads = [payload for payload in ((answer or {}).get("data") or {}).values() if went_through(payload)]
        self.written = [payload[name]["id"] for payload in payloads for name in WRITTEN if payload.get(name)]
        return bool(payloads)

    async def read_back(self) -> None:
        """Read everything of what the last mutation wrote."""
        for node in self.written:
            await self.read(node)

    async def read(self, node: str) -> None:
        """Send a query for everything that something has."""
        document = EVERYTHING.get(kind_of(node) or Kind.FLOW, EVERYTHING[Kind.FLOW])
        await self.send(self._with_token(asking(document, {"id": node}, self.values)))

    async def send(self, sent: Sent) -> Any:
        """The answer, if it is JSON."""
        self.sent += 1
        self.last = sent
        try:
            headers = [
                (name.encode(), value if isinstance(value, bytes) else value.encode())
                for name, value in sent.headers.items()
            ]
            request = self.http.build_request(sent.method, sent.path, headers=headers, content=sent.content)
            response = await self.http.send(request)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            self.wrong.append(f"{type(error).__name__} {error}\n  {sent}")
            return None
        found = faults(response, statuses=sent.statuses)
        if found:
            self.wrong.append(f"{'; '.join(found)}\n  {sent}\n  {response.status_code} {response.text[:1500]}")
        return self._noted(response)

    def _noted(self, response: httpx.Response) -> Any:
        if "json" not in response.headers.get("content-type", "") or response.request.method == "HEAD":
            self.outcomes[f"{response.status_code}"] += 1
            return None
        body = response.json()
        codes = {code_of(error) for error in body.get("errors", [])} if isinstance(body, dict) else set()
        refused = _typed_codes(body)
        self.outcomes[f"{response.status_code} {' '.join(sorted(codes | refused)) or 'ok'}"] += 1
        self.values.learn(body)
        return body

    def _next_caller(self) -> None:
        self.values.viewer = self.random.choice(self.tokens)

    def _with_token(self, sent: Sent) -> Sent:
        if "Authorization" in sent.headers:
            return sent
        if self.values.chance(0.01) and sent.statuses == RAN:
            return Sent(sent.method, sent.path, sent.headers, sent.content, RAN | {401})
        headers = sent.headers | {"Authorization": f"Bearer {self.values.viewer}"}
        return Sent(sent.method, sent.path, headers, sent.content, sent.statuses)


@asynccontextmanager
async def session_of(http: httpx.AsyncClient, tokens: Mapping[str, str], seed: str) -> AsyncIterator[Session]:
    """A session that knows what there is; at the end every answer was one that was foreseen."""
    session = Session(http, list(tokens.values()), Random(seed))  # noqa: S311
    await session.begin()
    yield session
    assert not session.wrong, "\n\n".join(session.wrong[:MOST_TOLD])


def went_through(payload: Any) -> bool:
    """Whether a mutation wrote: it was answered, and with no refusal."""
    return isinstance(payload, dict) and not payload["errors"]


def _typed_codes(body: Any) -> set[str]:
    """The kinds of the refusals in the data."""
    data = body.get("data") if isinstance(body, dict) else None
    payloads = [each for each in (data or {}).values() if isinstance(each, dict)]
    return {error["__typename"] for payload in payloads for error in payload.get("errors", ())}
