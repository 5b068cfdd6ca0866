"""Steps as the tests' flows have them. Names are keys of the world or ids, as whoever takes the graph wants."""

from typing import Any

from tests.api.world_builder import step

Node = dict[str, Any]


def sub(step_id: str, topic: str | None) -> Node:
    return step(step_id, "core/pub-sub:sub@latest", topic=topic)


def pub(step_id: str, topic: str | None) -> Node:
    return step(step_id, "core/pub-sub:pub@latest", topic=topic)


def mailer(step_id: str, credential: str, *, agent: str | None = None, samples: dict[str, str] | None = None) -> Node:
    return step(
        step_id, "core/mailer:send@latest", credential=credential, agent=agent, samples=samples, fields={"to": "ops"}
    )


def erp(step_id: str, secret: str) -> Node:
    return step(step_id, "core/erp:lookup@latest", secret=secret)


def code(step_id: str, text: str = "return msg") -> Node:
    return step(step_id, "core/code:execute@latest", fields={"code": text})


def team_component(step_id: str, name: str = "normalizer") -> Node:
    return step(step_id, f"lab/{name}:run@latest")
