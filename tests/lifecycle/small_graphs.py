"""The graphs of random lives: so few kinds of steps that a line says what is bound and what is ready."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

CODE, MAIL, IN = "code", "mail", "in"
"""The kinds of steps, and their ids: a graph has at most one of each."""

COMMANDS = {CODE: "core/code:execute@latest", MAIL: "core/mailer:send@latest", IN: "core/pub-sub:sub@latest"}

THINGS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "development": {MAIL: ("dev-mail",), IN: ("dev-orders", "dev-items")},
    "production": {MAIL: ("live-mail", "draft-mail"), IN: ("live-orders", "live-items")},
    "kitchen": {MAIL: (), IN: ()},
}
"""What steps of a kind can be bound to, by workspace; keys of the company."""

Bindings = Mapping[str, str]
"""By the id of a step, what it is bound to."""


@dataclass(frozen=True)
class Graph:
    """Steps one after the other, each with a note that makes it another content."""

    steps: tuple[tuple[str, int], ...]
    is_linked: bool = True
    """Else its steps have nothing to do with each other, so that it has several first ones."""

    @property
    def ids(self) -> tuple[str, ...]:
        return tuple(step for step, _ in self.steps)

    def is_ready(self, bindings: Bindings) -> bool:
        is_valid = self.is_linked or len(self.steps) == 1
        return is_valid and all(step == CODE or step in bindings for step in self.ids)

    def content(self) -> Any:
        """The native graph without what it is bound to."""
        return self.native({}, {})

    def native(self, bindings: Bindings, ids: Mapping[str, str]) -> Any:
        nodes = []
        for step, note in self.steps:
            node: dict[str, Any] = {"id": step, "command": COMMANDS[step], "fields": {"note": note}}
            if step in bindings and step == MAIL:
                node["credentials_id"] = ids[bindings[step]]
            if step in bindings and step == IN:
                node["fields"]["topic"] = ids[bindings[step]]
            nodes.append(node)
        links = pairwise(self.ids) if self.is_linked else ()
        return {"nodes": nodes, "edges": [{"source": one, "target": other} for one, other in links]}

    def stored(self, bindings: Bindings, ids: Mapping[str, str]) -> list[Any]:
        """Its bindings as the database holds them."""
        rows: list[Any] = []
        for position, step in enumerate(self.ids):
            if step in bindings and step == MAIL:
                rows.append({"position": position, "CREDENTIAL": ids[bindings[step]]})
            if step in bindings and step == IN:
                rows.append({"position": position, "TOPIC": ids[bindings[step]], "topicField": "topic"})
        return rows
