"""The server that attacks are sent to, and what of it is measured meanwhile."""

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import psutil

HEALTH_EVERY_SECONDS = 0.005
LONGEST_SECONDS = 40


@contextmanager
def serving(folder: Path, *options: str) -> Iterator[tuple[str, psutil.Process]]:
    """A server on a free port, with the demo world if no option says otherwise: its URL and its first process."""
    # As root, PostgreSQL runs as another user, who has to get to its folder.
    folder.chmod(0o755)
    command = [sys.executable, "-m", "app", "serve", "--port", "0", "--data-dir", str(folder / "data"), *options]
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
