"""A server is killed while calls with idempotency keys are under way, started again, and asked the same again (P5).

Whatever the moment, a call that was committed is replayed, and one that wasn't is done now; nothing is there twice,
nothing by halves, and no rule of the domain is broken.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from time import monotonic
from typing import Any

import httpx

from app.storage.connections.database import Database
from app.storage.embedded.running import running
from app.storage.migrations.migrate import upgrade
from tests.crashes.keyed_calls import (
    RepeatableCall,
    as_first,
    calls,
    exported_or_made,
    mistakes_in,
    payload_of,
    preparations,
    workshop_and_store,
)
from tests.crashes.killable import Killable
from tests.crashes.tally import ANSWERED, CUT_OFF, PASSING, PHASES, KillTally
from tests.crashes.told_changes import told_wrongly, untold_changes
from tests.crashes.watched_wire import Life, Moment, WatchedWire
from tests.databases import Databases, Loaded, connected, load
from tests.lifecycle.holdings import broken_rules, everything_in, holdings_of
from tests.plain_http import TRUSTS_NOBODY
from tests.serving.real import soon_true

Json = dict[str, Any]

PATIENCE_SECONDS = 60
IDS = " union all ".join(f"select id from {table}" for table in ("flow", "flow_draft", "flow_version", "flow_export"))  # noqa: S608 - our own tables
KEPT = "select key from idempotency_key"
AT_WORK = """select count(*) from pg_stat_activity
where datname = current_database() and application_name = 'flowport' and state <> 'idle'"""


class Whom(StrEnum):
    WORKERS = "all workers"
    SERVER = "the whole server"
    DATABASE = "the server with its database"
    """Where that is an embedded one."""


@dataclass
class Killing:
    """One kill: of whom, and when."""

    whom: Whom
    looks_first: bool
    """Look at the database before anything is repeated; otherwise the first attempts may still be at work in it."""
    after_seconds: float | None = None
    at_commit: int | None = None
    """Instead of at a time: when so many of the calls have come to their commit."""
    commit_arrives: bool = True
    """Or was the server killed right before it sent it."""


class Rounds:
    """Each sends one call of each kind at once."""

    def __init__(self, server: Killable, wire: WatchedWire | None, database_url: str, loaded: Loaded) -> None:
        self._server = server
        self._wire = wire
        self._url = database_url
        self._loaded = loaded
        self._number = 0
        self.tally = KillTally()

    async def undisturbed(self) -> float:
        """A round without a kill, by a server that was just started; how many seconds it took."""
        self._kill_now(Whom.SERVER)
        await asyncio.to_thread(self._server.start)
        sent = await self._prepared()
        async with self._client() as http:
            started = monotonic()
            payloads = await asyncio.gather(*(self._first(http, call) for call in sent))
        seconds = monotonic() - started
        self.tally.wrong += [
            f"{call.key} wasn't answered" for call, got in zip(sent, payloads, strict=True) if got is None
        ]
        return seconds

    async def killed(self, killing: Killing) -> None:
        """A round with a kill in it, and everything that is to be true afterwards."""
        sent = await self._prepared()
        before, untold = await self._ids(), await untold_changes(self._url)
        async with self._client() as http:
            attempts = {call.key: asyncio.create_task(self._first(http, call)) for call in sent}
            life, answered = await self._kill(killing, attempts)
            first = dict(zip(attempts, await asyncio.gather(*attempts.values()), strict=True))
        await asyncio.to_thread(self._server.start)
        if killing.looks_first:
            await self._settled()
            self.tally.wrong += await told_wrongly(self._url, untold)
        kept = await self._kept(sent)
        made = await self._ids() - before
        repeated = {call.key: await self._again(call) for call in sent}
        if killing.looks_first:
            self._judge_what_was_left(sent, made, kept, repeated)
        self._judge_answers(sent, first, repeated)
        self._count(sent, life, answered, repeated)
        await self._judge_the_database(sent, before, repeated)
        self.tally.wrong += await told_wrongly(self._url, untold)

    async def _prepared(self) -> list[RepeatableCall]:
        self._number += 1
        async with self._client() as http:
            response = await http.post("/graphql", json=preparations(self._loaded.ids, self._number))
        [payload] = response.json()["data"].values()
        assert payload["errors"] == []
        return calls(self._loaded.ids, self._number)

    async def _kill(
        self, killing: Killing, attempts: Mapping[str, "asyncio.Task[Json | None]"]
    ) -> tuple[Life, frozenset[str]]:
        """What the wire has seen of the server that was killed, and which of its answers had arrived."""
        over: asyncio.Future[tuple[Life, frozenset[str]]] = asyncio.get_running_loop().create_future()

        def kill() -> None:
            done = frozenset(key for key, attempt in attempts.items() if attempt.done() and attempt.result())
            life = self._kill_now(killing.whom)
            if not over.done():
                over.set_result((life, done))

        if killing.at_commit is not None and self._wire is not None:
            self._wire.aim(killing.at_commit, kill, arrives=killing.commit_arrives)
            async with asyncio.timeout(PATIENCE_SECONDS):
                result = await over
        else:
            await asyncio.sleep(killing.after_seconds or 0)
            kill()
            result = await over
        at = "right after sending a commit" if killing.commit_arrives else "right before sending a commit"
        when = "at a random time" if killing.at_commit is None else at
        self.tally.kills[f"{killing.whom}, {when}"] += 1
        return result

    async def _first(self, http: httpx.AsyncClient, call: RepeatableCall) -> Json | None:
        """None: the connection was lost, or the server says to try again."""
        try:
            answer = (await http.post("/graphql", json=call.body)).json()
        except httpx.TransportError:
            return None
        codes = {error["extensions"]["code"] for error in answer.get("errors", ())}
        self.tally.told_to_try_again.update(codes)
        if codes - PASSING:
            self.tally.wrong.append(f"{call.key}: {answer['errors']}")
        return None if codes else payload_of(answer)

    async def _again(self, call: RepeatableCall) -> Json:
        """Repeated until there is an answer, and then once more."""
        payloads: list[Json] = []
        async with self._client() as http, asyncio.timeout(PATIENCE_SECONDS):
            while len(payloads) < 2:
                payload = await self._first(http, call)
                payloads += [] if payload is None else [payload]
        once, twice = payloads
        if as_first(once) != as_first(twice) or not twice["replayed"]:
            self.tally.wrong.append(f"{call.key}: a replay differs\n{once}\n{twice}")
        return once

    def _judge_what_was_left(
        self, sent: list[RepeatableCall], made: frozenset[str], kept: frozenset[str], repeated: Mapping[str, Json]
    ) -> None:
        """Of each call either everything was there and its key, or nothing."""
        named = {id_ for key in kept for id_ in exported_or_made(repeated[key])}
        if not made <= named:
            self.tally.wrong.append(f"left without a key: {sorted(made - named)}")
        for call in sent:
            own = set(exported_or_made(repeated[call.key])) & made
            if repeated[call.key]["replayed"] != (call.key in kept) or bool(own) != (call.key in kept):
                self.tally.wrong.append(f"{call.key}: kept {call.key in kept}, left {own}, then {repeated[call.key]}")

    def _judge_answers(
        self, sent: list[RepeatableCall], first: Mapping[str, Json | None], repeated: Mapping[str, Json]
    ) -> None:
        for call in sent:
            self.tally.wrong += mistakes_in(call, repeated[call.key])
            answer = first[call.key]
            if answer is not None and (
                as_first(answer) != as_first(repeated[call.key]) or not repeated[call.key]["replayed"]
            ):
                self.tally.wrong.append(f"{call.key}: answered and done again\n{answer}\n{repeated[call.key]}")

    def _count(
        self, sent: list[RepeatableCall], life: Life, answered: frozenset[str], repeated: Mapping[str, Json]
    ) -> None:
        for call in sent:
            moment = life.moments.get(call.key, Moment.NOT_BEGUN)
            cut_off = CUT_OFF if self._wire is None else PHASES[moment]
            phase = ANSWERED if call.key in answered else cut_off
            was_done = bool(repeated[call.key]["replayed"])
            self.tally.phases[phase] += 1
            self.tally.repeated[f"{phase}: {'replayed' if was_done else 'done now'}"] += 1
            if (moment is Moment.COMMITTED or phase is ANSWERED) and not was_done:
                self.tally.wrong.append(f"{call.key}: committed, and lost")

    async def _judge_the_database(
        self, sent: list[RepeatableCall], before: frozenset[str], repeated: Mapping[str, Json]
    ) -> None:
        """What is new is what the answers name, and once; no rule is broken, and nothing more comes of more calls."""
        named = [id_ for payload in repeated.values() for id_ in set(exported_or_made(payload)) - before]
        new = await self._ids() - before
        if sorted(named) != sorted(new):
            self.tally.wrong.append(f"named {sorted(named)}, there is {sorted(new)}")
        if await self._kept(sent) != {call.key for call in sent}:
            self.tally.wrong.append("keys are missing")
        async with opened(self._url) as database:
            self.tally.wrong += broken_rules(await holdings_of(database))
            contents = await everything_in(database)
            await asyncio.gather(*(self._again(call) for call in sent))
            if await everything_in(database) != contents:
                self.tally.wrong.append("a replay has changed something")

    async def _settled(self) -> None:
        """Whatever the killed server had sent has been done by the database, or undone."""
        async with connected(self._url) as connection:

            async def nothing_is_at_work() -> bool:
                return not await connection.fetchval(AT_WORK)

            assert await soon_true(nothing_is_at_work, PATIENCE_SECONDS)

    async def _kept(self, sent: list[RepeatableCall]) -> frozenset[str]:
        async with connected(self._url) as connection:
            kept = {row["key"] for row in await connection.fetch(KEPT)}
        return frozenset(call.key for call in sent if call.key in kept)

    async def _ids(self) -> frozenset[str]:
        async with connected(self._url) as connection:
            return frozenset(row["id"] for row in await connection.fetch(IDS))

    def _kill_now(self, whom: Whom) -> Life:
        if whom is Whom.WORKERS:
            self._server.kill_workers()
        else:
            self._server.kill(with_database=whom is Whom.DATABASE)
        return Life() if self._wire is None else self._wire.cut()

    def _client(self) -> httpx.AsyncClient:
        headers = {"Authorization": f"Bearer {self._loaded.tokens['ada']}"}
        return httpx.AsyncClient(
            base_url=self._server.url, headers=headers, timeout=PATIENCE_SECONDS, verify=TRUSTS_NOBODY
        )


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[Database]:
    database = Database(url)
    try:
        yield database
    finally:
        await database.close()


@asynccontextmanager
async def open_rounds(databases: Databases, folder: Path) -> AsyncIterator[Rounds]:
    """With a server that runs, on a world of its own; the wire between the two is watched."""
    async with databases.loaded(workshop_and_store()) as loaded:
        url = databases.url_of(loaded.name)
        async with WatchedWire(url).open() as wire, running_server(Killable(folder, wire.address)) as server:
            rounds = Rounds(server, wire, url, loaded)
            yield rounds
            rounds.tally.wrong += server.errors()


@asynccontextmanager
async def open_embedded_rounds(folder: Path) -> AsyncIterator[Rounds]:
    """With a server on its embedded database, which may be killed as well."""
    with running(folder) as url:
        await upgrade(url)
        loaded = await load(url, workshop_and_store())
    async with running_server(Killable(folder, None)) as server:
        rounds = Rounds(server, None, url, loaded)
        yield rounds
        rounds.tally.wrong += server.errors()
    with running(folder):
        pass  # The last one who leaves waits until the database has stopped.


@asynccontextmanager
async def running_server(server: Killable) -> AsyncIterator[Killable]:
    try:
        await asyncio.to_thread(server.start)
        yield server
    finally:
        server.kill()
