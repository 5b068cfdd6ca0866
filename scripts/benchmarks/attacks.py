"""Sends requests that are meant to stop a server, and shows what each of them takes of it.

    python scripts/benchmarks/attacks.py
    python scripts/benchmarks/attacks.py --only comparison --only readiness

It starts a server with the demo world in a temporary folder and sends one attack after the other, with the default limits
and a token that everybody has: hostile texts, documents, graphs, and answers that would grow without end. For each it
prints the CPU seconds of the server and those of PostgreSQL, its peak memory above what it had, the bytes of the answer, the longest time for
which `/health` was silent, and the status. The exit code is 1 if one of them is above its bound. Linux only: figures come
from /proc.
"""

import argparse
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from scripts.benchmarks.hostile.answers import ANSWERS
from scripts.benchmarks.hostile.bulk import BULK
from scripts.benchmarks.hostile.demo import Attack, Demo
from scripts.benchmarks.hostile.exports import EXPORTS
from scripts.benchmarks.hostile.graphs import GRAPHS
from scripts.benchmarks.hostile.plans import PLANNED
from scripts.benchmarks.hostile.texts import TEXTS

ANSWER_MEGABYTES, SILENT_SECONDS = 16.8, 0.25
HEALTH_EVERY_SECONDS = 0.005
LONGEST_SECONDS = 40
COLUMNS = ("CPU s", "database s", "peak MB", "answer MB", "silent s", "status")


@dataclass(frozen=True, slots=True)
class Taken:
    """What one request took of the server."""

    cpu_seconds: float
    database_seconds: float
    megabytes: float
    answer_megabytes: float
    silent_seconds: float
    outcome: str

    def is_within(self, attack: Attack) -> bool:
        return (
            max(self.cpu_seconds, self.database_seconds) <= attack.cpu_seconds
            and self.megabytes <= attack.megabytes
            and self.answer_megabytes <= ANSWER_MEGABYTES
            and self.silent_seconds <= SILENT_SECONDS
        )

    @property
    def row(self) -> str:
        figures = (self.cpu_seconds, self.database_seconds, self.megabytes, self.answer_megabytes, self.silent_seconds)
        return "".join(f"{figure:11.2f}" for figure in figures) + f"  {self.outcome}"


class Health:
    """Asks `/health` again and again in a thread, and keeps the longest time without an answer."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._stop = threading.Event()
        self.silent_seconds = 0.0
        self._thread = threading.Thread(target=self._ask)

    def __enter__(self) -> "Health":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _ask(self) -> None:
        with httpx.Client(base_url=self._url, timeout=LONGEST_SECONDS) as http:
            while not self._stop.is_set():
                began = time.perf_counter()
                with suppress(httpx.TransportError):
                    http.get("/health")
                self.silent_seconds = max(self.silent_seconds, time.perf_counter() - began)
                time.sleep(HEALTH_EVERY_SECONDS)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", action="append", help="attacks whose names hold this text; default: all of them")
    wanted = parser.parse_args().only or [""]
    chosen = [
        attack
        for attack in (*TEXTS, *GRAPHS, *EXPORTS, *PLANNED, *BULK, *ANSWERS)
        if any(text in attack.name for text in wanted)
    ]
    width = max(len(attack.name) for attack in chosen)
    print(" " * width + "".join(f"{name:>11}" for name in COLUMNS))
    bounded, waiting = 0, list(chosen)
    while waiting:
        # One that stopped its server gets the others a new one.
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder, serving(Path(folder)) as (url, server):
            while waiting:
                attack = waiting.pop(0)
                try:
                    taken = launched(attack, url, server)
                except httpx.TransportError as error:
                    print(f"{attack.name:<{width}}  {type(error).__name__}  TOO MUCH", flush=True)
                    break
                print(f"{attack.name:<{width}}{taken.row}{'' if taken.is_within(attack) else '  TOO MUCH'}", flush=True)
                bounded += taken.is_within(attack)
    print(f"{bounded} of {len(chosen)} are within the bounds.")
    sys.exit(0 if bounded == len(chosen) else 1)


@contextmanager
def serving(folder: Path) -> Iterator[tuple[str, psutil.Process]]:
    """A demo server on a free port: its URL and its first process."""
    # As root, PostgreSQL runs as another user, who has to get to its folder.
    folder.chmod(0o755)
    command = [sys.executable, "-m", "app", "serve", "--port", "0", "--data-dir", str(folder / "data")]
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True)
        try:
            yield url_of(process), psutil.Process(process.pid)
        finally:
            process.terminate()
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                for each in psutil.Process(process.pid).children(recursive=True):
                    each.kill()
                process.kill()


def url_of(process: "subprocess.Popen[str]") -> str:
    """What the greeting says, once the server answers."""
    for line in process.stdout or ():
        at = line.find("http://")
        if at >= 0:
            url = line[at:].split()[0].removesuffix("/graphql")
            threading.Thread(target=process.stdout.read if process.stdout else print, daemon=True).start()
            break
    else:
        raise SystemExit("The server did not start.")
    for _ in range(100):
        try:
            if httpx.get(f"{url}/ready").is_success:
                return url
        except httpx.TransportError:
            time.sleep(0.1)
    raise SystemExit("The server is not ready.")


def launched(attack: Attack, url: str, server: psutil.Process) -> Taken:
    with httpx.Client(base_url=url, timeout=LONGEST_SECONDS) as http:
        request = attack.prepare(Demo(http))
        workers = pythons(server)
        before, database = {worker.pid: usage(worker) for worker in workers}, database_seconds(workers)
        with Health(url) as health:
            response = http.send(request)
            # What was left behind by the request counts too.
            time.sleep(0.3)
        after = {worker.pid: usage(worker) for worker in workers if worker.is_running()}
    database = database_seconds(workers) - database
    cpu = sum(after[pid][0] - before[pid][0] for pid in after)
    memory = max(after[pid][1] - before[pid][2] for pid in after)
    return Taken(cpu, database, memory, len(response.content) / 1e6, health.silent_seconds, outcome_of(response))


def pythons(server: psutil.Process) -> list[psutil.Process]:
    """The processes of the server that are not PostgreSQL's; the peak of their memory is measured from now on."""
    found = [each for each in (server, *server.children(recursive=True)) if "python" in each.name()]
    for each in found:
        Path(f"/proc/{each.pid}/clear_refs").write_text("5")
    return found


def database_seconds(workers: list[psutil.Process]) -> float:
    """CPU seconds of the PostgreSQL that stands behind the server: of the processes that work in its folder."""
    places = {argument for worker in workers for argument in worker.cmdline() if argument.endswith("/data")}
    found = 0.0
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.name().startswith("postgres") and any(process.cwd().startswith(place) for place in places):
                found += sum(process.cpu_times()[:2])
    return found


def usage(process: psutil.Process) -> tuple[float, float, float]:
    """CPU seconds, peak memory and memory now, in megabytes."""
    times = process.cpu_times()
    status = Path(f"/proc/{process.pid}/status").read_text()
    values = dict(line.split(":", 1) for line in status.splitlines())
    peak, now = (int(values[name].split()[0]) / 1000 for name in ("VmHWM", "VmRSS"))
    return times.user + times.system, peak, now


def outcome_of(response: httpx.Response) -> str:
    try:
        body = response.json()
    except ValueError:
        return str(response.status_code)
    errors = body.get("errors") or [{}]
    return f"{response.status_code} {errors[0].get('extensions', {}).get('code', 'data')}"


if __name__ == "__main__":
    main()
