"""Where our CPU time goes: each operation many times in one process, under Python's profiler."""

import cProfile
import pstats
from collections.abc import Sequence
from pathlib import Path
from random import Random

import httpx

from app.server.application import create_app
from app.settings import Settings
from app.storage.embedded.running import running
from scripts.benchmarks.speed.operations import Caller, Operation

REQUESTS = 300
MOST_TOLD = 30


async def profile(data_dir: Path, operations: Sequence[Operation], callers: list[Caller]) -> None:
    """Print the functions of each operation that take most time themselves."""
    random = Random(1)  # noqa: S311 - no secret
    with running(data_dir) as url:
        app = create_app(Settings(database_url=url, log_level="error"))
        transport = httpx.ASGITransport(app)
        async with app.router.lifespan_context(app), httpx.AsyncClient(transport=transport) as http:
            http.base_url = httpx.URL("http://localhost")
            for operation in operations:
                profiler = cProfile.Profile()
                for number in range(REQUESTS):
                    caller = random.choice(callers)
                    body = {"query": operation.document, "variables": operation.variables(caller, random)}
                    headers = {"Authorization": f"Bearer {caller.token}"}
                    if number == REQUESTS // 10:
                        profiler.enable()
                    (await http.post("/graphql", json=body, headers=headers)).raise_for_status()
                profiler.disable()
                print(f"\n{operation.name}")
                pstats.Stats(profiler).sort_stats("tottime").print_stats(MOST_TOLD)
