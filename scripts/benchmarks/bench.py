"""Measures the operations of the API against a ceiling: a hand-written endpoint on the same database.

    ./scripts/bench
    ./scripts/bench --workspaces 2000 --flows 20000 --callers 100 --operations viewer --operations workspaces
    ./scripts/bench --json >figures.json

Both serve with one process and as many database connections, on a core of their own where there are two. In each round
every operation is first asked of both, whose values have to be the same, and then sent for some seconds to one and to
the other; callers and arguments rotate. Figures are taken by the rate of answers, and by the CPU time of the server
process a request (user and system), which a noisy machine disturbs least; the median round counts. The world is
generated and loaded once, and kept in the folder for later runs; what mutations write is removed in the end.

`exportFlows` is measured against calls of our own `exportFlow`, in flows a second, and `publishFlowDrafts` against calls
of `publishFlowDraft`, one after the other. With `--peer postgraphile` another product is sent the nearest that it has on
the same rows: how often it answers is told beside.
"""

import argparse
import asyncio
import json
import os
import platform
import statistics
import sys
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import orjson

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from app.storage.embedded.running import running
from scripts.benchmarks.speed.ceiling import MEASURED
from scripts.benchmarks.speed.contenders import Contender, ceiling, ours, pin
from scripts.benchmarks.speed.load import Load, asked, loaded
from scripts.benchmarks.speed.measured_world import prepared
from scripts.benchmarks.speed.operations import OPERATIONS, Caller, ComparedOperation, Operation
from scripts.benchmarks.speed.peers import DOCUMENTS, PEERS
from scripts.benchmarks.speed.profile import profile
from scripts.benchmarks.speed.publishing import TOGETHER, both_ways
from scripts.benchmarks.speed.writes import ITEMS, MANY, ONE, WRITES, writers
from scripts.benchmarks.world import Size

CHECKED = 10
"""How many requests are compared before a round."""


@dataclass(frozen=True, slots=True)
class Round:
    load: Load
    cpu_seconds: float

    @property
    def rate(self) -> float:
        return self.load.requests / self.load.seconds

    @property
    def cpu_us(self) -> float:
        return 1e6 * self.cpu_seconds / self.load.requests


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--workspaces", type=int, default=20_000, help="default: %(default)s")
    parser.add_argument("--flows", type=int, default=200_000, help="default: %(default)s")
    parser.add_argument("--callers", type=int, default=1_000, help="default: %(default)s")
    parser.add_argument("--folder", type=Path, default=Path(".bench"), help="of the world; default: %(default)s")
    parser.add_argument("--rounds", type=int, default=5, help="default: %(default)s")
    parser.add_argument("--seconds", type=float, default=2, help="of each operation in a round; default: %(default)s")
    parser.add_argument("--connections", type=int, default=16, help="of the client; default: %(default)s")
    parser.add_argument("--operations", action="append", help="only those that are named so; default: all")
    parser.add_argument("--json", action="store_true", help="print figures as JSON")
    parser.add_argument("--peer", choices=[*PEERS], help="another product to measure as well")
    parser.add_argument("--profile", action="store_true", help="instead say where our CPU time goes")
    options = parser.parse_args()
    callers = prepared(options.folder, Size(options.workspaces, options.flows, options.callers))
    if options.profile:
        chosen = [each for each in OPERATIONS if options.operations is None or each.name in options.operations]
        asyncio.run(profile(options.folder / "data", chosen, callers))
        return
    with ExitStack() as started:
        url = started.enter_context(running(options.folder / "data"))
        us, hand_written = started.enter_context(ours(options.folder)), started.enter_context(ceiling(url))
        peer = started.enter_context(PEERS[options.peer](options.folder, url)) if options.peer else None
        contenders = Contenders(us, hand_written, peer)
        pin(*filter(None, contenders))
        figures = asyncio.run(all_measured(contenders, url, callers, options))
    print(json.dumps({"machine": machine(), "operations": figures}) if options.json else table(figures))


class Contenders(NamedTuple):
    us: Contender
    hand_written: Contender
    peer: Contender | None


async def all_measured(
    contenders: Contenders, url: str, callers: list[Caller], options: argparse.Namespace
) -> list[dict[str, Any]]:
    named = options.operations or [each.name for each in (*MEASURED, MANY)] + [TOGETHER]
    queries = [each for each in OPERATIONS if each.name in named]
    mutations = [each for each in WRITES if each.name in named]
    us = contenders.us
    figures = await measured(contenders, queries, callers, options)
    if mutations or MANY.name in named or TOGETHER in named:
        async with writers(us.port, url, callers) as those:
            figures += await measured(contenders, mutations, those, options)
            if MANY.name in named:
                figures.append(await bulk_measured(us, those, options))
            if TOGETHER in named:
                figures.append(await publishing_measured(us, those, options))
    return figures


async def bulk_measured(us: Contender, callers: list[Caller], options: argparse.Namespace) -> dict[str, Any]:
    """Calls of many exports against calls of one, by flows."""
    pairs = []
    for number in range(options.rounds):
        one = await one_round(us, 0, ONE, callers, options, seed=number)
        many = await one_round(us, 0, MANY, callers, options, seed=number)
        flows = Load(many.load.requests * ITEMS, many.load.seconds, many.load.latencies)
        pairs.append((Round(flows, many.cpu_seconds), one))
    return figures_of(MANY.name, pairs, await statements_alone(us, 0, MANY, callers, options.folder / "log"))


async def publishing_measured(us: Contender, callers: list[Caller], options: argparse.Namespace) -> dict[str, Any]:
    """Calls that publish many drafts against calls of one, by flows. The first round warms both up."""
    rounds = [await both_ways(us, callers[number % len(callers)]) for number in range(options.rounds + 1)]
    pairs = [(Round(*together), Round(*singly)) for together, singly in rounds[1:]]
    return figures_of(TOGETHER, pairs, statements(options.folder / "log"))


async def measured(
    contenders: Contenders, chosen: list[ComparedOperation], callers: list[Caller], options: argparse.Namespace
) -> list[dict[str, Any]]:
    us, hand_written, peer = contenders
    rounds: dict[str, list[tuple[Round, Round]]] = {operation.name: [] for operation in chosen}
    of_peer: dict[str, list[Round]] = {operation.name: [] for operation in chosen}
    taken: dict[str, int] = {}
    for number in range(options.rounds):
        for operation in chosen:
            if sys.stderr.isatty():
                print(f"\rround {number + 1} of {options.rounds}: {operation.name:<30}", end="", file=sys.stderr)
            index = MEASURED.index(operation)
            await compared(us, hand_written, index, operation, callers)
            pair = [
                await one_round(each, index, operation, callers, options, seed=number) for each in (hand_written, us)
            ]
            rounds[operation.name].append((pair[1], pair[0]))
            if peer is not None and operation.name in DOCUMENTS:
                await answered(peer, index, operation, callers[0])
                of_peer[operation.name].append(await one_round(peer, index, operation, callers, options, seed=number))
            taken[operation.name] = await statements_alone(us, index, operation, callers, options.folder / "log")
    print(file=sys.stderr)
    return [figures_of(name, pairs, taken[name]) | beside(pairs, of_peer[name]) for name, pairs in rounds.items()]


async def compared(
    us: Contender, hand_written: Contender, index: int, operation: ComparedOperation, callers: list[Caller]
) -> None:
    """Stop where the two answer differently."""
    if not operation.answers_alike:
        return
    for caller in callers[:CHECKED]:
        answers = []
        for each in (us, hand_written):
            request = each.request(index, operation, caller, Random(1))  # noqa: S311 - no secret
            answers.append(orjson.loads(await asked(each.port, request))["data"])
        if answers[0] != answers[1]:
            raise SystemExit(f"{operation.name} is answered differently:\n{answers[0]}\n{answers[1]}")


async def answered(peer: Contender, index: int, operation: Operation, caller: Caller) -> None:
    """Stop where a peer answers with an error, which would count as a quick answer."""
    request = peer.request(index, operation, caller, Random(1))  # noqa: S311 - no secret
    answer = orjson.loads(await asked(peer.port, request))
    if "errors" in answer:
        raise SystemExit(f"{operation.name} is answered with errors: {answer['errors']}")


async def one_round(
    contender: Contender,
    index: int,
    operation: Operation,
    callers: list[Caller],
    options: argparse.Namespace,
    *,
    seed: int,
) -> Round:
    random = Random(seed)  # noqa: S311 - no secret
    number = 20 if operation is MANY else 2000
    requests = [contender.request(index, operation, random.choice(callers), random) for _ in range(number)]
    turn = iter(range(10**9))
    connections = 2 if operation is MANY else options.connections
    await loaded(contender.port, lambda: requests[next(turn) % number], connections=connections, seconds=0.3)
    before = contender.process.cpu_times()
    load = await loaded(
        contender.port, lambda: requests[next(turn) % number], connections=connections, seconds=options.seconds
    )
    after = contender.process.cpu_times()
    return Round(load, after.user + after.system - before.user - before.system)


def figures_of(name: str, pairs: list[tuple[Round, Round]], number: int) -> dict[str, Any]:
    ours_, theirs = zip(*pairs, strict=True)
    rates = statistics.median(each.rate for each in ours_), statistics.median(each.rate for each in theirs)
    cpu = statistics.median(each.cpu_us for each in ours_), statistics.median(each.cpu_us for each in theirs)
    return {
        "name": name,
        "ours_rps": round(rates[0]),
        "ceiling_rps": round(rates[1]),
        "share_of_ceiling": round(statistics.median(us.rate / them.rate for us, them in pairs), 2),
        "ours_cpu_us": round(cpu[0]),
        "ceiling_cpu_us": round(cpu[1]),
        "share_by_cpu": round(statistics.median(them.cpu_us / us.cpu_us for us, them in pairs), 2),
        "p50_ms": round(statistics.median(each.load.milliseconds(0.5) for each in ours_), 1),
        "p99_ms": round(statistics.median(each.load.milliseconds(0.99) for each in ours_), 1),
        "statements": number,
    }


def beside(pairs: list[tuple[Round, Round]], peer: list[Round]) -> dict[str, Any]:
    """What another product does, and our rate as a share of its."""
    if not peer:
        return {}
    shares = [us.rate / each.rate for (us, _), each in zip(pairs, peer, strict=True)]
    return {
        "peer_rps": round(statistics.median(each.rate for each in peer)),
        "share_of_peer": round(statistics.median(shares), 2),
        "peer_cpu_us": round(statistics.median(each.cpu_us for each in peer)),
    }


async def statements_alone(us: Contender, index: int, operation: Operation, callers: list[Caller], log: Path) -> int:
    """How many an operation takes that is sent alone, as our log has it. Of operations at once, tokens are looked up together."""
    request = us.request(index, operation, callers[0], Random(1))  # noqa: S311 - no secret
    for _ in range(2):
        # The first may note that the token is used.
        await asked(us.port, request)
    return statements(log)


def statements(log: Path) -> int:
    lines = [line for line in log.read_text().splitlines() if '"event":"operation"' in line]
    return int(json.loads(lines[-1])["statements"])


def table(figures: list[dict[str, Any]]) -> str:
    columns = [*dict.fromkeys(name for each in figures for name in each if name != "name")]
    rows = [[str(each["name"]), *(str(each.get(column, "")) for column in columns)] for each in figures]
    widths = [max(len(row[index]) for row in [["operation", *columns], *rows]) for index in range(len(columns) + 1)]
    lines = [["operation", *columns], ["-" * width for width in widths], *rows]
    return "\n".join("  ".join(f"{cell:>{width}}" for cell, width in zip(line, widths, strict=True)) for line in lines)


def machine() -> dict[str, Any]:
    return {
        "processor": platform.processor() or platform.machine(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
    }


if __name__ == "__main__":
    main()
