"""A user of another tenant, with requests of their own while a crowd besieges the server."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import httpx

from scripts.benchmarks.hostile.crowd_world import NEIGHBOUR, UNBOUND, CrowdWorld
from scripts.benchmarks.hostile.demo import CREATE, Demo, Json, graph
from scripts.benchmarks.hostile.server import LONGEST_SECONDS

SMALL, LARGE = 3, 400
PAUSE_SECONDS = 0.1


@dataclass
class Answers:
    """How long the answers to one kind of call took, and what was wrong with them."""

    longest_seconds: float = 0.0
    number: int = 0
    refused: list[str] = field(default_factory=list)


class Neighbour:
    """Calls in turn in a thread: `viewer`, a small `createFlow` and a large one. Calls that were begun are finished."""

    def __init__(self, url: str, world: CrowdWorld) -> None:
        self._url, self._world = url, world
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._call)
        self.answers = {kind: Answers() for kind in ("viewer", "small", "large")}

    def __enter__(self) -> "Neighbour":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _call(self) -> None:
        with httpx.Client(base_url=self._url, timeout=LONGEST_SECONDS) as http:
            calls = self.calls(http)
            while not self._stop.is_set():
                for kind, call in calls.items():
                    note(self.answers[kind], http, call())
                    time.sleep(PAUSE_SECONDS)

    def calls(self, http: httpx.Client) -> dict[str, Callable[[], httpx.Request]]:
        demo, headers = Demo(http), {"Authorization": f"Bearer {self._world.tokens[NEIGHBOUR]}"}

        def creating(number: int) -> Callable[[], httpx.Request]:
            nodes: list[Json] = [
                {"id": f"{each}", "command": UNBOUND, "name": f"Step {each}"} for each in range(number)
            ]
            edges: list[Json] = [{"source": f"{each}", "target": f"{each + 1}"} for each in range(number - 1)]
            wish = {"workspaceId": self._world.ids["home"], "name": "Mine", "graph": graph(nodes, edges)}
            return lambda: demo.request(CREATE, headers=headers, input=wish)

        return {
            "viewer": lambda: demo.request("{ viewer { id } }", headers=headers),
            "small": creating(SMALL),
            "large": creating(LARGE),
        }


def note(answers: Answers, http: httpx.Client, request: httpx.Request) -> None:
    began = time.perf_counter()
    try:
        response = http.send(request)
        good = response.is_success and '"errors":[{' not in response.text
        refusal = None if good else f"{response.status_code} {response.text[:200]}"
    except httpx.TransportError as error:
        refusal = type(error).__name__
    answers.number += 1
    answers.longest_seconds = max(answers.longest_seconds, time.perf_counter() - began)
    if refusal is not None:
        answers.refused.append(refusal)
