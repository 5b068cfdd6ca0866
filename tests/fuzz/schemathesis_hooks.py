"""What Schemathesis must know of this API: what stands in JSON, what goes together, and what no answer may be.

It loads this itself, in a process of its own: see test_schemathesis.py.
"""

import re
from contextlib import suppress
from dataclasses import replace
from random import Random
from typing import Any

import graphql
import httpx
import schemathesis
from hypothesis import strategies as st
from schemathesis.graphql import nodes

from tests.fuzz.judge import faults
from tests.fuzz.values import Values
from tests.leaks.selections import SCHEMA

NAME = re.compile(r"[_A-Za-z][_0-9A-Za-z]*")
PAGES = ({"first"}, {"last"}, {"first", "after"}, {"last", "before"})
PAGING = set.union(*PAGES)


@schemathesis.check
def was_foreseen(_: schemathesis.CheckContext, response: schemathesis.Response, __: schemathesis.Case[Any]) -> None:
    """Nothing is INTERNAL, whatever the status; every error has a code, and none tells of the machinery."""
    headers = [(name, value) for name, values in response.headers.items() for value in values]
    request = httpx.Request(response.request.method or "", response.request.url or "")
    found = faults(httpx.Response(response.status_code, headers=headers, content=response.content, request=request))
    assert not found, "; ".join(found)


def literal(value: Any) -> graphql.ValueNode:
    """JSON as it is written in a document, without the keys that can't be."""
    match value:
        case dict():
            members = ((graphql.NameNode(value=key), each) for key, each in value.items() if NAME.fullmatch(key))
            fields = (graphql.ObjectFieldNode(name=name, value=literal(each)) for name, each in members)
            return graphql.ObjectValueNode(fields=tuple(fields))
        case list():
            return graphql.ListValueNode(values=tuple(map(literal, value)))
        case str():
            return nodes.String(value)
        case bool():
            return nodes.Boolean(value)
        case int():
            return nodes.Int(value)
        case float():
            return nodes.Float(value)
        case _:
            return nodes.Null


schemathesis.graphql.scalar("JSON", st.integers(0, 2**32).map(lambda seed: literal(Values(Random(seed)).graph())))  # noqa: S311

schemathesis.graphql.scalar("DateTime", st.datetimes().map(lambda time: nodes.String(f"{time.isoformat()}Z")))


@schemathesis.hook
def before_call(_: schemathesis.HookContext, case: schemathesis.Case[Any], __: dict[str, Any]) -> None:
    """Leave out of what is meant to be in order what excludes each other: Schemathesis fills in everything."""
    body = str(case.body)
    if case.meta is not None and case.meta.generation.mode.is_positive:
        types, random = graphql.TypeInfo(SCHEMA), Random(ascii(body))  # noqa: S311
        with suppress(graphql.GraphQLError):  # nested too deeply, as some graphs are
            case.body = graphql.print_ast(
                graphql.visit(graphql.parse(body), graphql.TypeInfoVisitor(types, OneOfEach(types, random)))
            )


class OneOfEach(graphql.Visitor):
    """Keeps one direction of each list, and one field of each input that takes only one."""

    def __init__(self, types: graphql.TypeInfo, random: Random) -> None:
        super().__init__()
        self._types = types
        self._random = random

    def leave_field(self, node: graphql.FieldNode, *_: Any) -> graphql.FieldNode:
        left_out = PAGING - self._random.choice(PAGES)
        kept = (each for each in node.arguments or () if each.name.value not in left_out)
        return replace(node, arguments=tuple(kept))

    def leave_object_value(self, node: graphql.ObjectValueNode, *_: Any) -> graphql.ObjectValueNode:
        type_ = graphql.get_named_type(self._types.get_input_type())
        definition = type_.extensions.get("strawberry-definition") if type_ is not None else None
        if getattr(definition, "is_one_of", False) and node.fields:
            return replace(node, fields=(self._random.choice(node.fields),))
        return node
