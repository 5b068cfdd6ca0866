"""Reads the examples that the page for explorers offers, as its script does."""

import json
import re
from dataclasses import dataclass
from typing import Any

import httpx

from app.http.explorer.page import FOLDER


@dataclass(frozen=True, slots=True)
class Example:
    """A named operation, with the demo token that it is meant for."""

    name: str
    token: str
    document: str
    variables: dict[str, Any] | None

    @property
    def shown(self) -> str:
        """What the page shows of it in the editor."""
        return re.sub(r"^# Variables .*\n", "", self.document, flags=re.MULTILINE)

    async def run(self, client: httpx.AsyncClient) -> httpx.Response:
        body = {"query": self.document, "variables": self.variables}
        accept = {"Accept": "application/graphql-response+json", "Authorization": f"Bearer {self.token}"}
        return await client.post("/graphql", json=body, headers=accept)


def read_examples() -> dict[str, Example]:
    text = (FOLDER / "examples.graphql").read_text(encoding="utf-8")
    blocks = [block for section in text.split("\n## ")[1:] for block in re.split(r"\n\n(?=#)", section)[1:]]
    return {example.name: example for example in map(read_example, blocks)}


def read_example(block: str) -> Example:
    [name] = re.findall(r"^(?:query|mutation) (\w+)", block, re.MULTILINE)
    [token] = re.findall(r"^# As (.*)$", block, re.MULTILINE)
    variables = [json.loads(each) for each in re.findall(r"^# Variables (.*)$", block, re.MULTILINE)]
    return Example(name, token, block, variables[0] if variables else None)
