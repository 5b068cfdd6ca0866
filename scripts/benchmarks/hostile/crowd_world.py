"""The world that crowds act in: a tenant with guests, large flows and a quota, and another tenant beside it."""

import json
from dataclasses import dataclass
from pathlib import Path

from app.server.database import database, run
from app.settings import read_settings
from app.usecases.apply_world import NotApplied, WorldWish, apply_world, ids_of
from app.usecases.manage_tokens import TokenWish, issue_token
from app.usecases.transaction import UnitOfWork
from scripts.benchmarks.hostile.demo import Json, graph

GUESTS = 10
STEPS, SHORT_STEPS, REFERENCES, FLOWS, TEXT_CHARACTERS = 1_700, 1_250, 300, 1_000, 1_000_000
BOUND, UNBOUND = "team/mailer:send", "team/code:execute"
INTEGRATOR, NEIGHBOUR = "integrator", "neighbour"
USERS = (*(f"guest-{number}" for number in range(GUESTS)), INTEGRATOR, NEIGHBOUR)


@dataclass(frozen=True, slots=True)
class CrowdWorld:
    """What of the world is named in requests: ids by key, and a token of each user."""

    ids: dict[str, str]
    tokens: dict[str, str]

    @classmethod
    def loaded(cls, folder: Path) -> "CrowdWorld":
        """Load it into an embedded database in that folder."""
        with database(read_settings({"data_dir": folder / "data"}), make=True) as url:
            wish = WorldWish(json.dumps(world()).encode())
            outcome = run(url, lambda work: apply_world(work, wish), takes_long=True)
            tokens = run(url, tokens_for_all)
        return cls(ids_of(outcome.plan if isinstance(outcome, NotApplied) else outcome), tokens)


async def tokens_for_all(work: UnitOfWork) -> dict[str, str]:
    return {user: await issue_token(work, TokenWish(f"{user}@example.com", "crowd", 1)) for user in USERS}


def world() -> Json:
    """The contract `limited` has a quota, `open` has none; `next-door` is the other tenant's."""
    contracts = (("limited", "crowded", 5_000), ("open", "crowded", None), ("next-door", "quiet", None))
    return {
        "format": "flowport-world/1",
        "tenants": [{"key": key, "name": key} for key in ("crowded", "quiet")],
        "contracts": [{"key": key, "tenant": tenant, "name": key, "flowQuota": q} for key, tenant, q in contracts],
        "workspaces": [
            {"key": "dev", "contract": "open", "name": "Development", "type": "LIMITED"},
            {"key": "prod", "contract": "open", "name": "Production", "type": "FULL"},
            {"key": "counted", "contract": "limited", "name": "Counted", "type": "FULL"},
            {"key": "home", "contract": "next-door", "name": "Home", "type": "LIMITED"},
        ],
        "users": [{"key": key, "firstName": key, "lastName": "X", "email": f"{key}@example.com"} for key in USERS],
        "workspaceMembers": members(),
        "teams": [{"key": "team", "contract": "open", "name": "team"}],
        "components": [
            {"key": "team/mailer", "name": "mailer", "requires": "CREDENTIAL"} | SHARED,
            {"key": "team/code", "name": "code"} | SHARED,
        ],
        "credentials": [
            {"key": f"{place}/{number}", "workspace": place, "component": "team/mailer", "name": f"Account {number}"}
            for place in ("dev", "prod", "counted")
            for number in range(REFERENCES)
        ],
        "flows": flows(),
    }


SHARED: Json = {"team": "team", "access": "GLOBAL", "whitelistedContracts": ["limited", "open", "next-door"]}


def members() -> list[Json]:
    roles = dict.fromkeys(USERS, "guest") | {INTEGRATOR: "integrator"}
    crowd = [
        {"workspace": place, "user": user, "role": role}
        for place in ("dev", "prod", "counted")
        for user, role in roles.items()
        if user != NEIGHBOUR
    ]
    return [*crowd, {"workspace": "home", "user": NEIGHBOUR, "role": "integrator"}]


def flows() -> list[Json]:
    """Some of many steps, one of a long text, and many that are bound to the same credentials: equal ones, different ones."""
    bound = [{"id": f"{each}", "command": BOUND, "credentials_id": f"dev/{each}"} for each in range(REFERENCES)]
    text = [{"id": "1", "command": UNBOUND, "fields": {"text": "x" * TEXT_CHARACTERS}}]
    return [
        flow("steps", graph({"id": f"{each}", "command": UNBOUND} for each in range(STEPS))),
        flow("short steps", graph({"id": f"{each}", "command": ""} for each in range(SHORT_STEPS))),
        flow("text", graph(text)),
        *(flow(f"bound-{number}", graph(bound)) for number in range(FLOWS)),
        *(flow(f"different-{number}", graph([*bound, unbound(number)])) for number in range(FLOWS)),
    ]


def unbound(number: int) -> Json:
    return {"id": "last", "command": UNBOUND, "fields": {"number": number}}


def flow(key: str, content: Json) -> Json:
    versions = [{"publishedBy": INTEGRATOR, "graph": content}]
    return {"key": key, "workspace": "dev", "name": key, "type": "ORDINARY", "author": INTEGRATOR, "versions": versions}
