"""The lines of the log: each is written at once, and reads as people would say it."""

import socket
import subprocess
import sys

import pytest

from app.http.errors import RequestCode
from app.telemetry.log import configure_log, log
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
        subprocess.run([sys.executable, "-c", TALK], stderr=theirs.fileno(), check=True, timeout=60)
        ours.setblocking(False)
        writes = [ours.recv(10_000) for _ in range(2)]
        with pytest.raises(BlockingIOError):
            ours.recv(10_000)
    assert [(write[:1], write[-2:]) for write in writes] == [(b"{", b"}\n")] * 2


def test_codes_are_spelt_for_people_as_they_are_for_programs() -> None:
    with logging() as written:
        configure_log(log_format="console", level="info")
        log().info("operation", code=RequestCode.TIMEOUT, codes=(RequestCode.TIMEOUT,), none=())
    line = written.getvalue()
    assert "<" not in line
    assert line.count("TIMEOUT") == 2
