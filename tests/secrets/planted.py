"""Secrets that nobody could overlook, planted wherever a server is told any, and all that it lets others see."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import psutil

from tests.authentication.issuer import claims_at, ec_key, jwt_of

MARK = "planted-secret"
"""A part of each that isn't made at random."""
DATABASE_PASSWORD = f"{MARK}-of-the-database"
COUNTERS_PASSWORD = f"{MARK}-of-the-counters"
METRICS_TOKEN = f"{MARK}-of-the-metrics"
KEY_OF_JWKS = f"{MARK}-of-the-jwks-url"
UNKNOWN_TOKEN = f"fp_{'0' * 26}_{MARK}"
IDEMPOTENCY_KEY = f"{MARK}-idempotency-key"


def jwts() -> dict[str, str]:
    """Tokens that are good, that have ended, that nobody knows, and that are signed by others."""
    now = time.time()
    good, known = claims_at(now), {"alg": "ES256", "kid": "ec"}
    return {
        "good": jwt_of(good | {"email": "ada@example.com"}, ec_key().signs(), **known),
        "expired": jwt_of(good | {"exp": 1}, ec_key().signs(), **known),
        "of nobody": jwt_of(good | {"email": f"{MARK}@example.com"}, ec_key().signs(), **known),
        "of others": jwt_of(good, ec_key(2).signs(), **known),
        "unreadable": f"{MARK}.{MARK}.{MARK}",
    }


def graph_with_a_password(of: str) -> dict[str, object]:
    """A graph in which somebody has written what belongs into a credential; one first of all, where a row is shown."""
    step = {"id": "1", "command": "any/component:run@latest", "fields": {"password": f"{MARK} {of}"}}
    return {"account_password": f"{MARK} {of}", "nodes": [step], "edges": []}


@dataclass
class Seen:
    """What was seen of a server, by where it was seen."""

    texts: list[tuple[str, str]] = field(default_factory=list)

    def note(self, where: str, text: str) -> None:
        self.texts.append((where, text))

    def note_answer(self, where: str, response: httpx.Response) -> httpx.Response:
        self.note(where, f"{response.status_code} {response.headers} {response.text}")
        return response

    def note_commands(self, process: int) -> None:
        """What `ps` shows of a process and of all that it has started."""
        parent = psutil.Process(process)
        for each in (parent, *parent.children(recursive=True)):
            # As the system has it, with what programs have written over their arguments.
            self.note("ps", Path(f"/proc/{each.pid}/cmdline").read_text(errors="replace"))

    def note_file(self, where: str, path: Path) -> str:
        text = path.read_text(errors="replace")
        self.note(where, text)
        return text

    def holding(self, *secrets: str) -> Iterator[tuple[str, str]]:
        """Every secret that was seen, with the line that it stands in."""
        for where, text in self.texts:
            for line in text.splitlines():
                if found := [secret for secret in secrets if secret in line]:
                    yield f"{where}: {found[0]}", line
