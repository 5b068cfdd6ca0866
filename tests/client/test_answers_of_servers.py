"""What the commands make of servers that don't answer, not yet, or not as ours do."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread
from types import SimpleNamespace
from typing import Any, ClassVar

import pytest

from tests.cli.flowport import called

FLOWS = {"nodes": [], "pageInfo": {"hasNextPage": False, "endCursor": None}}
SOURCE, DESTINATION = ({"id": f"workspace_{name}", "name": name, "flows": FLOWS} for name in ("a", "b"))
IN_SYNC = {"data": {"source": SOURCE, "destination": DESTINATION}}
FILE = "from: workspace_a\nto: workspace_b\n"
SHOWN = "From a to b:\nFLOW  ACTION  OVER\nNo flows.\n"
Answer = tuple[int, dict[str, str], Any]
NEVER: Answer = (0, {}, None)


def refused(code: str, message: str = "Not now.") -> Any:
    return {"errors": [{"message": message, "extensions": {"code": code}, "locations": []}]}


class Handler(BaseHTTPRequestHandler):
    answers: ClassVar[list[Answer | None]]
    """In the order of the requests; the last one again and again. None: the connection is closed without an answer."""
    requests: ClassVar[list[Any]]
    end_of_test: ClassVar[Event]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.requests.append(json.loads(body))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if answer is NEVER:
            self.end_of_test.wait()
        if answer is None or answer is NEVER:
            return
        status, headers, content = answer
        text = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.send_response(status)
        for name, value in {"Content-Length": str(len(text)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def serving(*answers: Answer | None) -> Iterator[tuple[str, list[Any]]]:
    """The address of a server with these answers, and the requests that it gets."""

    class HandlerHere(Handler):
        pass

    HandlerHere.answers, HandlerHere.requests, HandlerHere.end_of_test = [*answers], [], Event()
    server = ThreadingHTTPServer(("127.0.0.1", 0), HandlerHere)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", HandlerHere.requests
    finally:
        HandlerHere.end_of_test.set()
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "release.yaml"
    path.write_text(FILE)
    return path


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long the commands pause, on a clock that only pauses move."""
    pauses: list[float] = []
    clock = SimpleNamespace(sleep=pauses.append, monotonic=lambda: sum(pauses))
    monkeypatch.setattr("app.client.api.time", clock)
    return pauses


@pytest.mark.parametrize(
    ("answer", "pause"),
    [
        (None, 0.5),
        ((429, {"Retry-After": "7"}, refused("RATE_LIMITED")), 7),
        ((503, {"Retry-After": "5"}, refused("SERVICE_UNAVAILABLE")), 5),
        ((503, {"Retry-After": "1"}, refused("OVERLOADED")), 1),
        ((503, {}, refused("SHUTTING_DOWN")), 0.5),
        ((503, {"Retry-After": "3"}, b"<html>of a proxy</html>"), 3),
        ((502, {"Retry-After": "Tue, 01 Dec 2026 21:00:00 GMT"}, b"<html>of a proxy</html>"), 0.5),
        ((504, {"Retry-After": "-1"}, b""), 0.5),
        ((200, {}, {"data": None, **refused("TIMEOUT")}), 0.5),
    ],
)
def test_what_passes_is_waited_for_as_long_as_the_server_says(
    file: Path, pauses: list[float], answer: Answer | None, pause: float
) -> None:
    with serving(answer, answer, (200, {}, IN_SYNC)) as (server, requests):
        ended = called("status", file, SERVER=server, TOKEN="secret")
    assert (ended.returncode, ended.stdout) == (0, SHOWN)
    assert (ended.stderr.count("\n"), ended.stderr.splitlines()[1:]) == (2, ["Trying again for 60 seconds …"])
    assert pauses == [pause, pause]
    assert [request["operationName"] for request in requests] == ["Flows"] * 3


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ((401, {}, refused("UNAUTHENTICATED", "This token isn't known.")), "This token isn't known."),
        ((400, {}, refused("GRAPHQL_VALIDATION_FAILED", "There is no field `drift`.")), "There is no field `drift`."),
        ((200, {}, {"data": None, **refused("INTERNAL", "Unexpected.")}), "Unexpected."),
        ((200, {}, {"errors": [{"message": "Another server's."}]}), "Another server's."),
        ((404, {}, b"<html>"), "{} doesn't answer as a Flowport server of this version (HTTP status 404)."),
        ((301, {"Location": "/"}, b""), "{} doesn't answer as a Flowport server of this version (HTTP status 301)."),
        ((200, {}, b"\xff"), "{} doesn't answer as a Flowport server of this version (HTTP status 200)."),
        ((200, {}, {}), "{} doesn't answer as a Flowport server of this version (HTTP status 200)."),
        ((200, {}, []), "{} doesn't answer as a Flowport server of this version (HTTP status 200)."),
        (
            (200, {}, {"data": {"source": {"id": 7}}}),
            "{} doesn't answer as a Flowport server of this version (HTTP status 200).",
        ),
    ],
)
def test_what_does_not_pass_ends_the_command_at_once(
    file: Path, pauses: list[float], answer: Answer, reason: str
) -> None:
    with serving(answer) as (server, requests):
        ended = called("status", file, SERVER=server, TOKEN="secret")
    assert (ended.returncode, ended.stdout, ended.stderr) == (1, "", f"Error: {reason.format(server)}\n")
    assert (pauses, len(requests)) == ([], 1)


def test_a_workspace_that_vanishes_between_two_calls_ends_the_command(file: Path) -> None:
    file.write_text(f"{FILE}mappings:\n  equal-names: true\n")
    flow = {"id": "flow_a", "name": "a", "publishedVersion": {"id": "version_a"}, "copies": FLOWS}
    view = {"source": {**SOURCE, "flows": {**FLOWS, "nodes": [flow]}}, "destination": DESTINATION}
    with serving((200, {}, {"data": view}), (200, {}, {"data": {"workspace": None}})) as (server, requests):
        ended = called("release", "plan", file, SERVER=server, TOKEN="secret")
    reason = 'Error: There is no workspace "b" that you can see.\n'
    assert (ended.returncode, ended.stdout, ended.stderr) == (4, "", reason)
    assert [request["operationName"] for request in requests] == ["Flows", "Resources"]


def test_programs_get_the_reason_as_json(file: Path, pauses: list[float]) -> None:
    with serving((401, {}, refused("UNAUTHENTICATED"))) as (server, _):
        ended = called("release", "apply", file, "--json", SERVER=server, TOKEN="secret")
    assert (ended.returncode, json.loads(ended.stdout), pauses) == (1, {"status": 1, "errors": ["Not now."]}, [])


@pytest.mark.parametrize("seconds", ["61", "9" * 400])
def test_a_server_that_wants_more_patience_than_there_is_ends_the_command(
    file: Path, pauses: list[float], seconds: str
) -> None:
    with serving((429, {"Retry-After": seconds}, refused("RATE_LIMITED", "Used up."))) as (server, requests):
        ended = called("status", file, SERVER=server, TOKEN="secret")
    assert (ended.returncode, ended.stderr, pauses, len(requests)) == (1, "Error: Used up.\n", [], 1)


def test_a_server_that_stays_away_is_tried_for_a_minute_and_named_without_the_token(
    file: Path, pauses: list[float]
) -> None:
    ended = called("status", file, SERVER="http://127.0.0.1:9", TOKEN="secret")
    assert (ended.returncode, ended.stdout, sum(pauses)) == (1, "", 60)
    away = "http://127.0.0.1:9 doesn't answer: [Errno 111] Connection refused\n"
    assert ended.stderr == f"{away}Trying again for 60 seconds …\nError: {away}"


def test_a_server_that_takes_too_long_is_one_that_is_away(
    file: Path, pauses: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.client.api.PATIENCE_SECONDS", 0.05)
    with serving(NEVER) as (server, requests):
        ended = called("status", file, SERVER=server, TOKEN="secret")
    assert (ended.returncode, ended.stdout, ended.stderr) == (1, "", f"Error: {server} doesn't answer: timed out\n")
    assert (pauses, len(requests)) == ([], 1)


def interrupt(_: float) -> None:
    raise KeyboardInterrupt


def test_ctrl_c_ends_a_command_without_a_traceback(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.client.api.time", SimpleNamespace(sleep=interrupt, monotonic=lambda: 0))
    ended = called("status", file, SERVER="http://127.0.0.1:9", TOKEN="secret")
    assert (ended.returncode, ended.stdout, ended.stderr.splitlines()[1:]) == (
        1,
        "",
        ["Trying again for 60 seconds …", "", "Aborted!"],
    )
