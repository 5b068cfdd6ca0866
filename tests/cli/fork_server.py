"""A process that has imported what our programs need, and forks one of them for each request.

`python -m tests.cli.fork_server FD`: requests come over the socket FD, one at a time, until its other end is closed. To
import everything takes a second of a processor, and the tests start a hundred programs.
"""

import gc
import json
import os
import runpy
import select
import signal
import socket
import sys
from importlib import import_module
from typing import Any

LIBRARIES = (
    *("alembic.command", "httpx", "jwt", "opentelemetry.sdk.trace", "redis.asyncio", "uvicorn.lifespan.on"),
    *("starlette.applications", "starlette.middleware", "uvicorn.protocols.http.httptools_impl"),
    *(
        "app.cli",
        "app.server.startup",
        "app.storage.world.demo",
        "app.storage.migrations.migrate",
        "app.server.applying",
    ),
    *("app.usecases.manage_tokens", "app.graphql.types", "strawberry.relay", "aiodataloader", "cachetools"),
)
TOO_EARLY = "prometheus_client"
"""It decides when it is imported how numbers are kept, and each program decides that itself."""
MOST_BYTES = 1_000_000
DESCRIPTORS = 4
"""Standard input, output and error; and where is told which process it is, and later how it ended."""

Json = dict[str, Any]


class Ended(Exception):
    """Nobody is left to fork for."""


class ForkServer:
    def __init__(self, requests: socket.socket) -> None:
        self._requests = requests
        self._running: dict[int, socket.socket] = {}
        self._woken, self._wake = os.pipe()
        os.set_blocking(self._woken, False)
        os.set_blocking(self._wake, False)

    def run(self) -> Json:
        """Fork for every request: this returns in the child, with what it is to be; in the parent it ends with Ended."""
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(self._wake)
        while True:
            requests = self._requests.fileno()
            ready, _, _ = select.select([requests, self._woken], [], [])
            if self._woken in ready:
                os.read(self._woken, MOST_BYTES)
                self._tell_who_has_ended()
            if requests in ready:
                request = self._begin()
                if request is not None:
                    return request

    def _begin(self) -> Json | None:
        data, descriptors, _, _ = socket.recv_fds(self._requests, MOST_BYTES, DESCRIPTORS)
        if not data:
            raise Ended
        while not data.endswith(b"\n"):
            data += self._requests.recv(MOST_BYTES)
        *streams, told = descriptors
        pid = os.fork()
        if pid == 0:
            os.close(told)
            self._become_a_child(streams)
            request: Json = json.loads(data)
            return request
        for each in streams:
            os.close(each)
        self._running[pid] = socket.socket(fileno=told)
        self._tell(self._running[pid], pid)
        return None

    def _become_a_child(self, streams: list[int]) -> None:
        """Have nothing that a process which was just started hasn't."""
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        for each in (self._requests, *self._running.values()):
            each.close()
        os.close(self._woken)
        os.close(self._wake)
        for number, stream in enumerate(streams):
            os.dup2(stream, number)
            os.close(stream)

    def _tell_who_has_ended(self) -> None:
        while self._running:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return
            with self._running.pop(pid) as told:
                self._tell(told, os.waitstatus_to_exitcode(status))

    def _tell(self, told: socket.socket, number: int) -> None:
        try:
            told.sendall(b"%d\n" % number)
        except BrokenPipeError:
            # Nobody waits for it.
            return


def become(request: Json) -> None:
    """Run a module as `python -m` does."""
    if request["group"]:
        os.setpgid(0, 0)
    os.chdir(request["folder"])
    os.environ.clear()
    os.environ.update(request["environ"])
    module, *arguments = request["command"]
    sys.argv[1:] = arguments
    runpy.run_module(module, run_name="__main__", alter_sys=True)


def main() -> None:
    for library in LIBRARIES:
        import_module(library)
        assert TOO_EARLY not in sys.modules, f"{library} imports {TOO_EARLY}, so it can't be among LIBRARIES"
    gc.freeze()
    try:
        with socket.socket(fileno=int(sys.argv[1])) as requests:
            request = ForkServer(requests).run()
    except Ended:
        return
    become(request)


if __name__ == "__main__":
    main()
