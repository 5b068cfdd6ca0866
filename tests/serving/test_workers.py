"""The parent of server processes, with workers that don't do as they should."""

import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from app import processes
from app.processes import SIGNALS, Workers
from app.settings import Settings
from tests.serving.bad_workers import that_fails, that_hangs


@pytest.fixture(autouse=True)
def signals_as_before() -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in SIGNALS}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def run(monkeypatch: pytest.MonkeyPatch, worker: Callable[[socket.socket], None], folder: Path) -> bool:
    monkeypatch.setattr(processes, "be_a_worker", worker)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return Workers(listening, Settings(workers=2, shutdown_seconds=0), folder).run()


def test_workers_that_cant_start_aren_t_tried_for_ever(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert run(monkeypatch, that_fails, tmp_path) is False


def test_workers_that_hang_are_killed_when_their_time_is_over(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HANGS", str(tmp_path))

    def stop_when_they_hang() -> None:
        while len(list(tmp_path.iterdir())) < 2:
            time.sleep(0.01)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=stop_when_they_hang, daemon=True).start()
    assert run(monkeypatch, that_hangs, tmp_path) is True
    for worker in tmp_path.iterdir():
        with pytest.raises(ProcessLookupError):
            os.kill(int(worker.name), 0)
