"""Writes the answers and the table of settings in every README anew: `.venv/bin/python -m tests.readme.write`."""

import asyncio

from sqlalchemy.ext.asyncio import create_async_engine

from app.storage.embedded import running
from app.storage.migrate import upgrade
from tests.conftest import make_database, open_folder, url_of
from tests.explorer.demo import demo_client
from tests.readme.blocks import as_it_should_stand
from tests.readme.files import PATHS, ROOT, read


async def write(server_url: str) -> None:
    server = create_async_engine(server_url, isolation_level="AUTOCOMMIT")
    for path in PATHS:
        database_url = url_of(server_url, await make_database(server))
        await upgrade(database_url)
        async with demo_client(database_url, log_level="error") as client:
            text = await as_it_should_stand(read(path), client)
        (ROOT / path).write_text(text, encoding="utf-8")
    await server.dispose()


if __name__ == "__main__":
    with open_folder() as folder, running(folder / "data") as url:
        asyncio.run(write(url))
