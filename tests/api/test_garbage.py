"""A request leaves nothing behind that only the garbage collector would find: its rows go as soon as it is answered."""

import gc
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from app.execution.lookups import Loader
from app.graphql.loading.loaders import Loaders
from app.usecases.find_destinations import ExportableFlow
from tests.api import documents as ask
from tests.api.client import Api
from tests.databases import Databases, Loaded


@pytest.fixture
async def api(databases: Databases, loaded_trade: Loaded) -> AsyncIterator[Api]:
    async with databases.serving(loaded_trade) as api:
        yield api


@pytest.fixture
def no_garbage_collector() -> Iterator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.enable()


FLOWS = """query($place: ID!) { workspaces { nodes { name contract { name } } } workspace(id: $place) { flows { edges {
  cursor node { name createdBy { email } draft { author { email } graph { steps { component { name } } } } } } } } }"""
DESTINATIONS = """query($flow: ID!) { destinationWorkspaces(flowId: $flow, includeIneligible: true) {
  totalCount edges { blockers { message } node { name contract { name } } } } }"""


@pytest.mark.usefixtures("no_garbage_collector")
async def test_what_a_request_has_read_is_gone_when_it_is_answered(api: Api) -> None:
    ada, others = api.caller("ada"), holders()
    for document, variables in (
        (FLOWS, {"place": api.id("workshop")}),
        (DESTINATIONS, {"flow": api.id("bound")}),
        (ask.COPY, {"input": {"flowId": api.id("bound")}}),
    ):
        await ada.ask(document, **variables)
        assert [each for each in holders() if each not in others] == []


def holders() -> list[Loaders | Loader[Any, Any] | ExportableFlow]:
    """What holds what was read, all that there is, of whichever server."""
    return [each for each in gc.get_objects() if isinstance(each, Loaders | Loader | ExportableFlow)]
