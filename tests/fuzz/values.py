"""Values that nobody means well: texts, numbers, ids, cursors and graphs, odd in every way that we could think of."""

from base64 import urlsafe_b64encode
from random import Random
from typing import Any

import orjson

from app.domain.model import Kind, kind_of
from app.graphql.connections import _seal
from app.storage.ids import new_id

MOST_CURSORS = 300
MOST_IDS = 60
LONGEST_ID = 64

ODD_TEXTS = (
    *("", " ", "\0", "a\0b", "\n", "\r\n\t", "\x1b[31m", "\x7f", "\u0085", "\u2028", "\u202e", "\ufeff", "\ufffd"),
    *(
        "\N{GRINNING FACE}",
        "é",
        "e\u0301",
        "ß",
        "\u0130",
        "\U0010ffff",
        "\N{ZERO WIDTH JOINER}" * 50,
        "a" * 256,
        "x" * 5000,
    ),
    *(
        "%",
        "_",
        "\\",
        "%_\\",
        "' or 1=1 --",
        "'; drop table flow; --",
        "$1",
        ":viewer",
        "{}",
        "${x}",
        "<script>",
        "../../etc",
    ),
    *("null", "undefined", "NaN", "-1", "1e999", "true", "[]", "0" * 400, "\ud800", "x\udfff", "٣", "﷽" * 20),
)
LONG_TEXTS = (
    *("a" + "\u0301\u0323" * 1_000, "\n" * 10_000, "x" * 20_000, "\U0010ffff" * 1_000, '\\"' * 5_000, "\x7f" * 5_000),
    *("a/" * 10_000 + "b:c", "9" * 20_000, "[" * 20_000, "\ud800" * 1_000),
)
ODD_NUMBERS = (
    *(0, -1, 1, 100, 101, 2**31 - 1, 2**31, -(2**31) - 1, 2**53 + 1, 2**63 - 1, 2**63, 2**64 - 1, 2**64, -(2**63) - 1),
    *(1.5, -0.0, 1e308, 5e-324, 10**40, 10**400, True, "7", None),
)
TIMES = (
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59.999999-12:00",
    "2024-02-30T00:00:00Z",
    "2024-01-01",
    "infinity",
)


class Values:
    """Random values, with the ids and the cursors that are known to exist."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.viewer = ""
        self.ids: dict[Kind, list[str]] = {}
        self._seen: dict[tuple[str, Kind], list[str]] = {}
        """By viewer and kind: what the viewer was told of."""
        self.cursors: list[str] = []

    def chance(self, share: float) -> bool:
        return self.random.random() < share

    def learn(self, answer: Any, key: str = "") -> None:
        """Remember the ids and the cursors of an answer, to be used where they belong and where they don't."""
        if isinstance(answer, dict):
            for name, value in answer.items():
                self.learn(value, name)
        elif isinstance(answer, list):
            for value in answer:
                self.learn(value, key)
        elif isinstance(answer, str) and "cursor" in key.lower():
            if len(self.cursors) < MOST_CURSORS:
                self.cursors.append(answer)
        elif isinstance(answer, str) and len(answer) < LONGEST_ID and (kind := kind_of(answer)) is not None:
            for known in (self.ids.setdefault(kind, []), self._seen.setdefault((self.viewer, kind), [])):
                self._remember(answer, known)

    def _remember(self, new: str, known: list[str]) -> None:
        if new in known:
            return
        if len(known) < MOST_IDS:
            known.append(new)
        else:
            known[self.random.randrange(MOST_IDS)] = new

    def text(self) -> str:
        pick = self.random.random()
        if pick < 0.01:
            return self.random.choice(LONG_TEXTS)
        if pick < 0.6:
            return self.random.choice(ODD_TEXTS)
        if pick < 0.8:
            return "".join(chr(self.random.choice((32, 65, 0x7F, 0x300, 0xFFFF, 0x1F600))) for _ in range(5))
        return self.random.choice(("o", "Copy", "Orders", "a"))

    def number(self) -> Any:
        return self.random.choice(ODD_NUMBERS)

    def id(self, kind: Kind | None = None) -> str:
        """Mostly the id of something of this kind that exists, and that the viewer sees."""
        pick = self.random.random()
        wanted = kind or self.random.choice(list(Kind))
        if pick < 0.75 and (seen := self._seen.get((self.viewer, wanted))):
            return self.random.choice(seen)
        if pick < 0.85 and (known := self.ids.get(wanted)):
            return self.random.choice(known)
        if pick < 0.9:
            return new_id(self.random.choice(list(Kind)))
        good = self.random.choice([each for ids in self.ids.values() for each in ids] or [new_id(Kind.FLOW)])
        return self.random.choice(
            (good, good.upper(), good[:-1], good + "0", f"{good}\0", f" {good}", good.replace("_", "__"), self.text())
        )

    def cursor(self) -> str:
        pick = self.random.random()
        if self.cursors and pick < 0.4:
            return self.random.choice(self.cursors)
        if pick < 0.8:
            return self._forged()
        return self.random.choice((self.text(), "A" * 6000, "====", "W10", "bnVsbA", "e30", "WzFd", "W1tbW1tb" * 500))

    def _forged(self) -> str:
        """A cursor that says of itself that it belongs to some list, with values that nothing has."""
        workspaces = self.ids.get(Kind.WORKSPACE) or [""]
        flows = self.ids.get(Kind.FLOW) or [""]
        workspace, flow = self.random.choice(workspaces), self.random.choice(flows)
        order = self.random.choice(("NAME_ASC", "CREATED_AT_DESC", "UPDATED_AT_ASC"))
        listing, width = self.random.choice(
            (
                (f"flows/{order}/{workspace}", 2),
                (f"topics/NAME_ASC/{workspace}", 2),
                (f"history/NAME_ASC/{flow}", 1),
                (f"draftsSetAside/NAME_ASC/{flow}", 2),
                (f"overrideCandidates/{flow}/{workspace}", 3),
                (f"topicCandidates/{flow}/{workspace}", 3),
                (f"destinationWorkspaces/{flow}", 2),
            )
        )
        odd: tuple[Any, ...] = (*ODD_NUMBERS, *ODD_TEXTS, *TIMES, [], {}, [[]])
        values = [self.random.choice(odd) for _ in range(width if self.chance(0.9) else 5)]
        try:
            sealed = orjson.dumps([_seal(listing), *values])
        except TypeError:  # what JSON can't hold
            return "W10"
        return urlsafe_b64encode(sealed).decode().rstrip("=")

    def json(self, depth: int = 3) -> Any:
        """Any JSON, odd at the leaves."""
        pick = self.random.random()
        if depth == 0 or pick < 0.4:
            return self.random.choice((self.text(), self.number(), None, True, [], {}))
        if pick < 0.7:
            return [self.json(depth - 1) for _ in range(self.random.randrange(4))]
        return {self.text(): self.json(depth - 1) for _ in range(self.random.randrange(4))}

    def graph(self) -> Any:
        """A native graph: in order, wide, deep, or with something in it that doesn't belong there."""
        pick = self.random.random()
        if pick < 0.1:
            return self.json()
        if pick < 0.15:
            return {
                "nodes": [],
                "edges": [],
                "deep": nested(self.random.choice((150, 199, 200, 201, 900)), self.chance(0.5)),
            }
        if pick < 0.2:
            return self.random.choice((self._wide, self._repeated, self._long))()
        nodes = [self._node(n) for n in range(self.random.randrange(5))]
        edges = [self._edge(nodes) for _ in range(self.random.randrange(5))]
        return {"nodes": nodes, "edges": edges} | ({self.text(): self.json()} if self.chance(0.3) else {})

    def _wide(self) -> Any:
        """Many steps, edges, fields of a step, and elements of a list."""
        fields = {f"k{number}": self.number() for number in range(40)}
        nodes = [{"id": str(number), "command": f"a/b{number}:c", "fields": fields} for number in range(50)]
        edges = [{"source": str(number % 7), "target": str(number)} for number in range(300)]
        return {"nodes": [*nodes, {"id": "list", "command": "a/b:c", "fields": {"list": [0, 1] * 500}}], "edges": edges}

    def _repeated(self) -> Any:
        """One id again and again, with bindings of its own each time, and one edge."""
        commands = ("acme/timer:tick@latest", "a/b:c", "a/router:c")
        nodes = [
            {"id": "1", "command": self.random.choice(commands), "vpn_agent_id": self.id(Kind.AGENT)}
            for _ in range(300)
        ]
        return {"nodes": nodes, "edges": [{"source": "1", "target": "1"}] * 300}

    def _long(self) -> Any:
        """Long ids, commands, keys and texts."""
        node_id, command, key, text = (self.random.choice(LONG_TEXTS) for _ in range(4))
        nodes = [{"id": node_id, "command": command, "name": text, "fields": {key: text, "topic": node_id}}]
        return {"nodes": nodes, "edges": [{"source": node_id, "target": text}]}

    def _node(self, number: int) -> Any:
        if self.chance(0.05):
            return self.json(1)
        commands = ("acme/timer:tick@latest", "a/b:c", "not a command", "/:@", "a/b:c@d@e", "\0", "")
        step: dict[str, Any] = {
            "id": str(number) if self.chance(0.85) else self.random.choice(("1", "error_all", "", self.text())),
            "command": self.random.choice(commands),
        }
        kinds = {"credentials_id": Kind.CREDENTIAL, "secret_id": Kind.SECRET, "vpn_agent_id": Kind.AGENT}
        for key, kind in kinds.items():
            if self.chance(0.15):
                step[key] = self.id(kind) if self.chance(0.8) else self.json(1)
        if self.chance(0.4):
            step["fields"] = {"topic": self.id(Kind.TOPIC) if self.chance(0.7) else self.json(1)}
        for key in ("name", "description", "fields", "selected_data_samples", "config", "id", "command"):
            if self.chance(0.05):
                step[key] = self.json(2)
        return step

    def _edge(self, nodes: list[Any]) -> Any:
        ends = [node.get("id") for node in nodes if isinstance(node, dict)] or ["1"]
        if self.chance(0.05):
            return self.json(1)
        edge = {
            "source": self.random.choice((*ends, None)),
            "target": self.random.choice((*ends, "error_all", "nowhere")),
        }
        return edge | ({"config": self.json(2)} if self.chance(0.2) else {})


def nested(depth: int, in_objects: bool) -> Any:
    """Lists in lists, or objects in objects."""
    value: Any = 1
    for _ in range(depth):
        value = {"a": value} if in_objects else [value]
    return value
