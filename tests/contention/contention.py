"""Many callers at few flows, until so many mutations were sent; what the database and the callers have noticed of it."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Collection, Coroutine, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from random import Random
from typing import Any

import httpx
import orjson

from app.storage.connections.database import Database
from app.storage.upkeep.periodic import remove_slice
from app.usecases.transaction import UnitOfWork
from app.usecases.upkeep import remove_drafts, remove_records
from tests.contention.colliding_calls import ODDS, USERS, Calls, CollidingCall, Known, world_of_few_flows
from tests.crashes.killable import Killable
from tests.databases import Databases, Loaded, connected
from tests.lifecycle.holdings import broken_rules, holdings_of
from tests.plain_http import TRUSTS_NOBODY

Json = dict[str, Any]

CALLERS = 24
SETTINGS = {
    "MAX_WAIT_SECONDS": "30",
    "REQUEST_TIMEOUT_SECONDS": "60",
    "STATEMENT_TIMEOUT_SECONDS": "30",
    "WORKER_TIMEOUT_SECONDS": "60",
}
"""On a busy machine nobody is sent away, and no worker ends itself because it got no CPU time: a deadlock is found within
a second."""
SENT_TWICE = 0.5
"""How many of the calls with a key are sent twice at the same moment."""
PATIENCE_SECONDS = 60
CLEANUP_SECONDS = 0.5
DRAFTS_KEPT = timedelta(seconds=2)
CONTENTS_KEPT = timedelta(seconds=20)
"""Longer than any call takes here."""
LOOK_SECONDS = 0.05

DEADLOCKS = "select deadlocks from pg_stat_database where datname = current_database()"
WAITING = """select count(*) from pg_stat_activity
    where datname = current_database() and application_name = 'flowport' and wait_event_type = 'Lock'"""
IN_THE_WAY = ("deadlock", "serializ", "locknotavailable")
"""How the log says that a call gave up for the sake of another.

A world document that suspends a flow which is deleted meanwhile is read again, without having waited for anybody.
"""


@dataclass
class ContentionTally:
    answers: Counter[tuple[str, str]] = field(default_factory=Counter)
    """By kind of call: `went through`, the codes of its refusal, or the status and code of a failure."""
    failures: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    most_waiting: int = 0
    """Transactions that were seen waiting for a lock at one moment."""
    looks: int = 0
    looks_with_waiting: int = 0
    deadlocks: int = 0
    gave_way: int = 0
    """Lines of the log about a call that gave up for the sake of another."""
    removed: Counter[str] = field(default_factory=Counter)
    """By periodic cleanup, meanwhile."""

    @property
    def operations(self) -> int:
        return self.answers.total()

    @property
    def went_through(self) -> Counter[str]:
        return Counter({kind: number for (kind, answer), number in self.answers.items() if answer == "went through"})

    def lines(self) -> Iterator[str]:
        yield f"Mutations: {self.operations}, of which {self.went_through.total()} went through"
        yield from (f"{number:8}  {kind}: {answer}" for (kind, answer), number in sorted(self.answers.items()))
        waiting = 100 * self.looks_with_waiting // max(self.looks, 1)
        yield f"Transactions waiting for a lock: in {waiting} % of {self.looks} looks, {self.most_waiting} at most"
        yield f"Removed meanwhile: {dict(self.removed)}"
        yield f"Deadlocks that PostgreSQL has counted: {self.deadlocks}"
        yield f"Calls that gave up for the sake of others: {self.gave_way}"
        yield f"Answers that are no answer to the mutation: {len(self.failures)}"


class Contention:
    """Callers who share what they know."""

    def __init__(self, url: str, loaded: Loaded, tally: ContentionTally, *, calls: int, seed: int) -> None:
        limits = httpx.Limits(max_connections=None)
        self._http = httpx.AsyncClient(base_url=url, timeout=PATIENCE_SECONDS, limits=limits, verify=TRUSTS_NOBODY)
        self._loaded = loaded
        self._known = Known.of(dict(loaded.ids))
        self._tally = tally
        self._left = calls
        self._at_most = -4 * calls
        """What is left when it ends, whatever went through."""
        self._seed = seed
        self._numbers = count()

    async def run(self) -> None:
        async with self._http:
            await asyncio.gather(*(self._call(caller) for caller in range(CALLERS)))

    async def _call(self, caller: int) -> None:
        chance = Random(f"{self._seed}/{caller}")  # noqa: S311 - not for secrets
        calls = Calls(self._known, chance, self._numbers)
        token = self._loaded.tokens[USERS[caller % len(USERS)]]
        while self._goes_on():
            call = calls.next(self._kinds(chance))
            times = 2 if "idempotencyKey" in call.input and chance.random() < SENT_TWICE else 1
            self._left -= times
            payloads = await asyncio.gather(*(self._send(call, token) for _ in range(times)))
            if len(payloads) > 1:
                self._judge_repetition(call, payloads)

    def _kinds(self, chance: Random) -> Collection[str]:
        """All kinds of calls; once enough were sent, half of the time those of which none has gone through yet."""
        missing = [kind for kind in ODDS if kind not in self._tally.went_through]
        return missing if missing and self._left <= 0 and chance.random() < 0.5 else ODDS

    def _goes_on(self) -> bool:
        """Until all were sent, one of each kind has gone through, and some have waited for others.

        Chance may take a while for the latter two.
        """
        has_seen_all = set(ODDS) <= set(self._tally.went_through) and self._tally.most_waiting > 1
        return self._left > 0 or (self._left > self._at_most and not has_seen_all)

    async def _send(self, call: CollidingCall, token: str) -> Json | None:
        try:
            response = await self._http.post("/graphql", json=call.body, headers={"Authorization": f"Bearer {token}"})
        except httpx.TransportError as error:
            # The log of the server says why, which is read at the end.
            self._tally.answers[call.kind, "no answer"] += 1
            self._tally.failures.append(f"{call.kind} {call.input}: {error!r}")
            return None
        answer = response.json()
        payload: Json | None = (answer.get("data") or {}).get(call.field)
        codes = [error["extensions"]["code"] for error in answer.get("errors", ())]
        if payload is None:
            self._tally.answers[call.kind, f"{response.status_code} {' '.join(codes)}"] += 1
            self._tally.failures.append(f"{call.kind} {call.input}: {response.status_code} {answer}")
            return None
        self._known.learn(call, payload)
        # What went through may be gone again when it is shown: then its place in the answer is null.
        self._tally.failures += [f"{call.kind}: {code}" for code in codes if code != "GONE"]
        self._tally.answers[call.kind, " ".join(sorted(set(refusals(payload)))) or "went through"] += 1
        return payload

    def _judge_repetition(self, call: CollidingCall, payloads: list[Json | None]) -> None:
        """Of two that went through one is a replay."""
        done = [each for each in payloads if each is not None and not list(refusals(each))]
        if len(done) > 1 and sorted(each["replayed"] for each in done) != [False, True]:
            self._tally.wrong.append(f"{call.kind} {call.input} was done twice: {done}")


def refusals(payload: Json) -> Iterator[str]:
    for each in (payload, *payload.get("results", ())):
        yield from (error["code"] for error in each["errors"])


async def contend(
    databases: Databases, folder: Path, *, calls: int, seed: int = 1, workers: int = 2
) -> ContentionTally:
    """Have a server of several processes meet so many mutations at once; everything that is to be true afterwards."""
    tally = ContentionTally()
    async with databases.loaded(world_of_few_flows()) as loaded:
        url = databases.url_of(loaded.name)
        before = await deadlocks(url)
        server = Killable(folder, url, workers, SETTINGS)
        await asyncio.to_thread(server.start)
        try:
            async with opened(url) as database, meanwhile(watch(url, tally)), meanwhile(clean_up(database, tally)):
                await Contention(server.url, loaded, tally, calls=calls, seed=seed).run()
        finally:
            # Its connections have counted for themselves until they end.
            await asyncio.to_thread(server.stop)
        async with opened(url) as database:
            tally.wrong += broken_rules(await holdings_of(database))
        tally.deadlocks = await deadlocks(url) - before
    log = (folder / "log").read_text(encoding="utf-8").splitlines()
    tally.gave_way = sum(any(word in reason_of(line) for word in IN_THE_WAY) for line in log)
    tally.wrong += server.errors()
    return tally


def reason_of(line: str) -> str:
    told = orjson.loads(line) if line.startswith("{") else {}
    return str(told.get("reason", "")).lower()


async def deadlocks(url: str) -> int:
    """That PostgreSQL has found and ended in this database, ever."""
    async with connected(url) as connection:
        return int(await connection.fetchval(DEADLOCKS))


async def watch(url: str, tally: ContentionTally) -> None:
    async with connected(url) as connection:
        while True:
            waiting = int(await connection.fetchval(WAITING))
            tally.looks += 1
            tally.looks_with_waiting += waiting > 0
            tally.most_waiting = max(tally.most_waiting, waiting)
            await asyncio.sleep(LOOK_SECONDS)


async def clean_up(database: Database, tally: ContentionTally) -> None:
    """What servers do once an hour, twice a second, and with a short memory."""
    while True:
        now = datetime.now(UTC)
        work = UnitOfWork(database, clock=lambda: datetime.now(UTC))
        tally.removed["drafts"] += await remove_drafts(work, DRAFTS_KEPT)
        tally.removed["records"] += await remove_records(work, DRAFTS_KEPT)
        async with database.writing() as connection:
            done = await remove_slice(connection, after="", size=100, now=now, before=now - CONTENTS_KEPT)
        tally.removed["contents"] += len(done.removed)
        await asyncio.sleep(CLEANUP_SECONDS)


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[Database]:
    database = Database(url, pool_size=2)
    try:
        yield database
    finally:
        await database.close()


@asynccontextmanager
async def meanwhile(doing: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Something that goes on until the end, and may not fail."""
    task = asyncio.create_task(doing)
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
