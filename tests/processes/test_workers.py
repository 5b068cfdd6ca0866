"""The supervisor, with workers that don't do as they should."""

import os
import re
import signal
import socket
import sys
import threading
from contextlib import ExitStack
from pathlib import Path

import httpx
import psutil
import pytest

from app import backoff
from app.backoff import (
    FIRST_DELAY_SECONDS,
    LONGEST_DELAY_SECONDS,
    STEADY_SECONDS,
    SUSPICIOUS_DELAY_SECONDS,
    delay_after,
)
from tests.plain_http import TRUSTS_NOBODY
from tests.processes.supervised import PATIENCE_SECONDS, is_running, supervised, until


def test_workers_that_cant_start_aren_t_tried_for_ever(tmp_path: Path) -> None:
    with supervised("that_fails", tmp_path, WORKERS=2) as it:
        assert it.process.wait(PATIENCE_SECONDS) == 1
        assert it.said() == ""


def test_workers_that_hang_are_killed_when_their_time_is_over(tmp_path: Path) -> None:
    hanging: list[int] = []

    def all_hang() -> bool:
        hanging[:] = [int(file.name) for file in tmp_path.iterdir() if file.name.isdecimal()]
        return len(hanging) == 2

    with supervised("that_hangs", tmp_path, WORKERS=2) as it:
        until(all_hang)
        assert it.stop() == 0
        assert [line["workers"] for line in it.lines("workers hang and are killed")] == [2]
    assert not any(is_running(pid) for pid in hanging)


def test_workers_that_die_in_a_row_are_replaced_ever_more_slowly_and_in_the_end_refuse_health(tmp_path: Path) -> None:
    with supervised("with_traps", tmp_path) as it:

        def health_is_refused() -> bool:
            [worker] = it.pids(1)
            response = httpx.get(f"{it.url}/health", timeout=PATIENCE_SECONDS, verify=TRUSTS_NOBODY)
            if response.status_code == httpx.codes.OK:
                os.kill(worker, signal.SIGKILL)
                until(lambda: not is_running(worker))
            return response.status_code != httpx.codes.OK

        until(health_is_refused)
        died = [(line["code"], line["delay"]) for line in it.lines("worker died and is replaced")]
        assert it.stop() == 0
    assert died == [(-9, 0.1), (-9, 0.2), (-9, 0.4), (-9, 0.8), (-9, 1.6)]


def test_a_process_is_trusted_once_it_has_served_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.monotonic", lambda: 100.0)
    try:
        backoff.started_after(SUSPICIOUS_DELAY_SECONDS)
        assert not backoff.is_steady(100 + STEADY_SECONDS - 0.1)
        assert backoff.is_steady(100 + STEADY_SECONDS)
    finally:
        backoff.started_after(0)
    assert backoff.is_steady(0)


@pytest.mark.parametrize(
    ("delay", "served", "following"),
    [
        (0, 0, FIRST_DELAY_SECONDS),
        (6.4, 0, LONGEST_DELAY_SECONDS),
        (LONGEST_DELAY_SECONDS, STEADY_SECONDS - 0.1, LONGEST_DELAY_SECONDS),
        (LONGEST_DELAY_SECONDS, STEADY_SECONDS, FIRST_DELAY_SECONDS),
    ],
)
def test_the_delay_has_a_limit_and_ends_when_a_worker_has_served_for_a_while(
    delay: float, served: float, following: float
) -> None:
    assert delay_after(delay, served_seconds=served) == following


def test_workers_that_are_stuck_are_logged_with_their_place_and_replaced_while_another_serves(tmp_path: Path) -> None:
    places = {"spin": "in spin", "match": "in match_for_ever"}
    stuck, lost, answered = dict[str, int](), list[str](), set[int]()

    def ask(path: str) -> None:
        try:
            it.get(f"/{path}")
        except httpx.TransportError:
            lost.append(path)

    with supervised("with_traps", tmp_path, WORKERS=3, WORKER_TIMEOUT_SECONDS=1) as it:
        before = it.pids(3)
        asking = [threading.Thread(target=ask, args=[path]) for path in places]
        for path, thread in zip(places, asking, strict=True):
            thread.start()
            until((tmp_path / path).exists)
            stuck[path] = int((tmp_path / path).read_text())
        while len(it.lines("worker stuck and killed")) < 2:
            answered.add(int(it.get("/pid")))
        until(lambda: len(it.lines("worker died and is replaced")) == 2)
        after = it.pids(3, without=frozenset(stuck.values()))
        for thread in asking:
            thread.join()
        assert it.stop() == 0
        killed = {line["worker"]: line for line in it.lines("worker stuck and killed")}
        replaced = {line["worker"]: line["code"] for line in it.lines("worker died and is replaced")}
    assert (before - after, len(after - before)) == (frozenset(stuck.values()), 2)
    assert before & answered == before & after
    assert sorted(lost) == sorted(places)
    assert replaced == dict.fromkeys(stuck.values(), 1)
    assert {*killed} == {*stuck.values()}
    for path, place in places.items():
        line = killed[stuck[path]]
        assert line["seconds"] >= 1
        assert re.search(rf'File ".*bad_workers\.py", line \d+ {place}\n', line["stack"])


def test_a_worker_that_was_killed_is_replaced_and_the_metrics_count_it(tmp_path: Path) -> None:
    with supervised("with_traps", tmp_path) as it:
        [before] = it.pids(1)
        assert "\nflowport_workers_replaced_total 0.0\n" in it.get("/metrics")
        os.kill(before, signal.SIGKILL)
        until(lambda: bool(it.lines("worker died and is replaced")))
        [after] = it.pids(1, without=frozenset({before}))
        assert "\nflowport_workers_replaced_total 1.0\n" in it.get("/metrics")
        assert it.stop() == 0
    assert after != before


def test_workers_killed_before_they_serve_are_replaced_and_make_ids_of_their_own_although_one_process_forks_all(
    tmp_path: Path,
) -> None:
    with supervised("that_tells_ids", tmp_path, WORKERS=3) as it:
        until(lambda: len(it.lines("worker died and is replaced")) >= 4)
        assert it.stop() == 0
        assert {line["code"] for line in it.lines("worker died and is replaced")} == {-signal.SIGKILL}
        ids = it.said().split()
    # The last 15 letters are random.
    assert len({each[-15:] for each in ids}) == len(ids) >= 12


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere nobody else can limit a process")
def test_one_without_file_descriptors_says_so_once_and_serves_when_it_has_some_again(tmp_path: Path) -> None:
    with supervised("with_traps", tmp_path) as it, ExitStack() as stack:
        [pid] = it.pids(1)
        worker = psutil.Process(pid)
        most = worker.num_fds() + 8
        worker.rlimit(psutil.RLIMIT_NOFILE, (most, 4096))
        port = int(it.url.rpartition(":")[2])

        def has_run_out() -> bool:
            stack.enter_context(socket.create_connection(("127.0.0.1", port)))
            return bool(it.lines("out of file descriptors, connections are closed"))

        until(has_run_out)
        stack.close()

        def answers() -> bool:
            try:
                return it.get("/pid") == str(pid)
            except httpx.TransportError:
                return False

        until(answers)
        [line] = it.lines("out of file descriptors, connections are closed")
        assert it.stop() == 0
    assert (line["level"], line["limit"], "Too many open files" in line["reason"]) == ("error", most, True)


def test_workers_end_with_a_supervisor_that_is_killed(tmp_path: Path) -> None:
    with supervised("with_traps", tmp_path, WORKERS=2) as it:
        workers = it.pids(2)
        it.process.kill()

        until(lambda: not any(is_running(pid) for pid in workers))


def test_workers_left_behind_finish_what_they_have_begun_and_give_the_port_away_at_once(tmp_path: Path) -> None:
    answers = list[str]()
    with supervised("with_traps", tmp_path, WORKERS=2, SHUTDOWN_SECONDS=PATIENCE_SECONDS) as it:
        workers = it.pids(2)
        asking = threading.Thread(target=lambda: answers.append(it.get("/slow")))
        asking.start()
        until((tmp_path / "begun").exists)
        it.process.kill()
        port = int(it.url.rpartition(":")[2])
        until(lambda: can_listen(port))
        assert any(is_running(pid) for pid in workers)
        (tmp_path / "go on").touch()
        asking.join()
        until(lambda: not any(is_running(pid) for pid in workers))
    assert answers == ["done"]


def can_listen(port: int) -> bool:
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            other.bind(("127.0.0.1", port))
            other.listen()
        except OSError:
            return False
        return True
