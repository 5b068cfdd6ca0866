"""Native graphs as the tests' flows have them. Names are keys of the world or ids, as whoever takes the graph wants."""

from itertools import pairwise
from typing import Any

Node = dict[str, Any]


def graph(*steps: Node) -> dict[str, Any]:
    """The steps in a row."""
    edges = [{"source": one["id"], "target": other["id"]} for one, other in pairwise(steps)]
    return {"nodes": list(steps), "edges": edges}


def sub(step: str, topic: str | None) -> Node:
    return _pub_sub(step, "sub", topic)


def pub(step: str, topic: str | None) -> Node:
    return _pub_sub(step, "pub", topic)


def mailer(step: str, credential: str, *, agent: str | None = None, samples: dict[str, str] | None = None) -> Node:
    node = {"id": step, "command": "core/mailer:send@latest", "fields": {"to": "ops"}, "credentials_id": credential}
    return {
        **node,
        **({} if agent is None else {"vpn_agent_id": agent}),
        **({} if samples is None else {"selected_data_samples": samples}),
    }


def erp(step: str, secret: str) -> Node:
    return {"id": step, "command": "core/erp:lookup@latest", "secret_id": secret}


def code(step: str, text: str = "return msg") -> Node:
    return {"id": step, "command": "core/code:execute@latest", "fields": {"code": text}}


def team_component(step: str, name: str = "normalizer") -> Node:
    return {"id": step, "command": f"lab/{name}:run@latest"}


def _pub_sub(step: str, function: str, topic: str | None) -> Node:
    command = {"id": step, "command": f"core/pub-sub:{function}@latest"}
    return command if topic is None else {**command, "fields": {"topic": topic}}
