"""Writes the README's answers and its table of settings anew: `.venv/bin/python -m tests.readme.write`."""

import asyncio
from pathlib import Path

from app.storage.embedded import running
from app.storage.migrate import upgrade
from tests.conftest import open_folder
from tests.explorer.demo import demo_client
from tests.readme.blocks import as_it_should_stand

README = Path(__file__).parents[2] / "README.md"


async def write(database_url: str) -> None:
    await upgrade(database_url)
    async with demo_client(database_url, log_level="error") as client:
        text = await as_it_should_stand(README.read_text(encoding="utf-8"), client)
    README.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    with open_folder() as folder, running(folder / "data") as url:
        asyncio.run(write(url))
