"""Starts a server with an embedded database again and again, and shows how long each takes to be ready.

    python scripts/benchmarks/startup.py
    python scripts/benchmarks/startup.py --starts 20 --workers 2

The first start makes the database, migrates it and loads the demo world; the others find it there. A server is ready when
it answers 200 to `/ready`. Each is stopped before the next is started.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from scripts.benchmarks.speed.contenders import socket_free

LONGEST_SECONDS = 120


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--starts", type=int, default=10, help="after the first; default: %(default)s")
    parser.add_argument("--workers", type=int, default=1, help="default: %(default)s")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        # The embedded database may belong to another user than the one who starts it.
        Path(folder).chmod(0o755)
        print(f"the first start: {seconds_of_a_start(Path(folder), options.workers):.2f} s", flush=True)
        later = [seconds_of_a_start(Path(folder), options.workers) for _ in range(options.starts)]
    print(f"{len(later)} later ones: {statistics.median(later):.2f} s (median), at most {max(later):.2f} s")


def seconds_of_a_start(folder: Path, workers: int) -> float:
    """Start a server, and stop it once it is ready."""
    with socket_free() as port:
        pass
    command = [sys.executable, "-m", "app", "serve", "--port", str(port), "--data-dir", str(folder / "data")]
    began = time.monotonic()
    process = subprocess.Popen(
        [*command, "--workers", str(workers)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        while not is_ready(f"http://127.0.0.1:{port}/ready"):
            if process.poll() is not None or time.monotonic() - began > LONGEST_SECONDS:
                raise SystemExit("The server didn't start.")
            time.sleep(0.01)
        return time.monotonic() - began
    finally:
        process.terminate()
        process.wait(LONGEST_SECONDS)


def is_ready(url: str) -> bool:
    try:
        return httpx.get(url).status_code == httpx.codes.OK
    except httpx.TransportError:
        return False


if __name__ == "__main__":
    main()
