"""Every list of the API, as it is asked for on the shelves, and the order in which it has to come."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from sqlalchemy import text

from app.storage.connections.engine import engine_of
from tests.api import documents as ask
from tests.api.client import Api, Json
from tests.api.shelves import KEYS, NAMES, PLACE_NAMES, name_order

COPIED = ("flow-00", "flow-09")
"""What the history was exported onto."""


@dataclass(frozen=True, slots=True)
class Listing:
    name: str
    document: str
    variables: Callable[[Api], Json]
    expected: Callable[[Api], Awaitable[list[str]]]


def _by_name(prefix: str, names: tuple[str, ...] = NAMES) -> Callable[[Api], Awaitable[list[str]]]:
    async def expected(api: Api) -> list[str]:
        return name_order({api.id(f"{prefix}-{key}"): name for key, name in zip(KEYS, names, strict=True)})

    return expected


async def _backwards(api: Api) -> list[str]:
    return (await _by_name("flow")(api))[::-1]


def _by_time(column: str, direction: str) -> Callable[[Api], Awaitable[list[str]]]:
    statement = text(
        f"select id from flow where workspace_id = :place order by {column} {direction}, id {direction}"  # noqa: S608
    )

    async def expected(api: Api) -> list[str]:
        async with engine_of(api.database_url).connect() as connection:
            return list((await connection.execute(statement, {"place": api.id("place-00")})).scalars())

    return expected


async def _candidates(api: Api) -> list[str]:
    """Copies first, then those of the name, then the others; all of them by name."""
    flows = await _by_name("flow")(api)
    copied = [one for one in flows if one in {api.id(key) for key in COPIED}]
    alphas = {api.id(f"flow-{key}") for key, name in zip(KEYS, NAMES, strict=True) if name.lower() == "alpha"}
    same = [one for one in flows if one in alphas - set(copied)]
    return [*copied, *same, *(one for one in flows if one not in {*copied, *same})]


async def _topics(api: Api) -> list[str]:
    topics = await _by_name("topic")(api)
    same = [one for one in topics if one in {api.id("topic-05"), api.id("topic-06")}]
    return [*same, *(one for one in topics if one not in same)]


async def _versions(api: Api) -> list[str]:
    return [api.id(f"history/{number}") for number in range(11, 0, -1)]


def _shelf(api: Api) -> Json:
    return {"workspace": api.id("place-00")}


def _history(api: Api) -> Json:
    return {"flowId": api.id("history")}


def _flows(order: str) -> Callable[[Api], Json]:
    return lambda api: {**_shelf(api), "orderBy": order}


def _to_the_shelf(flow: str) -> Callable[[Api], Json]:
    return lambda api: {"flowId": api.id(flow), "workspaceId": api.id("place-00")}


ACCESSES = _by_name("place", PLACE_NAMES)
LISTS = [
    Listing("workspaces", ask.WORKSPACES, lambda _: {}, ACCESSES),
    Listing("contracts", ask.CONTRACTS, lambda _: {}, _by_name("contract")),
    Listing("destinationContracts", ask.DESTINATION_CONTRACTS, _history, _by_name("contract")),
    Listing(
        "destinationContracts, includeIneligible",
        ask.DESTINATION_CONTRACTS,
        lambda api: {**_history(api), "includeIneligible": True},
        _by_name("contract"),
    ),
    Listing("destinationWorkspaces", ask.DESTINATION_WORKSPACES, _history, ACCESSES),
    Listing(
        "destinationWorkspaces, includeIneligible",
        ask.DESTINATION_WORKSPACES,
        lambda api: {**_history(api), "includeIneligible": True},
        ACCESSES,
    ),
    Listing("overrideCandidates", ask.OVERRIDE_CANDIDATES, _to_the_shelf("history"), _candidates),
    Listing("topicCandidates", ask.TOPIC_CANDIDATES, _to_the_shelf("publisher"), _topics),
    Listing("flowHistory", ask.HISTORY, _history, _versions),
    Listing("history of a flow", ask.HISTORY_OF_FLOW, _history, _versions),
    Listing("flows", ask.FLOWS, _shelf, _by_name("flow")),
    Listing("flows by NAME_ASC", ask.FLOWS, _flows("NAME_ASC"), _by_name("flow")),
    Listing("flows by NAME_DESC", ask.FLOWS, _flows("NAME_DESC"), _backwards),
    *(
        Listing(f"flows by {order}", ask.FLOWS, _flows(order), _by_time(column, direction))
        for order, column, direction in (
            ("CREATED_AT_ASC", "created_at", "asc"),
            ("CREATED_AT_DESC", "created_at", "desc"),
            ("UPDATED_AT_ASC", "updated_at", "asc"),
            ("UPDATED_AT_DESC", "updated_at", "desc"),
        )
    ),
    Listing("topics", ask.TOPICS, _shelf, _by_name("topic")),
    Listing("credentials", ask.CREDENTIALS, _shelf, _by_name("credential")),
    Listing("secrets", ask.SECRETS, _shelf, _by_name("secret")),
    Listing("agents", ask.AGENTS, _shelf, _by_name("agent")),
    Listing("flows of an agent", ask.FLOWS_USING, lambda api: {"used": api.id("agent-00")}, _by_name("flow")),
]
