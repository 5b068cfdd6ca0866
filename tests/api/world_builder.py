"""WorldBuilder files for tests, told in the product's words; what a test doesn't mention is unremarkable and in order."""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any

FULL, LIMITED = "FULL", "LIMITED"
TEAM, TENANT, GLOBAL = "TEAM", "TENANT", "GLOBAL"

Graph = dict[str, Any]


class WorldBuilder:
    """A world in the making. Everything is added under a key, by which the others name it."""

    def __init__(self) -> None:
        self._sections: dict[str, list[dict[str, Any]]] = defaultdict(list)

    def document(self) -> bytes:
        return json.dumps({"format": "flowport-world/1", **self._sections}).encode()

    def users(self) -> Sequence[str]:
        return [user["key"] for user in self._sections["users"]]

    def user(self, key: str, tenant: str | None = None) -> None:
        name = key.capitalize()
        self._add("users", key=key, firstName=name, lastName="Tester", email=email_of(key), tenant=tenant)

    def tenant(self, key: str, *, whitelist: bool = False) -> None:
        self._add("tenants", key=key, name=key.capitalize(), componentWhitelist=whitelist)

    def contract(
        self, key: str, tenant: str, *, name: str | None = None, suspended: bool = False, quota: int | None = None
    ) -> None:
        status = "SUSPENDED" if suspended else "ACTIVE"
        self._add("contracts", key=key, tenant=tenant, name=name or key.capitalize(), status=status, flowQuota=quota)

    def workspace(self, key: str, contract: str, kind: str = FULL, *, name: str | None = None) -> None:
        self._add("workspaces", key=key, contract=contract, name=name or key.capitalize(), type=kind)

    def members(self, workspace: str, **roles: str) -> None:
        """The role of each member, by the key of the user."""
        for user, role in roles.items():
            self._add("workspaceMembers", workspace=workspace, user=user, role=role)

    def provisioner(self, user: str, tenant: str) -> None:
        self._add("tenantMembers", tenant=tenant, user=user, role="provisioner")

    def contract_members(self, contract: str, **roles: str) -> None:
        for user, role in roles.items():
            self._add("contractMembers", contract=contract, user=user, role=role)

    def role(self, key: str, tenant: str, *permissions: str) -> None:
        self._add("roles", key=key, tenant=tenant, scope="WORKSPACE", name=key.capitalize(), permissions=permissions)

    def team(self, key: str, contract: str, *, name: str | None = None) -> None:
        self._add("teams", key=key, contract=contract, name=name or key)

    def component(
        self,
        key: str,
        team: str,
        access: str = GLOBAL,
        *,
        name: str | None = None,
        requires: str = "NONE",
        pub_sub: bool = False,
        topic_field: str | None = None,
        whitelisted: Iterable[str] = (),
    ) -> None:
        self._add(
            "components",
            key=key,
            team=team,
            name=name or key,
            title=f"The {key}",
            access=access,
            requires=requires,
            pubSub=pub_sub,
            topicField=topic_field,
            whitelistedContracts=list(whitelisted),
        )

    def topic(self, key: str, workspace: str, name: str | None = None, schema: object = None) -> None:
        self._add("topics", key=key, workspace=workspace, name=name or key.capitalize(), schema=schema)

    def credential(self, key: str, workspace: str, component: str, *, name: str | None = None) -> None:
        self._add("credentials", key=key, workspace=workspace, component=component, name=name or key.capitalize())

    def secret(self, key: str, workspace: str, component: str, *, name: str | None = None) -> None:
        self._add("secrets", key=key, workspace=workspace, component=component, name=name or key.capitalize())

    def agent(self, key: str, workspace: str, *, name: str | None = None) -> None:
        self._add("agents", key=key, workspace=workspace, name=name or key.capitalize())

    def flow(
        self,
        key: str,
        workspace: str,
        *,
        published: Graph | Sequence[Graph] = (),
        draft: Graph | None = None,
        author: str | None = None,
        **properties: Any,
    ) -> None:
        """A flow with published versions, oldest first, and a draft; of one author, or of nobody who is still here."""
        graphs = [published] if isinstance(published, dict) else published
        self._add(
            "flows",
            key=key,
            workspace=workspace,
            author=author,
            versions=[{"graph": graph, "publishedBy": author} for graph in graphs],
            draft=None if draft is None else {"graph": draft, "author": author},
            **{"name": key.capitalize(), **properties},
        )

    def _add(self, section: str, **properties: Any) -> None:
        self._sections[section].append(properties)


def email_of(user: str) -> str:
    return f"{user}@example.com"


def step(
    step_id: str,
    command: str,
    *,
    credential: str | None = None,
    secret: str | None = None,
    agent: str | None = None,
    topic: str | None = None,
    samples: object = None,
    fields: Mapping[str, Any] | None = None,
    **others: Any,
) -> dict[str, Any]:
    """A step in the native form; what it isn't bound to has no key there."""
    named = {
        "credentials_id": credential,
        "secret_id": secret,
        "vpn_agent_id": agent,
        "selected_data_samples": samples,
        "fields": {**(fields or {}), "topic": topic} if topic is not None else fields,
    }
    return {"id": step_id, "command": command, **others, **{key: value for key, value in named.items() if value}}


def graph(*steps: dict[str, Any], **others: Any) -> Graph:
    """The steps one after the other."""
    ids = [each["id"] for each in steps]
    return {
        "nodes": list(steps),
        "edges": [{"source": before, "target": after} for before, after in pairwise(ids)],
        **others,
    }
