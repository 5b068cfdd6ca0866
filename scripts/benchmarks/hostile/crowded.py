"""Measures what crowds do to a server and to another tenant's user."""

import math
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import psutil

from scripts.benchmarks.hostile.crowd_world import CrowdWorld
from scripts.benchmarks.hostile.crowds import CROWDS, Crowd
from scripts.benchmarks.hostile.neighbour import Neighbour
from scripts.benchmarks.hostile.server import Health, pythons, serving, usage
from scripts.benchmarks.hostile.siege import besieged

ANSWER_SECONDS, SILENT_SECONDS, MEGABYTES = 2.0, 0.5, 500.0
WARM_UP_SECONDS = 2.0
COLUMNS = ("viewer s", "small s", "large s", "refused", "silent s", "peak MB")


@dataclass(frozen=True, slots=True)
class Measured:
    """One row of the table."""

    figures: tuple[float, ...]
    outcome: str
    is_bounded: bool


def crowds_measured(chosen: list[str], seconds: float) -> bool:
    """Print a table; whether everything is within its bounds. Each crowd has a server of its own on one database."""
    crowds = [each for each in CROWDS if any(text in each.name for text in chosen)]
    width = max(len(each.name) for each in crowds)
    bounded = 0
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        folder = Path(name)
        # As root, PostgreSQL runs as another user, who has to get to its folder.
        folder.chmod(0o755)
        world = CrowdWorld.loaded(folder)
        print(" " * width + "".join(f"{name:>11}" for name in COLUMNS))
        for crowd in crowds:
            row = measured(crowd, world, folder, seconds)
            bounded += row.is_bounded
            figures = "".join(f"{figure:11.2f}" for figure in row.figures)
            print(f"{crowd.name:<{width}}{figures}  {row.outcome}{'' if row.is_bounded else '  TOO MUCH'}", flush=True)
    print(f"{bounded} of {len(crowds)} are within the bounds.")
    return bounded == len(crowds)


def measured(crowd: Crowd, world: CrowdWorld, folder: Path, seconds: float) -> Measured:
    with warm_server(folder, world) as (url, server):
        workers = pythons(server)
        memory = megabytes(workers)
        with besieged(port_of(url), crowd.prepare(world), seconds) as siege:
            time.sleep(1)
            with Health(url) as health, Neighbour(url, world) as neighbour:
                time.sleep(seconds - 1)
        memory = peak_megabytes(workers) - memory
    answers = neighbour.answers.values()
    longest = tuple(each.longest_seconds for each in answers)
    refused = [refusal for each in answers for refusal in each.refused]
    outcome = ", ".join(f"{number} × {what}" for what, number in siege.outcomes.most_common(4)) or "no answer"
    if refused:
        outcome += f"; the neighbour: {refused[0]}"
    is_bounded = (
        max(longest) <= ANSWER_SECONDS
        and not refused
        and health.silent_seconds <= SILENT_SECONDS
        and memory <= MEGABYTES
    )
    return Measured((*longest, len(refused), health.silent_seconds, memory), outcome, is_bounded)


@contextmanager
def warm_server(folder: Path, world: CrowdWorld) -> Iterator[tuple[str, psutil.Process]]:
    """A server that has answered each call of the neighbour before."""
    with serving(folder, "--no-demo") as (url, server):
        with Neighbour(url, world):
            time.sleep(WARM_UP_SECONDS)
        yield url, server


def port_of(url: str) -> int:
    return urlsplit(url).port or 80


def megabytes(workers: list[psutil.Process]) -> float:
    """The memory of the largest process."""
    return max(usage(worker)[2] for worker in workers)


def peak_megabytes(workers: list[psutil.Process]) -> float:
    """Infinite where the crowd has ended a process."""
    return max(usage(worker)[1] if worker.is_running() else math.inf for worker in workers)
