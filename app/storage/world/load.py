"""Loads a world file: everything in it in one transaction, or every mistake in it and nothing."""

import asyncio
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import islice

from app.domain.graph import Json
from app.storage.connections.connection import WriteConnection
from app.storage.ids import Kind, new_id
from app.storage.tokens import email_key
from app.storage.world.components import Components
from app.storage.world.consistency import consistency_mistakes
from app.storage.world.copy import (
    built_in_roles,
    copy_flows,
    copy_rows,
    global_components,
    keep_keys,
    taken_emails,
)
from app.storage.world.entities import User
from app.storage.world.entity_rows import external_keys, place_rows
from app.storage.world.flow_rows import FlowRows, flow_rows
from app.storage.world.flows import FlowReader, ReadFlow
from app.storage.world.format import SECTIONS, document_mistakes
from app.storage.world.keys import IdSource, Keys
from app.storage.world.mistakes import Mistake, WorldMistakes
from app.storage.world.text import WorldText

__all__ = ["Mistake", "Progress", "WorldMistakes", "load_into"]

Progress = Callable[[str, int, int], None]
"""Is told what is being done, how much of it is done, and how much there is to do."""

FLOWS_AT_A_TIME = 2000
PIECES_AT_A_TIME = 5000


def fresh_id(kind: Kind, _name: str) -> str:
    return new_id(kind)


def without_progress(_what: str, _done: int, _total: int) -> None: ...


async def load_into(
    connection: WriteConnection, document: bytes, *, progress: Progress | None = None, new_id: IdSource = fresh_id
) -> dict[str, str]:
    """Load a world file in the transaction that this connection is in; that one has to be rolled back if this raises.

    The flows, of which there may be very many, are checked and written in one go, a part at a time. Once there is a
    mistake nothing more is written, but the search for mistakes goes on.
    """
    loader = _Loader(connection, WorldText(document, SECTIONS), progress or without_progress, new_id)
    loader.read_all()
    await loader.check_and_copy_places()
    await loader.check_and_copy_flows()
    if loader.mistakes:
        raise WorldMistakes(dict.fromkeys(loader.mistakes))
    return loader.keys.ids()


class _Loader:
    def __init__(self, connection: WriteConnection, text: WorldText, progress: Progress, new_id: IdSource) -> None:
        self.keys = Keys(new_id)
        self.mistakes: list[Mistake] = []
        self._connection = connection
        self._text = text
        self._progress = progress
        self._new_id = new_id
        self._now = datetime.now(UTC)

    def read_all(self) -> None:
        """Read the file once: whether it is JSON, which keys there are, and all but the flows."""
        for count, piece in enumerate(self._text.pieces()):
            self.mistakes.extend(self.keys.add(piece.section, piece.position, piece.value))
            if count % PIECES_AT_A_TIME == 0:
                self._progress("Reading", piece.end, self._text.length)
        self._progress("Reading", self._text.length, self._text.length)
        self.mistakes.extend((*self._text.mistakes, *document_mistakes(self._text.others)))

    async def check_and_copy_places(self) -> None:
        roles = await built_in_roles(self._connection)
        emails = [email_key(user.email) for _, _, user in self.keys.all(User)]
        taken = await taken_emails(self._connection, emails)
        self.mistakes.extend(consistency_mistakes(self.keys, roles, taken))
        if self.mistakes:
            return
        for table, rows in place_rows(self.keys, roles):
            await copy_rows(self._connection, table, rows)
        await keep_keys(self._connection, external_keys(self.keys))

    async def check_and_copy_flows(self) -> None:
        """Check the next part while the database is busy with the one before."""
        components = Components(self.keys, await global_components(self._connection))
        reader = FlowReader(self.keys, components, looks_for_odd_texts=self._text.may_hold_odd_text)
        flows, total, done = self._text.again("flows"), self._text.count("flows"), 0
        rows = FlowRows()
        while done < total or rows.flows:
            following = asyncio.to_thread(self._next_rows, reader, flows)
            rows, _ = await asyncio.gather(following, self._copy(rows))
            done = min(done + FLOWS_AT_A_TIME, total)
            self._progress("Loading flows", done, total)

    async def _copy(self, rows: FlowRows) -> None:
        if rows.flows and not self.mistakes:
            await copy_flows(self._connection, rows)

    def _next_rows(self, reader: FlowReader, flows: Iterator[tuple[int, Json]]) -> FlowRows:
        """The rows of the next part; none once there are mistakes."""
        read = [reader.read(index, raw) for index, raw in islice(flows, FLOWS_AT_A_TIME)]
        good = [flow for flow in read if isinstance(flow, ReadFlow)]
        wrong = [mistake for each in read if isinstance(each, list) for mistake in each]
        self.mistakes.extend(wrong)
        return flow_rows(good, self.keys, new_id=self._new_id, now=self._now) if not self.mistakes else FlowRows()
