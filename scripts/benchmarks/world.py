"""Writes a large, plausible world file: the same for the same numbers and seed.

    python scripts/benchmarks/world.py --workspaces 20000 --flows 200000 --out world.json

`caller-0@example.com` is Integrator in every workspace; every other caller is a member of 20 to 50.
"""

import argparse
import json
import random
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, TextIO

Entity = dict[str, Any]

WORKSPACES_OF_A_CONTRACT = 40
CONTRACTS_OF_A_TENANT = 50
TOPICS_OF_A_WORKSPACE = 3
LARGE_WORKSPACE = 0.02
"""The share of all flows that stands in the first workspace, since real worlds have such a one."""

ADJECTIVES = ("Amber", "Brisk", "Calm", "Distant", "Eager", "Fresh", "Golden", "Hidden", "Inner", "Northern", "Outer")
NOUNS = ("Billing", "Bridges", "Catalogue", "Harbour", "Invoices", "Mills", "Orders", "Prices", "Returns", "Stock")
VERBS = ("collect", "check", "enrich", "filter", "forward", "merge", "report", "route", "split", "translate")
CONNECTORS = (
    *("amqp", "calendar", "crm", "csv", "erp", "files", "ftp", "http", "invoices", "ldap", "mailer", "maps", "orders"),
    *("payments", "rest", "sheets", "shop", "soap", "sql", "stock", "tax", "tickets", "tracking", "xml"),
)
NEED_CREDENTIALS = ("crm", "mailer", "shop")
NEED_SECRETS = ("erp",)
OF_A_TEAM = (("lookup", "TEAM"), ("rules", "TEAM"), ("archive", "TENANT"))


@dataclass(frozen=True)
class Size:
    workspaces: int
    flows: int
    callers: int

    @property
    def contracts(self) -> int:
        return -(-self.workspaces // WORKSPACES_OF_A_CONTRACT)

    @property
    def tenants(self) -> int:
        return -(-self.contracts // CONTRACTS_OF_A_TENANT)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--workspaces", type=int, required=True)
    parser.add_argument("--flows", type=int, required=True)
    parser.add_argument("--callers", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, help="default: stdout")
    options = parser.parse_args()
    size = Size(max(options.workspaces, 1), options.flows, max(options.callers, 1))
    sections = GeneratedWorld(size, options.seed).sections()
    if options.out is None:
        write(sections, sys.stdout)
    else:
        with options.out.open("w", encoding="utf-8") as out:
            write(sections, out)


def write(sections: Mapping[str, Iterator[Entity]], out: TextIO) -> None:
    """Write entity by entity, so that a world of any size needs no memory."""
    out.write('{"format": "flowport-world/1"')
    for name, entities in sections.items():
        out.write(f',\n"{name}": [')
        for index, entity in enumerate(entities):
            out.write(",\n" if index else "\n")
            out.write(json.dumps(entity))
        out.write("]")
    out.write("}\n")


class GeneratedWorld:
    def __init__(self, size: Size, seed: int) -> None:
        self._size = size
        self._random = random.Random(seed)  # noqa: S311 - the same world again, not a secret

    def sections(self) -> Mapping[str, Iterator[Entity]]:
        return {
            "tenants": self._tenants(),
            "contracts": self._contracts(),
            "workspaces": self._workspaces(),
            "users": self._users(),
            "workspaceMembers": self._workspace_members(),
            "contractMembers": self._contract_members(),
            "teams": self._teams(),
            "components": self._components(),
            "topics": self._topics(),
            "credentials": self._credentials(),
            "secrets": self._secrets(),
            "agents": self._agents(),
            "flows": self._flows(),
        }

    def _happens(self, share: float) -> bool:
        return self._random.random() < share

    def _name(self, number: int) -> str:
        return f"{self._random.choice(ADJECTIVES)} {self._random.choice(NOUNS)} {number}"

    def _tenants(self) -> Iterator[Entity]:
        for number in range(self._size.tenants):
            yield {"key": f"tenant-{number}", "name": f"Tenant {number}", "componentWhitelist": number % 4 == 1}

    def _contracts(self) -> Iterator[Entity]:
        for number in range(self._size.contracts):
            yield {
                "key": f"contract-{number}",
                "tenant": f"tenant-{number // CONTRACTS_OF_A_TENANT}",
                "name": self._name(number),
                "status": "SUSPENDED" if number % 50 == 1 else "ACTIVE",
                "flowQuota": 10_000 if number % 20 == 1 else None,
            }

    def _workspaces(self) -> Iterator[Entity]:
        for number in range(self._size.workspaces):
            yield {
                "key": f"workspace-{number}",
                "contract": f"contract-{number // WORKSPACES_OF_A_CONTRACT}",
                "name": self._name(number),
                "type": "FULL" if number % 2 else "LIMITED",
            }

    def _users(self) -> Iterator[Entity]:
        for number in range(self._size.callers):
            name = {"firstName": self._random.choice(ADJECTIVES), "lastName": f"Caller {number}"}
            yield {"key": f"caller-{number}", **name, "email": f"caller-{number}@example.com"}

    def _workspace_members(self) -> Iterator[Entity]:
        for number in range(self._size.workspaces):
            yield {"workspace": f"workspace-{number}", "user": "caller-0", "role": "integrator"}
        for caller in range(1, self._size.callers):
            count = min(self._random.randint(20, 50), self._size.workspaces)
            for number in self._random.sample(range(self._size.workspaces), count):
                role = self._random.choice(("owner", "admin", "integrator", "integrator", "integrator", "guest"))
                yield {"workspace": f"workspace-{number}", "user": f"caller-{caller}", "role": role}

    def _contract_members(self) -> Iterator[Entity]:
        for number in range(self._size.contracts):
            yield {"contract": f"contract-{number}", "user": "caller-0", "role": "owner"}

    def _teams(self) -> Iterator[Entity]:
        yield {"key": "team-core", "contract": "contract-0", "name": "core"}
        for number in range(self._size.contracts):
            yield {"key": f"team-{number}", "contract": f"contract-{number}", "name": f"team-{number}"}

    def _components(self) -> Iterator[Entity]:
        everybody = [f"contract-{number}" for number in range(self._size.contracts)]
        for name in ("timer", "webhook", "code", "router", "pub-sub", *CONNECTORS):
            requires = "CREDENTIAL" if name in NEED_CREDENTIALS else "SECRET" if name in NEED_SECRETS else "NONE"
            shared = {"access": "GLOBAL", "requires": requires, "whitelistedContracts": everybody}
            yield {"key": f"core/{name}", "team": "team-core", "name": name, "pubSub": name == "pub-sub", **shared}
        for number in range(self._size.contracts):
            for name, access in OF_A_TEAM:
                yield {"key": f"team-{number}/{name}", "team": f"team-{number}", "name": name, "access": access}

    def _topics(self) -> Iterator[Entity]:
        for number in range(self._size.workspaces):
            for topic in range(TOPICS_OF_A_WORKSPACE):
                properties = {name.lower(): {"type": "string"} for name in self._random.sample(NOUNS, 4)}
                schema = {"type": "object", "properties": properties, "required": sorted(properties)[:2]}
                name, place = f"{NOUNS[topic]} events", f"workspace-{number}"
                yield {"key": f"{place}/topic-{topic}", "workspace": place, "name": name, "schema": schema}

    def _credentials(self) -> Iterator[Entity]:
        for number in range(self._size.workspaces):
            for name in NEED_CREDENTIALS:
                yield self._owned(number, name, f"Account for {name}")

    def _secrets(self) -> Iterator[Entity]:
        for number in range(self._size.workspaces):
            for name in NEED_SECRETS:
                yield self._owned(number, name, f"Key for {name}")

    def _owned(self, workspace: int, component: str, name: str) -> Entity:
        place = f"workspace-{workspace}"
        return {"key": f"{place}/{component}", "workspace": place, "component": f"core/{component}", "name": name}

    def _agents(self) -> Iterator[Entity]:
        for number in range(0, self._size.workspaces, 4):
            place = f"workspace-{number}"
            yield {"key": f"{place}/agent", "workspace": place, "name": "Data centre"}

    def _flows(self) -> Iterator[Entity]:
        for number in range(self._size.flows):
            workspace = 0 if self._happens(LARGE_WORKSPACE) else self._random.randrange(self._size.workspaces)
            yield self._flow(number, workspace)

    def _flow(self, number: int, workspace: int) -> Entity:
        chance = self._random
        author = f"caller-{chance.randrange(self._size.callers)}"
        steps = [self._step(workspace, number, position) for position in range(chance.randint(3, 6))]
        count = 0 if self._happens(0.1) else chance.choice((1, 1, 1, 2, 2, 3, 4))
        versions = [{"publishedBy": author, "graph": self._graph(steps)} for _ in range(count)]
        has_draft = not versions or self._happens(0.2)
        return {
            "key": f"flow-{number}",
            "workspace": f"workspace-{workspace}",
            "name": f"{chance.choice(VERBS).capitalize()} {chance.choice(NOUNS).lower()} {number % 5000}",
            "description": f"{chance.choice(ADJECTIVES)} {chance.choice(NOUNS)}, every so often.",
            "type": "REAL_TIME" if number % 10 == 1 else "ORDINARY",
            "status": "ACTIVE" if versions and self._happens(0.5) else "INACTIVE",
            "cron": "*/15 * * * *" if number % 3 == 0 else None,
            "author": author,
            "versions": versions,
            "draft": {"author": author, "graph": self._graph(steps)} if has_draft else None,
        }

    def _step(self, workspace: int, flow: int, position: int) -> Entity:
        chance, place = self._random, f"workspace-{workspace}"
        if position == 0:
            name = chance.choice(("timer", "webhook", "pub-sub"))
        else:
            name = chance.choice(("code", "router", "pub-sub", *NEED_SECRETS, *NEED_CREDENTIALS, *CONNECTORS))
        step: Entity = {
            "id": f"step_{position + 1}",
            "command": f"core/{name}:{'sub' if position == 0 else 'pub' if name == 'pub-sub' else 'run'}@latest",
            "name": f"{chance.choice(VERBS)} {chance.choice(NOUNS)}",
            "description": "",
            "fields": {"expression": f"{chance.choice(NOUNS)}.{chance.choice(VERBS)}({flow}, {position})"},
        }
        if name == "pub-sub":
            step["fields"]["topic"] = f"{place}/topic-{0 if self._happens(0.8) else 1}"
        elif name in NEED_CREDENTIALS:
            step["credentials_id"] = f"{place}/{name}"
        elif name in NEED_SECRETS:
            step["secret_id"] = f"{place}/{name}"
        elif position and self._happens(0.1):
            team = workspace // WORKSPACES_OF_A_CONTRACT
            step["command"] = f"team-{team}/{chance.choice(OF_A_TEAM)[0]}:run@latest"
        return step

    def _graph(self, steps: list[Entity]) -> Entity:
        """The steps in a row, with mappings of their own: the next version of a flow differs in these."""
        edges = [
            {
                "id": f"mapper:{one['id']}:{other['id']}",
                "source": one["id"],
                "target": other["id"],
                "config": {"mapper_type": "jsonata", "condition": None, "mapper": self._mapper()},
            }
            for one, other in pairwise(steps)
        ]
        return {"nodes": steps, "edges": edges}

    def _mapper(self) -> Entity:
        number = self._random.randrange(10**6)
        return {name.lower(): f"body.{name.lower()} & '{number}'" for name in self._random.sample(NOUNS, 4)}


if __name__ == "__main__":
    main()
