"""The lines of the log: each is written at once, and reads as people would say it."""

import errno
import io
import json
import os
import re
import signal
import socket
from contextlib import redirect_stderr
from logging import getLogger
from pathlib import Path

import httpx
import pytest

from app.domain.errors import ErrorCode
from app.http.responses import RequestCode
from app.telemetry.log import configure_log, log
from tests.cli.flowport import serving
from tests.cli.forked import Forked
from tests.clusters import with_cluster
from tests.plain_http import TRUSTS_NOBODY
from tests.serving.logs import logging

TALK = """
import logging
from app.telemetry.log import configure_log, log
configure_log(log_format="json", level="info")
log().info("ours")
logging.getLogger("theirs").info("theirs")
"""


def test_a_line_and_its_end_are_one_write() -> None:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    with ours, theirs:
        with Forked(["tests.cli.code", TALK], environ=os.environ, stderr=theirs.fileno()) as talking:
            assert talking.wait(60) == 0
        ours.setblocking(False)
        writes = [ours.recv(10_000) for _ in range(2)]
        with pytest.raises(BlockingIOError):
            ours.recv(10_000)
    assert [(write[:1], write[-2:]) for write in writes] == [(b"{", b"}\n")] * 2


class Disk(io.StringIO):
    """What is written to is full for a while."""

    is_full = False

    def write(self, text: str) -> int:
        if self.is_full:
            raise OSError(errno.ENOSPC, "No space left on device")
        return super().write(text)


def test_lines_that_cant_be_written_fail_nothing_and_are_told_as_lost() -> None:
    disk = Disk()
    with redirect_stderr(disk):
        configure_log(log_format="json", level="info")
    log().info("first")
    disk.is_full = True
    log().info("second")
    getLogger("theirs").warning("third")
    disk.is_full = False
    log().info("fourth")
    log().info("fifth")
    configure_log(log_format="json", level="info")
    lines = [json.loads(line) for line in disk.getvalue().splitlines()]
    assert [line["event"] for line in lines] == ["first", "lines of the log could not be written", "fourth", "fifth"]
    assert (lines[1]["lines"], lines[1]["level"]) == (2, "warning")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a disk that is always full")
def test_a_server_whose_log_cant_be_written_serves_all_the_same(folder: Path) -> None:
    with Path("/dev/full").open("wb") as full, serving(with_cluster(folder / "data"), stderr=full.fileno()) as at:
        answers = [
            httpx.post(f"{at.url}/graphql", json={"query": query}, timeout=60, verify=TRUSTS_NOBODY)
            for query in ("{ __typename }", "{")
        ]
        assert [answer.status_code for answer in answers] == [200, 200]
        assert httpx.get(f"{at.url}/ready", timeout=60, verify=TRUSTS_NOBODY).status_code == 200
        assert at.end(signal.SIGTERM) == 0


def test_codes_are_spelt_for_people_as_they_are_for_programs() -> None:
    with logging() as written:
        configure_log(log_format="console", level="info")
        log().info("request refused", code=RequestCode.TIMEOUT)
    line = written.getvalue()
    assert "<" not in line
    assert line.count("TIMEOUT") == 1


OPERATION = {
    "actor": "user_1",
    "operation": "Copy",
    "hash": "a5cf1939297c0c5d",
    "type": "mutation",
    "statements": 4,
    "cost": 12,
    "milliseconds": 4.9,
    "outcome": "refused",
    "codes": [ErrorCode.FLOW_NOT_FOUND],
    "request_id": "b15b694f1a654ea5add91f434d156dc5",
    "client": "127.0.0.1",
}


def for_people(**changes: object) -> str:
    """The line of an operation on a terminal, without colours and the time."""
    with logging() as written:
        configure_log(log_format="console", level="info")
        log().info("operation", **OPERATION | changes)
    return re.sub(r"\x1b\[\d+m", "", written.getvalue())[len("12:30:59 ") :]


def test_a_request_is_one_line_that_people_can_read() -> None:
    assert for_people() == (
        "[info] mutation Copy: refused FLOW_NOT_FOUND, 4.9 ms, 4 SQL statements, cost 12 "
        "request_id=b15b694f1a654ea5add91f434d156dc5\n"
    )
    assert for_people(operation=None, type="query", outcome="ok", codes=[]) == (
        "[info] query without a name: ok, 4.9 ms, 4 SQL statements, cost 12 "
        "request_id=b15b694f1a654ea5add91f434d156dc5\n"
    )


@pytest.mark.parametrize("log_format", ["console", "json"])
def test_the_server_s_ordinary_lines_don_t_look_like_errors(log_format: str) -> None:
    with logging() as written:
        configure_log(log_format=log_format, level="info")
        getLogger("uvicorn.error").info("Application startup complete.")
    assert "Application startup complete." in written.getvalue()
    assert "uvicorn" in written.getvalue()
    assert "error" not in written.getvalue()
