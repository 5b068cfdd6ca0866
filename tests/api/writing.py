"""Mutations as tests call them, and the proof that a refusal has written nothing."""

from tests.api.client import Api, Caller, Json
from tests.api.documents import COPY, CREATE, EXPORT
from tests.databases import contents

NOTHING = {
    COPY: {"flow": None, "draft": None, "copiedFrom": None, "references": []},
    EXPORT: {"flow": None, "draft": None, "setAside": None, "copiedFrom": None, "references": [], "warnings": []},
    CREATE: {"flow": None, "draft": None},
}


async def export(api: Api, flow: str, user: str = "ada", *, to: str = "", onto: str = "", **wish: object) -> Json:
    """Export a flow, by the keys of the flow and of where it goes."""
    return await written(api.caller(user), EXPORT, export_input(api, flow, to=to, onto=onto, **wish))


async def copy(api: Api, flow: str, user: str = "ada", **wish: object) -> Json:
    return await written(api.caller(user), COPY, {"flowId": api.id(flow), **wish})


async def create(api: Api, workspace: str, graph: object, user: str = "ada", **wish: object) -> Json:
    made = {"workspaceId": api.id(workspace), "name": "Made", "graph": graph, **wish}
    return await written(api.caller(user), CREATE, made)


def export_input(api: Api, flow: str, *, to: str = "", onto: str = "", **wish: object) -> Json:
    destination = {"overrideFlowId": api.id(onto)} if onto else {"workspaceId": api.id(to)}
    return {"flowId": api.id(flow), "destination": destination, **wish}


async def written(caller: Caller, mutation: str, wish: Json) -> Json:
    """The payload of a mutation that wasn't refused."""
    payload: Json = await caller.one(mutation, input=wish)
    assert payload.pop("errors") == []
    return payload


async def refused(api: Api, user: str, mutation: str, wish: Json) -> list[Json]:
    """The refusals of a mutation; the database is as it was, and the payload holds nothing else."""
    before = await contents(api.database_url)
    payload: Json = await api.caller(user).one(mutation, input=wish)
    assert await contents(api.database_url) == before
    errors: list[Json] = payload.pop("errors")
    assert payload == NOTHING[mutation]
    return errors
