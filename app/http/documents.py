"""Documents: parsed, validated, cached once they are valid; and what their operations ask for."""

import hashlib
import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from cachetools import FIFOCache
from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLSyntaxError,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    Source,
    SourceLocation,
    TokenKind,
    parse,
)
from graphql.execution.values import VariableValues

from app.execution.plan import CachedPlan, PlanCache, conditions_of
from app.execution.request_errors import UnacceptableInput
from app.graphql.schema import mistakes_in, schema
from app.http.limits.query_cost import KnownCost, LimitExceeded
from app.http.responses import json_text
from app.offload import offload

ROOT_FIELDS = frozenset(
    field
    for root in (schema.graphql_schema.query_type, schema.graphql_schema.mutation_type)
    if root is not None
    for field in root.fields
)
FIELDS_OF_SCHEMA = frozenset({"__schema", "__type"})
INTROSPECTION = FIELDS_OF_SCHEMA | {"__typename"}
"""The fields that need no token where introspection is open to all."""

CACHED_CHARACTERS = 600_000
"""How many characters of documents are cached. Parsed, a document takes a hundred times as many bytes; most have a thousand
characters."""
ENTRY_CHARACTERS = 300
"""Characters that each document counts besides its own: a short one takes some kilobytes too."""
CHECKING = 10
"""How many times as long a character may take to validate as to parse, where fragments and fields are repeated."""
MOST_MISTAKES = 20
MOST_NAMES = 20
"""How many operations are named in a message."""
MOST_LETTERS, MOST_DIGITS = 256, 400
TOO_MANY_TOKENS = "Syntax Error: Document contains more than "
"""The beginning of what graphql-core says of a document that it reads no further; mistakes in a document begin otherwise."""
_LINE_END = re.compile(r"\r\n|[\n\r]")
_LONG_WORD = re.compile(rf"[_A-Za-z0-9]{{{MOST_LETTERS + 1}}}")


class IndexedSource(Source):
    """A source that finds the line of a position without counting lines from the beginning."""

    @cached_property
    def _line_starts(self) -> list[int]:
        return [0, *(end.end() for end in _LINE_END.finditer(self.body))]

    def get_location(self, position: int) -> SourceLocation:
        line = bisect_right(self._line_starts, position)
        return SourceLocation(line, position - self._line_starts[line - 1] + 1)


@dataclass(eq=False)
class Document:
    source: str
    node: DocumentNode
    is_valid: bool = False
    """The document was validated against the schema."""
    operations: "dict[str | None, Operation]" = field(default_factory=dict)
    """Operations that were asked for, by the name in the request."""


def size_of(document: Document) -> int:
    return ENTRY_CHARACTERS + len(document.source)


@dataclass(eq=False)
class Operation:
    """The operation of a document that is to be run."""

    document: Document
    node: OperationDefinitionNode
    costs: list[KnownCost] = field(default_factory=list)
    """The cost with some of the variables of earlier requests."""

    def __post_init__(self) -> None:
        definitions = self.document.node.definitions
        fragments = {node.name.value: node for node in definitions if isinstance(node, FragmentDefinitionNode)}
        self.name = None if self.node.name is None else self.node.name.value
        self.type = self.node.operation
        self.roots = frozenset(_root_fields(self.node.selection_set, fragments))
        """The fields that it asks for first."""
        self.hash = hashlib.sha256(self.document.source.encode(errors="replace")).hexdigest()[:16]
        """Tells documents apart in the log, without their text."""

    @cached_property
    def conditions(self) -> tuple[str, ...]:
        """The variables on which it depends what is selected."""
        return tuple(sorted(conditions_of(self.document.node)))

    @cached_property
    def label(self) -> str:
        """The label in metrics: the root field, if the schema has that field, so that the number of labels is bounded."""
        if len(self.roots) != 1:
            return "several"
        [root] = self.roots
        return root if root in ROOT_FIELDS else "unknown"


class Documents:
    """Parses and validates documents. Validated ones are cached, since clients send the same ones again and again."""

    def __init__(self, *, max_tokens: int, max_characters: int, hides_suggestions: bool) -> None:
        self._max_tokens = max_tokens
        self._max_characters = max_characters
        self._hides_suggestions = hides_suggestions
        self._plans = PlanCache()
        self._validated = FIFOCache[str, Document](CACHED_CHARACTERS, getsizeof=size_of)

    async def read(self, source: str) -> Document:
        """Raises GraphQLError for a document that can't be parsed, is too long, or has too many tokens or too long words."""
        cached = self._validated.get(source)
        if cached is not None:
            return cached
        if len(source) > self._max_characters:
            raise LimitExceeded("characters", len(source), self._max_characters)
        return Document(source, await offload(len(source), _parse, source, self._max_tokens))

    async def mistakes_in(self, document: Document) -> Sequence[GraphQLError]:
        """Validate a document that isn't cached, and cache it if it is valid."""
        mistakes = await offload(
            CHECKING * len(document.source),
            mistakes_in,
            document.node,
            most=MOST_MISTAKES,
            hides_suggestions=self._hides_suggestions,
        )
        if not mistakes and document.source not in self._validated and size_of(document) <= CACHED_CHARACTERS:
            document.is_valid = True
            self._validated[document.source] = document
        return mistakes

    def plan_of(self, operation: Operation, variables: VariableValues) -> CachedPlan:
        """The plan of an operation for these values of its conditions; that of a cached document is cached too."""
        if not operation.document.is_valid:
            return CachedPlan()
        conditions = tuple(map(variables.coerced.get, operation.conditions))
        return self._plans.plan_for((operation.document.source, operation.name, conditions))


def operation_of(document: Document, name: str | None) -> Operation:
    """The operation that is meant. Refuses a document that leaves open which one to run."""
    if name not in document.operations:
        operations = [node for node in document.node.definitions if isinstance(node, OperationDefinitionNode)]
        chosen = [node for node in operations if name is None or (node.name is not None and node.name.value == name)]
        if len(chosen) != 1:
            raise UnacceptableInput(_why_not_one(operations, name))
        document.operations[name] = Operation(document, chosen[0])
    return document.operations[name]


def _why_not_one(operations: Sequence[OperationDefinitionNode], name: str | None) -> str:
    """Why it isn't clear which operation is meant; names the operations unless there are very many."""
    if not operations:
        return "The document has no operation."
    names = [json_text(node.name.value) for node in operations if node.name is not None]
    its_names = f" Its operations are: {', '.join(names)}." if 0 < len(names) <= MOST_NAMES else ""
    if name is None:
        return f"The document has several operations: say with `operationName` which one to run.{its_names}"
    if json_text(name) in names:
        return f"The document has several operations called {json_text(name)}: give each a name of its own."
    without_name = "" if names else " Its operation has no name: leave `operationName` out."
    return f"The document has no operation called {json_text(name)}.{its_names}{without_name}"


def _parse(source: str, max_tokens: int) -> DocumentNode:
    try:
        parsed = parse(IndexedSource(source), max_lexical_tokens=max_tokens)
    except GraphQLSyntaxError as error:
        if error.message.startswith(TOO_MANY_TOKENS):
            raise LimitExceeded("tokens", f"more than {max_tokens}", max_tokens) from None
        raise
    if _LONG_WORD.search(source) is not None:
        _refuse_long_words(parsed)
    return parsed


def _refuse_long_words(parsed: DocumentNode) -> None:
    """Names are repeated in messages and in the log; and Python reads no number of more than 4,300 digits at all."""
    token = None if parsed.loc is None else parsed.loc.start_token
    while token is not None:
        length = len(token.value or "")
        if token.kind is TokenKind.NAME and length > MOST_LETTERS:
            raise UnacceptableInput(f"A name has {length} letters; at most {MOST_LETTERS} can be read.")
        if token.kind is TokenKind.INT and length > MOST_DIGITS:
            raise UnacceptableInput(f"A number has {length} digits; at most {MOST_DIGITS} can be read.")
        token = token.next


def _root_fields(selected: SelectionSetNode, fragments: dict[str, FragmentDefinitionNode]) -> Iterator[str]:
    """Found without recursion, since fragments may spread one another as often as a document has room for."""
    selections = [selected]
    for selection in selections:
        for node in selection.selections:
            if isinstance(node, FieldNode):
                yield node.name.value
            elif isinstance(node, InlineFragmentNode):
                selections.append(node.selection_set)
            # A fragment that is spread again adds no fields.
            elif isinstance(node, FragmentSpreadNode) and (fragment := fragments.pop(node.name.value, None)):
                selections.append(fragment.selection_set)
