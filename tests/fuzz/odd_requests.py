"""HTTP requests, in order and odd: methods, headers, media types, bodies; each with the statuses that it may get."""

import gzip
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from app.settings import read_settings
from tests.fuzz.judge import GRAPHQL_TYPE, JSON_TYPE
from tests.fuzz.values import Values

OK = frozenset({200})
BAD = frozenset({400})
RAN = frozenset({200, 400})
"""In the new media type a request that never ran is a 400; how the document fares is not known here."""

LARGEST_BODY = read_settings({}).max_body_bytes

QUERY = b'{"query": "{ __typename }"'
NO_JSON = (
    b"",
    b"{",
    b"\xff\xfe",
    b"\xef\xbb\xbf{}",
    b"NaN",
    b"{'query': 1}",
    QUERY,
    QUERY + b"} x",
    gzip.compress(QUERY + b"}"),
)
TOO_MUCH = (b"[" * 200_000, b'{"a":' * 100_000, b"9" * 5000, QUERY + b', "variables": {"n": 1' + b"0" * 400 + b"}}")
NO_REQUESTS = (b"null", b"3", b'"x"', b"[]", b"[{}]", b"{}", b'{"query": 1}', b'{"query": null}', b'{"query": ""}')
ODD_MEMBERS = (
    *(b', "operationName": 3}', b', "extensions": []}', b', "variables": "{}"}', b', "variables": [1]}'),
    *(
        b', "variables": {"n": 18446744073709551616}}',
        b', "variables": {"s": "\\ud800"}}',
        b', "operationName": "Nobody"}',
    ),
)
ODD_BODIES = (
    *(*NO_JSON, *TOO_MUCH, *NO_REQUESTS, *(QUERY + member for member in ODD_MEMBERS)),
    *(b'[{"query": "{ __typename }"}]', b'{"query": "{ a\\u0000 }"}', b'{"query": "\\ud800"}'),
    '{"query": "{ __typename }"}'.encode("utf-16"),
)
OTHER_TYPES = (
    *("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "", "application/xml"),
    "application/json; charset=latin-1",
)
ACCEPTED = {"image/png": 406, "a" * 9000: 406} | dict.fromkeys(("text/html", "*/*", "", "application/*", ",,;"), 200)
WRONG_TOKENS: tuple[str | bytes, ...] = (
    *("Bearer", "Bearer x", "Basic eDp5", "bearer fp_x_y", f"Bearer {'a' * 9000}", "Bearer a b", "x"),
    *("Bearer fp_\u00e9".encode(), b"Bearer \xff\xfe"),
)


@dataclass(frozen=True, slots=True)
class Sent:
    """A request, and the statuses that it may get."""

    method: str = "POST"
    path: str = "/graphql"
    headers: dict[str, str | bytes] = field(default_factory=dict)
    content: bytes = b""
    statuses: frozenset[int] = RAN

    def __str__(self) -> str:
        return f"{self.method} {self.path[:300]} {self.headers} {self.content[:3000]!r}"


def asking(document: str, variables: dict[str, Any], values: Values, **others: Any) -> Sent:
    """A request in order for a document; which of the two media types is wanted is left to chance."""
    body = {"query": document, "variables": variables, **others}
    accept = values.random.choice((GRAPHQL_TYPE, JSON_TYPE))
    content = dumped(body)
    # A hundred items with graphs in them may be too much for one request.
    statuses = RAN if len(content) <= LARGEST_BODY else frozenset({413})
    return Sent(headers={"Content-Type": JSON_TYPE, "Accept": accept}, content=content, statuses=statuses)


def dumped(body: Any) -> bytes:
    """As a sloppy client writes it: half characters and infinite numbers included."""
    return json.dumps(body).encode()


class OddRequests:
    """Makes odd requests."""

    def __init__(self, values: Values) -> None:
        self.values = values

    def next(self) -> Sent:
        kinds: tuple[Callable[[], Sent], ...] = (
            self._odd_body,
            self._odd_body,
            self._odd_header,
            self._odd_method,
            self._get,
            self._odd_path,
            self._odd_member,
        )
        return self.values.random.choice(kinds)()

    def _post(self, content: bytes, statuses: frozenset[int], **headers: str | bytes) -> Sent:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        usual: dict[str, str | bytes] = {"Content-Type": JSON_TYPE, "Accept": GRAPHQL_TYPE}
        return Sent(headers=usual | named, content=content, statuses=statuses)

    def _odd_body(self) -> Sent:
        random = self.values.random
        noise = bytes(random.randrange(256) for _ in range(random.randrange(1, 200)))
        documents = [dumped({"query": document}) for document in self._deep_documents()]
        return self._post(random.choice((*ODD_BODIES, noise, *documents)), BAD)

    def _deep_documents(self) -> tuple[str, ...]:
        deep = self.values.random.choice((50, 400, 3000, 20_000))
        many = self.values.random.choice((2, 30, 60))
        doubled = " ".join(f"fragment f{n} on Query {{ ...f{n + 1} ...f{n + 1} }}" for n in range(many))
        chain = " ".join(f"fragment f{n} on Query {{ ...f{n + 1} }}" for n in range(deep))
        return (
            "{ a" * deep + "}" * deep,
            "{" * deep,
            f"{{ nodes(ids: {'[' * deep}{']' * deep}) {{ id }} }}",
            f"{{ nodes(ids: {'{a:' * deep}1{'}' * deep}) {{ id }} }}",
            f"query($x: {'[' * deep}Int{']' * deep}) {{ __typename }}",
            "{ ... " * deep + "{ nothing }" + "}" * deep,
            f"{{ ...f0 }} {doubled} fragment f{many} on Query {{ nothing }}",
            f"{{ ...f0 }} {chain} fragment f{deep} on Query {{ nothing }}",
            "{ ...f } fragment f on Query { ...f }",
            "{ " + " ".join(f"a{n}: __typename" for n in range(deep)) + " nothing }",
            "{ nothing " + "@skip(if: true) " * deep + "}",
            "query A { __typename } query B { __typename }",
            "type A { a: Int }",
            "subscription { nothing }",
            '{ workspaces(search: "' + "x" * deep + '") { nothing } }',
            f"{{ workspaces(first: {'9' * deep}) {{ totalCount }} }}",
        )

    def _odd_header(self) -> Sent:
        random, good = self.values.random, QUERY + b"}"
        accept, status = random.choice(list(ACCEPTED.items()))
        harmless: dict[str, str | bytes] = {
            "X-Request-Id": random.choice((b"a\xffb", "x" * 5000, "ok-1", "", "<script>")),
            "Origin": random.choice(("null", "http://evil.example", "\\")),
            "Cookie": "; ".join(["a=b"] * 100),
            "Range": "bytes=0-1",
            "If-None-Match": "*",
        }
        return random.choice(
            (
                self._post(good, frozenset({415}), Content_Type=random.choice(OTHER_TYPES)),
                self._post(good, frozenset({status}), Accept=accept),
                self._post(good, frozenset({401}), Authorization=random.choice(WRONG_TOKENS)),
                self._post(good, OK, **harmless),
                self._post(good, RAN | {415}, Content_Encoding="gzip"),
                self._post(b'{"query": "' + b" " * 1_100_000 + b'"}', frozenset({413})),
            )
        )

    def _odd_method(self) -> Sent:
        random = self.values.random
        method = random.choice(("PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "PROPFIND"))
        content = b'{"query": "{ __typename }"}' if method not in {"HEAD", "TRACE"} and self.values.chance(0.5) else b""
        headers: dict[str, str | bytes] = {"Content-Type": JSON_TYPE}
        return Sent(method, "/graphql", headers, content, frozenset({405}))

    def _get(self) -> Sent:
        mutation = quote('mutation { publishFlowDraft(input: {flowId: "x"}) { flow { id } } }')
        text = quote(self.values.text().encode("utf-8", "replace"))
        paths = {
            "?query={__typename}": OK,
            "?query={__typename}&variables=": OK,
            "?query={__typename}&variables={": BAD,
            "?query={__typename}&variables=[1]": BAD,
            f"?query={{__typename}}&variables={quote('[' * 2000 + ']' * 2000)}": BAD,
            "?query={__typename}&variables={%22n%22:18446744073709551616}": BAD,
            "?query={__typename}&operationName=": OK,
            "?query={__typename}&extensions=3": BAD,
            f"?query={mutation}": frozenset({405}),
            "?query=": BAD,
            "?query": BAD,
            "?": BAD,
            "?query=%ff%fe": BAD,
            "?query=%00": BAD,
            "?query={__typename}&query={x}": RAN,
            f"?query={{__typename}}&operationName={text}": RAN,
            # The parser takes a document that asks for nothing, and so it is answered nothing.
            f"?query={text}": OK if text == quote("{}") else BAD,
            f"?query={{node(id:{quote(json.dumps(self.values.id()))}){{id}}}}": RAN,
        }
        path, statuses = self.values.random.choice(list(paths.items()))
        return Sent("GET", f"/graphql{path}", {"Accept": GRAPHQL_TYPE}, b"", statuses)

    def _odd_path(self) -> Sent:
        paths = {
            "/": 404,
            "/graphql/x": 404,
            "/graphql/static/../../main.py": 404,
            "/graphql/static/%2e%2e%2fhttp.py": 404,
            "/graphql/static/nothing.js": 404,
            "/nothing%00": 404,
            "/%ff": 404,
            "/health": 200 if (method := self.values.random.choice(("GET", "POST", "PROPFIND"))) == "GET" else 405,
            "/ready": 200 if method == "GET" else 405,
            "/metrics": 200 if method == "GET" else 405,
        }
        path, status = self.values.random.choice(list(paths.items()))
        statuses = frozenset({status, 405}) if status == 404 else frozenset({status})
        return Sent(method, path, {}, b"", statuses)

    def _odd_member(self) -> Sent:
        """A body in order but for a value of one of its members."""
        body: dict[str, Any] = {"query": "{ __typename }", "variables": {}, "operationName": None, "extensions": {}}
        body[self.values.random.choice(list(body))] = self.values.json()
        return self._post(dumped(body), RAN)
