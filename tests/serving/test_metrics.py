"""What is measured: who may read it, and that no caller makes it grow."""

import re

import pytest

from app.graphql.http.documents import ROOT_FIELDS
from tests.api.databases import Loaded, Server
from tests.serving.test_browsers import browsing

TOKEN = "a-token-for-metrics"
EVERYWHERE, LOOPBACK = "0.0.0.0", "127.0.0.1"


@pytest.mark.parametrize(
    ("host", "setting", "token", "given", "status"),
    [
        (LOOPBACK, "auto", None, None, 200),
        ("::1", "auto", None, None, 200),
        (LOOPBACK, "auto", TOKEN, None, 401),
        (LOOPBACK, "auto", TOKEN, f"Bearer {TOKEN}", 200),
        (EVERYWHERE, "auto", None, None, 404),
        (EVERYWHERE, "auto", None, f"Bearer {TOKEN}", 404),
        (EVERYWHERE, "auto", TOKEN, None, 401),
        (EVERYWHERE, "auto", TOKEN, f"Bearer {TOKEN}x", 401),
        (EVERYWHERE, "auto", TOKEN, f"Basic {TOKEN}", 401),
        (EVERYWHERE, "auto", TOKEN, "Bearer demo-integrator", 401),
        (EVERYWHERE, "auto", TOKEN, "Bearer \u00fc", 401),
        (EVERYWHERE, "auto", TOKEN, f"Bearer {TOKEN}", 200),
        (EVERYWHERE, "on", None, None, 200),
        (EVERYWHERE, "on", TOKEN, None, 401),
        (LOOPBACK, "off", None, None, 404),
        (LOOPBACK, "off", TOKEN, f"Bearer {TOKEN}", 404),
    ],
)
async def test_metrics_are_open_on_loopback_and_elsewhere_for_whoever_has_the_token(
    host: str, setting: str, token: str | None, given: str | None, status: int
) -> None:
    headers = {} if given is None else {b"Authorization": given.encode()}
    async with browsing(host=host, metrics=setting, metrics_token=token) as http:
        response = await http.get("/metrics", headers=headers)
    assert response.status_code == status
    if status == 200:
        assert "# TYPE flowport_operations_total counter" in response.text
    else:
        assert list(response.json()) == ["errors"]
    assert (response.headers.get("WWW-Authenticate") == "Bearer") == (status == 401)


ODD = [
    {"query": "query Odd_%s { viewer { id } }"},
    {"query": "query A_%s { viewer { id } }", "operationName": "A_%s"},
    {"query": "{ viewer { id } }", "operationName": "unknown_%s"},
    {"query": "{ odd_%s: viewer { id } }"},
    {"query": "{ unknown_%s }"},
    {"query": "{ unknown_%s { a } viewer { id } }"},
    {"query": "query { ...f } fragment f on Query { unknown_%s }"},
    {"query": "mutation { unknown_%s }"},
    {"query": "subscription { unknown_%s }"},
    {"query": "{ __typename __schema { queryType { name } } unknown_%s: __typename }"},
    {"query": "{ viewer(unknown_%s: 1) { id } }"},
    {"query": "%s"},
    {"query": "{"},
    {"variables": "%s"},
]


async def test_whatever_callers_call_things_there_are_no_new_labels(databases: Server, loaded: Loaded) -> None:
    async with databases.serving(loaded) as api:
        headers = {"Authorization": f"Bearer {api.tokens['ada']}"}
        for round_ in ("first", "second"):
            for odd in ODD:
                body = {key: value.replace("%s", f"{round_}_x") for key, value in odd.items()}
                assert (await api.http.post("/graphql", json=body, headers=headers)).status_code in {200, 400}
                await api.http.post("/graphql", json=body, headers={"Authorization": f"Bearer {round_}"})
        told = (await api.http.get("/metrics")).text
    assert "_x" not in told
    labels = {name: set(re.findall(rf'[{{,]{name}="([^"]*)"', told)) for name in ("operation", "outcome", "code")}
    assert labels["operation"] <= ROOT_FIELDS | {"several", "unknown"}
    assert labels["outcome"] <= {"ok", "refused", "failed", "cancelled"}
    assert all(re.fullmatch("[A-Z_]+", code) for code in labels["code"])
    assert {"UNAUTHENTICATED", "GRAPHQL_PARSE_FAILED", "BAD_REQUEST"} <= labels["code"]
