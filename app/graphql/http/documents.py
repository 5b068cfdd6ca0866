"""What a document asks for, found before it is run: its operations and the fields at their roots."""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLSyntaxError,
    InlineFragmentNode,
    Lexer,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    Source,
    TokenKind,
    parse,
)

from app.graphql.http.limits import LimitExceeded
from app.graphql.refused import BadRequest
from app.graphql.schema import schema

ROOT_FIELDS = frozenset(
    field
    for root in (schema.graphql_schema.query_type, schema.graphql_schema.mutation_type)
    if root is not None
    for field in root.fields
)
MOST_DIGITS = 400
_MANY_DIGITS = re.compile(rf"[0-9]{{{MOST_DIGITS + 1}}}")

INTROSPECTION = frozenset({"__schema", "__type", "__typename"})


@dataclass(frozen=True, slots=True)
class Operation:
    """The operation of a document that is to be run."""

    name: str | None
    type: OperationType
    roots: frozenset[str]
    """The fields that it asks for first."""
    node: OperationDefinitionNode
    document: DocumentNode

    @property
    def only_introspects(self) -> bool:
        """It asks for nothing but the schema, which needs no caller."""
        return self.roots <= INTROSPECTION

    @property
    def label(self) -> str:
        """What metrics call it: the field that it asks for, if that is one of the schema's, so that labels are bounded."""
        if len(self.roots) != 1:
            return "several"
        [root] = self.roots
        return root if root in ROOT_FIELDS else "unknown"

    @property
    def hash(self) -> str:
        """Tells documents apart in the log, without their text."""
        source = self.document.loc.source.body if self.document.loc is not None else ""
        return hashlib.sha256(source.encode(errors="replace")).hexdigest()[:16]

    @property
    def introspects(self) -> bool:
        return bool(self.roots & {"__schema", "__type"})


def operation_of(document: str, name: str | None, *, max_tokens: int) -> Operation:
    """The operation that is meant.

    Refuses a document that can't be read, that has too many tokens, or that leaves open which operation to run.
    """
    parsed = _parse(document, max_tokens)
    operations = [node for node in parsed.definitions if isinstance(node, OperationDefinitionNode)]
    chosen = [node for node in operations if name is None or (node.name is not None and node.name.value == name)]
    if not chosen:
        raise BadRequest("The document has no operation." if name is None else f"The document has no operation {name}.")
    if len(chosen) > 1:
        raise BadRequest("The document has several operations: say with `operationName` which one to run.")
    fragments = {node.name.value: node for node in parsed.definitions if isinstance(node, FragmentDefinitionNode)}
    roots = frozenset(_root_fields(chosen[0].selection_set, fragments))
    own_name = chosen[0].name
    return Operation(None if own_name is None else own_name.value, chosen[0].operation, roots, chosen[0], parsed)


@lru_cache(maxsize=1000)
def _parse(document: str, max_tokens: int) -> DocumentNode:
    try:
        parsed = parse(document, max_tokens=max_tokens)
    except GraphQLSyntaxError:
        if has_more_tokens(document, max_tokens):
            raise LimitExceeded("tokens", f"more than {max_tokens}", max_tokens) from None
        raise
    if _MANY_DIGITS.search(document) is not None:
        _refuse_long_numbers(parsed)
    return parsed


def has_more_tokens(document: str, most: int) -> bool:
    """Whether a document has more tokens than that; it is looked at no further."""
    lexer = Lexer(Source(document))
    try:
        for _ in range(most):
            if lexer.advance().kind is TokenKind.EOF:
                return False
        return lexer.advance().kind is not TokenKind.EOF
    except GraphQLSyntaxError:
        return False


def _refuse_long_numbers(parsed: DocumentNode) -> None:
    """Python reads no number of more than 4,300 digits, whatever it would be checked for next."""
    token = None if parsed.loc is None else parsed.loc.start_token
    while token is not None:
        if token.kind is TokenKind.INT and token.value is not None and len(token.value) > MOST_DIGITS:
            raise BadRequest(f"A number has {len(token.value)} digits; at most {MOST_DIGITS} can be read.")
        token = token.next


def _root_fields(selected: SelectionSetNode, fragments: dict[str, FragmentDefinitionNode]) -> Iterator[str]:
    """Found without recursion, since fragments may spread one another as often as a document has room for."""
    pending, seen = [selected], set[str]()
    while pending:
        for node in pending.pop().selections:
            if isinstance(node, FieldNode):
                yield node.name.value
            elif isinstance(node, InlineFragmentNode):
                pending.append(node.selection_set)
            elif isinstance(node, FragmentSpreadNode) and node.name.value not in seen:
                seen.add(node.name.value)
                if node.name.value in fragments:
                    pending.append(fragments[node.name.value].selection_set)
