"""The header `Host`: a page that gives its own name our address reaches nothing, and addresses are answered everywhere."""

import httpx
import pytest

from app.settings import BadSettings, read_settings
from tests.databases import Databases, Loaded
from tests.serving.real import Real, real_server
from tests.serving.test_browsers import OURS, browsing, preflight

LOOPBACK, EVERYWHERE = "127.0.0.1", "0.0.0.0"
LISTED = "flowport.example.com, *.example.org, Other-Name"
NO_HOST = ("BAD_REQUEST", "The request must have exactly one header Host, with a host in it.")
EVERY_PATH = [
    *(("GET", path) for path in ("/graphql", "/graphql?query={__typename}", "/graphql/static/explorer.js", "/nowhere")),
    *(("GET", path) for path in ("/health", "/ready", "/metrics")),
    *(("POST", "/graphql"), ("OPTIONS", "/graphql"), ("PUT", "/graphql")),
]


async def asked(http: httpx.AsyncClient, *hosts: str, method: str = "GET", path: str = "/health") -> httpx.Response:
    """An answer to a request with these lines of `Host`."""
    request = http.build_request(method, path, headers={"Accept": "text/html", **preflight(OURS)})
    given = [("Host", host) for host in hosts]
    request.headers = httpx.Headers(
        [(name, value) for name, value in request.headers.items() if name != "host"] + given
    )
    return await http.send(request)


def not_allowed(host: str) -> tuple[str, str]:
    message = f"Requests for the host {host} are not answered here. FLOWPORT_ALLOWED_HOSTS lists further hosts."
    return "HOST_NOT_ALLOWED", message


def code_and_message(response: httpx.Response) -> tuple[str, str]:
    assert (response.status_code, list(response.json())) == (400, ["errors"])
    [error] = response.json()["errors"]
    return error["extensions"]["code"], error["message"]


@pytest.mark.parametrize(("method", "path"), EVERY_PATH)
async def test_a_page_that_gives_its_name_the_address_of_loopback_reaches_nothing(method: str, path: str) -> None:
    async with browsing(cors_origins=OURS) as http:
        response = await asked(http, "rebound.example.com:8000", method=method, path=path)
    assert code_and_message(response) == not_allowed("rebound.example.com")
    assert response.headers["Content-Type"] == "application/json; charset=utf-8"
    assert "access-control-allow-origin" not in response.headers


@pytest.mark.parametrize(("method", "path"), EVERY_PATH)
@pytest.mark.parametrize("hosts", [(), ("localhost", "localhost"), ("localhost", "example.com"), ("",)])
async def test_without_one_host_nothing_is_answered_on_any_path(method: str, path: str, hosts: tuple[str, ...]) -> None:
    for listening in (LOOPBACK, EVERYWHERE):
        async with browsing(host=listening, cors_origins=OURS) as http:
            assert code_and_message(await asked(http, *hosts, method=method, path=path)) == NO_HOST


@pytest.mark.parametrize(
    ("listening", "listed", "allowed", "refused"),
    [
        (
            LOOPBACK,
            None,
            ("localhost", "LocalHost:8000", "localhost.", "127.0.0.1", "127.0.0.1:1", "127.9.8.7", "[::1]", "[::1]:80"),
            ("example.com", "localhost.example.com", "0.0.0.0", "10.0.0.5", "[::2]", "127.1", "flowport", "128.0.0.1"),
        ),
        (
            LOOPBACK,
            LISTED,
            (
                "localhost",
                "127.0.0.1",
                "flowport.example.com:80",
                "FLOWPORT.example.com.",
                "a.b.example.org",
                "other-name",
            ),
            ("example.com", "x.flowport.example.com", "example.org", "xexample.org", "10.0.0.5"),
        ),
        (
            EVERYWHERE,
            None,
            ("localhost", "10.0.0.5:8000", "[fd00::1]:8000", "flowport.example.com", "service_name"),
            (),
        ),
        (
            EVERYWHERE,
            LISTED,
            ("localhost:8000", "10.0.0.5:8000", "[fd00::1]", "flowport.example.com", "a.example.org", "127.0.0.1"),
            ("rebound.example.com", "example.org", "flowport.example.com.evil.com"),
        ),
    ],
)
async def test_which_hosts_are_allowed(
    listening: str, listed: str | None, allowed: tuple[str, ...], refused: tuple[str, ...]
) -> None:
    listed = None if listed is None else read_settings({"allowed_hosts": listed}).allowed_hosts
    async with browsing(host=listening, allowed_hosts=listed) as http:
        assert {host: (await asked(http, host)).status_code for host in allowed} == dict.fromkeys(allowed, 200)
        for host in refused:
            assert code_and_message(await asked(http, host)) == not_allowed(host)


@pytest.mark.parametrize(
    "host",
    [
        *("local host", "user@localhost", "localhost/", "localhost:80:80", "localhost:port", "localhost:123456"),
        *(
            "::1",
            "[::1",
            "[localhost]",
            "[127.0.0.1]",
            "[::1%25lo]",
            "[1:2]",
            "\u00fc.example.com",
            "a" * 254,
            "*",
            ",",
        ),
    ],
)
async def test_what_is_no_host_is_refused_wherever_the_server_listens(host: str) -> None:
    for listening in (LOOPBACK, EVERYWHERE):
        async with browsing(host=listening) as http:
            request = http.build_request("GET", "/health", headers={b"Host": host.encode()})
            assert code_and_message(await http.send(request))[0] in {"BAD_REQUEST", "HOST_NOT_ALLOWED"}


@pytest.mark.parametrize(
    "given", ["http://example.com", "example.com:80", "*", "*example.com", "a.*.b", "a..b", "[::1]"]
)
def test_what_is_no_host_name_can_not_be_listed(given: str) -> None:
    with pytest.raises(BadSettings) as refused:
        read_settings({"allowed_hosts": f"good.example.com,{given}"})
    said = f"{given} is no host name, such as flowport.example.com or *.example.com"
    assert str(refused.value) == f"FLOWPORT_ALLOWED_HOSTS: {said}"


async def status_of(real: Real, *lines: str) -> int:
    async with real.saying(*lines, "Connection: close", "", "") as (reader, _):
        return int((await reader.read()).split()[1])


@pytest.mark.parametrize("version", ["1.0", "1.1"])
async def test_a_request_without_a_host_is_refused_in_every_version_of_http(
    databases: Databases, loaded_trade: Loaded, version: str
) -> None:
    async with real_server(databases, loaded_trade) as real:
        assert await status_of(real, f"GET /health HTTP/{version}") == 400
        assert await status_of(real, f"GET /health HTTP/{version}", "Host: localhost") == 200
