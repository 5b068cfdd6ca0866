"""The world file of the tests of use cases: a company that releases flows from development into production.

Ada may edit flows everywhere. Gus is a guest. Cora is a member of the contract Retail, and of none of its workspaces.
Olga works elsewhere.
"""

from typing import Any

from tests.api.world_builder import graph
from tests.usecases.steps import code, erp, mailer, pub, sub, team_component

ORDERS_SCHEMA = {"properties": {"id": {}, "total": {}}, "required": ["id", "total"]}
LIVE_ORDERS_SCHEMA = {"properties": {"id": {}}, "required": ["id"]}

WORKSPACES = {
    "development": ("retail", "LIMITED"),
    "production": ("retail", "FULL"),
    "kitchen": ("foods", "FULL"),
    "cellar": ("frozen", "FULL"),
    "small-live": ("small", "FULL"),
    "small-shop": ("small", "FULL"),
    "small-lab": ("small", "LIMITED"),
    "full-live": ("full", "FULL"),
    "full-lab": ("full", "LIMITED"),
    "closed-live": ("closed", "FULL"),
    "harbour": ("overseas", "FULL"),
}


def company() -> dict[str, Any]:
    return {
        "format": "flowport-world/1",
        "tenants": [{"key": "home", "name": "Home"}, {"key": "abroad", "name": "Abroad"}],
        "contracts": [
            {"key": "retail", "tenant": "home", "name": "Retail"},
            {"key": "foods", "tenant": "home", "name": "Foods"},
            {"key": "frozen", "tenant": "home", "name": "Frozen", "status": "SUSPENDED"},
            {"key": "small", "tenant": "home", "name": "Small", "flowQuota": 5},
            {"key": "full", "tenant": "home", "name": "Full", "flowQuota": 1},
            {"key": "closed", "tenant": "home", "name": "Closed", "status": "SUSPENDED", "flowQuota": 0},
            {"key": "overseas", "tenant": "abroad", "name": "Overseas"},
        ],
        "workspaces": [
            {"key": key, "contract": contract, "name": key.capitalize(), "type": workspace_type}
            for key, (contract, workspace_type) in WORKSPACES.items()
        ],
        **_people(),
        **_things(),
        "flows": _flows(),
    }


def _people() -> dict[str, Any]:
    names = ("ada", "ben", "gus", "cora", "olga")
    everywhere = [{"workspace": key, "user": "ada", "role": "integrator"} for key in WORKSPACES]
    return {
        "users": [
            {"key": name, "firstName": name.capitalize(), "lastName": "Smith", "email": f"{name}@example.com"}
            for name in names
        ],
        "workspaceMembers": [
            *everywhere,
            *({"workspace": key, "user": "ben", "role": "owner"} for key in ("development", "production")),
            *({"workspace": key, "user": "gus", "role": "guest"} for key in WORKSPACES),
            {"workspace": "harbour", "user": "olga", "role": "integrator"},
        ],
        "contractMembers": [{"contract": "retail", "user": "cora", "role": "admin"}],
    }


def _things() -> dict[str, Any]:
    shared = {"team": "core", "access": "GLOBAL"}
    return {
        "teams": [
            {"key": "core", "contract": "retail", "name": "core"},
            {"key": "lab", "contract": "retail", "name": "lab"},
        ],
        "components": [
            {"key": "pub-sub", "name": "pub-sub", "pubSub": True, **shared},
            {"key": "mailer", "name": "mailer", "requires": "CREDENTIAL", **shared},
            {"key": "erp", "name": "erp", "requires": "SECRET", **shared},
            {"key": "code", "name": "code", **shared},
            {"key": "normalizer", "name": "normalizer", "team": "lab"},
        ],
        "topics": [
            {"key": "dev-orders", "workspace": "development", "name": "Orders", "schema": ORDERS_SCHEMA},
            {"key": "dev-items", "workspace": "development", "name": "Items"},
            {"key": "live-orders", "workspace": "production", "name": "Orders", "schema": LIVE_ORDERS_SCHEMA},
            {"key": "live-items", "workspace": "production", "name": "Items"},
        ],
        "credentials": [
            {"key": "dev-mail", "workspace": "development", "component": "mailer", "name": "Mail"},
            {"key": "live-mail", "workspace": "production", "component": "mailer", "name": "Mail"},
            {"key": "draft-mail", "workspace": "production", "component": "mailer", "name": "Mail for trying"},
        ],
        "secrets": [
            {"key": "dev-erp", "workspace": "development", "component": "erp", "name": "ERP"},
            {"key": "live-erp", "workspace": "production", "component": "erp", "name": "ERP"},
        ],
        "agents": [
            {"key": "dev-agent", "workspace": "development", "name": "Office"},
            {"key": "live-agent", "workspace": "production", "name": "Office"},
        ],
    }


def _flow(key: str, workspace: str, **said: Any) -> dict[str, Any]:
    versions = [{"publishedBy": "ben", **version} for version in said.pop("versions", [])]
    draft = said.pop("draft", None)
    its_draft = None if draft is None else {"author": "ben", **draft}
    name = key.replace("-", " ").capitalize()
    return {"key": key, "workspace": workspace, "name": name, "author": "ben", **said} | {
        "versions": versions,
        "draft": its_draft,
    }


def _flows() -> list[dict[str, Any]]:
    plain = {"graph": graph(code("1"))}
    return [
        *_flows_of_development(),
        *_flows_of_production(),
        _flow("recipes", "kitchen", versions=[plain]),
        _flow("ice", "cellar", versions=[plain]),
        _flow("till", "small-live", versions=[plain]),
        _flow("stock", "small-live", versions=[plain]),
        _flow("trial", "small-lab", versions=[plain]),
        _flow("only-one", "full-live", versions=[plain]),
        _flow("sketch", "full-lab", versions=[plain]),
        _flow("ships", "harbour", versions=[plain]),
    ]


def _flows_of_development() -> list[dict[str, Any]]:
    orders = graph(
        sub("in", "dev-orders"),
        mailer("mail", "dev-mail", agent="dev-agent", samples={"sample": "one"}),
        erp("erp", "dev-erp"),
    )
    old = {"graph": graph(sub("in", "dev-orders")), "name": "Orders before", "description": "As it was"}
    draft = {"graph": graph(sub("in", "dev-orders"), code("new")), "name": "Orders to come", "cron": "0 4 * * *"}
    several = graph(sub("in", "dev-orders"), pub("out", "dev-items"), pub("copy", "dev-orders"))
    described = {"description": "Sends orders on", "cron": "*/15 * * * *", "type": "REAL_TIME", "status": "ACTIVE"}
    return [
        _flow("orders", "development", **described, versions=[old, {"graph": orders}], draft=draft),
        _flow("unpublished", "development", draft={"graph": graph(code("1", "return 1"))}),
        _flow("plain", "development", versions=[{"graph": graph(code("1", "return 2"))}]),
        _flow("two-topics", "development", versions=[{"graph": several}]),
        _flow("topicless", "development", versions=[{"graph": graph(sub("in", None))}]),
        _flow("of-the-team", "development", versions=[{"graph": graph(team_component("1"), code("2"))}]),
    ]


def _flows_of_production() -> list[dict[str, Any]]:
    chosen = graph(
        sub("in", "live-orders"), mailer("mail", "live-mail", agent="live-agent"), erp("erp", "live-erp"), code("old")
    )
    tried = graph(mailer("mail", "draft-mail"))
    return [
        _flow("orders-live", "production", status="ACTIVE", cron="0 1 * * *", versions=[{"graph": chosen}]),
        _flow("busy", "production", versions=[{"graph": graph(code("1"))}], draft={"graph": tried}),
        _flow("never-published", "production", draft={"graph": tried}),
    ]
