"""Writes the answers and the table of settings in every README anew: `.venv/bin/python -m tests.readme.write`."""

import asyncio

from app.storage.embedded.running import running
from tests.conftest import open_folder
from tests.databases import open_databases
from tests.explorer.demo import demo_client
from tests.readme.blocks import as_it_should_stand
from tests.readme.files import PATHS, ROOT, read


async def write(server_url: str) -> None:
    async with open_databases(server_url) as databases:
        for path in PATHS:
            async with databases.copy() as url, demo_client(url, log_level="error") as client:
                text = await as_it_should_stand(read(path), client, url)
            (ROOT / path).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    with open_folder() as folder, running(folder / "data") as url:
        asyncio.run(write(url))
