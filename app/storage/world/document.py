"""A world document as the plan takes it: its items, and the mistakes in its form, which a schema of pydantic describes.

A large document is read piece by piece. As objects it would take five times the memory of its text, and with 200,000 flows
`flowport apply` would take 66 s instead of 46 (`scripts/benchmarks/provisioning.py`). `ijson`, which reads so too, knows
neither the line of a syntax error nor that a section stands in the document twice.
"""

import json
import re
from array import array
from collections.abc import Callable, Collection, Iterator, Mapping
from functools import partial
from typing import Any, Never

from pydantic.json_schema import GenerateJsonSchema
from pydantic_core import CoreSchema, ErrorDetails, SchemaValidator, ValidationError
from pydantic_core import core_schema as form

from app.domain.content import mistakes_in_json
from app.domain.graph import Json
from app.domain.world.sections import FORMAT, KEY_LIMITS, REQUIRED, SECTIONS, Property, Section
from app.domain.world.things import Item, Mistake, Part
from app.json_keys import repeated_key

Progress = Callable[[str, int, int], None]
"""Shows what is being done, how much of it is done, and how much there is to do."""
ITEMS_AT_A_TIME = 5000
TWICE = "This stands in the file twice."
TOO_DEEP = "This is nested too deeply to be read."
_SPACE = re.compile(r"[ \t\n\r]*")


class UnreadableDocument(Exception):
    """The text of a document can't be read as one; the argument is the mistake."""


class WorldDocument:
    """The items of a document and its mistakes; the graphs of its flows are read once more when they are needed."""

    def __init__(self, document: bytes | Json, progress: Progress) -> None:
        """`document` is the text of a file, or a JSON value."""
        self.items: list[Item] = []
        self.mistakes: list[Mistake] = []
        self._progress = progress
        self._starts: dict[str, array[int]] = {}
        self._decoder = json.JSONDecoder(parse_constant=_refuse_constant)
        try:
            self._text = _text_of(document)
            self._read()
        except UnreadableDocument as error:
            self.items, self.mistakes = [], [*error.args]

    def flows(self, indexes: Collection[int]) -> Iterator[tuple[int, Json]]:
        """The whole JSON of the flows with these indexes."""
        starts = enumerate(self._starts.get("flows", ()))
        return ((index, self._decoder.raw_decode(self._text, start)[0]) for index, start in starts if index in indexes)

    def _read(self) -> None:
        self._go_to(0)
        if not self._takes("{"):
            self._decode()
            raise UnreadableDocument(Mistake((), "A world file is an object."))
        rest: dict[str, Json] = {}
        for at in self._elements("}"):
            if not self._text.startswith('"', at):
                self._refuse("Expecting property name enclosed in double quotes", at)
            name = str(self._decode())
            if not self._takes(":"):
                self._refuse("Expecting ':' delimiter", self._at)
            if name in self._starts or name in rest:
                raise UnreadableDocument(Mistake((name,), TWICE))
            if name in SECTIONS and self._takes("["):
                self._read_section(name)
            else:
                rest[name] = self._decode(name)
        if self._at < len(self._text):
            self._refuse("Extra data", self._at)
        self.mistakes.extend(_mistakes_at_the_top(rest))
        self._progress("Reading", self._at, self._at)

    def _read_section(self, name: str) -> None:
        section, starts = SECTIONS[name], self._starts.setdefault(name, array("Q"))
        for index, at in enumerate(self._elements("]")):
            starts.append(at)
            item, mistakes = read_item(section, index, self._decode(name, index))
            self.mistakes.extend(mistakes)
            if item is not None:
                self.items.append(item)
            if index % ITEMS_AT_A_TIME == 0:
                self._progress("Reading", self._at, len(self._text))

    def _elements(self, end: str) -> Iterator[int]:
        """The places of the elements of an object or a list; the caller decodes each before it asks for the next."""
        is_over = self._takes(end)
        while not is_over:
            yield self._at
            comma = self._at
            has_comma = self._takes(",")
            is_over = self._takes(end)
            if has_comma and is_over:
                self._refuse("Illegal trailing comma before end", comma)
            if not (has_comma or is_over):
                self._refuse("Expecting ',' delimiter", comma)

    def _takes(self, mark: str) -> bool:
        """Whether a mark comes next, which is then behind the place."""
        is_next = self._text.startswith(mark, self._at)
        if is_next:
            self._go_to(self._at + len(mark))
        return is_next

    def _go_to(self, at: int) -> None:
        space = _SPACE.match(self._text, at)
        self._at = at if space is None else space.end()

    def _decode(self, *path: Part) -> Json:
        """Decode the next value; a key that stands twice in one of its objects is a mistake."""
        try:
            value, end = self._decoder.raw_decode(self._text, self._at)
            repeated = repeated_key(self._text[self._at : end].encode(errors="surrogatepass"), value)
        except json.JSONDecodeError as error:
            self._refuse(error.msg, error.pos)
        except RecursionError:
            raise UnreadableDocument(Mistake(path, TOO_DEEP)) from None
        except ValueError:
            raise UnreadableDocument(Mistake(path, "A number in here is none that JSON knows.")) from None
        if repeated is not None:
            self.mistakes.append(Mistake((*path, *repeated.path, repeated.key), TWICE))
        self._go_to(end)
        return value

    def _refuse(self, reason: str, at: int) -> Never:
        # The error knows how to count lines and columns.
        error = json.JSONDecodeError(reason, self._text, at)
        raise UnreadableDocument(Mistake((), f"This isn't JSON: {error}.")) from None


def _text_of(document: bytes | Json) -> str:
    try:
        return document.decode("utf-8-sig") if isinstance(document, bytes) else json.dumps(document)
    except UnicodeDecodeError as error:
        raise UnreadableDocument(Mistake((), f"This isn't UTF-8: byte {error.start} fits nothing.")) from None
    except RecursionError:
        raise UnreadableDocument(Mistake((), TOO_DEEP)) from None


def _refuse_constant(name: str) -> Never:
    raise ValueError(name)


def _mistakes_at_the_top(sections: Mapping[str, Json]) -> Iterator[Mistake]:
    """Mistakes in the properties of a document that aren't lists of a section."""
    if sections.get("format") != FORMAT:
        yield Mistake(("format",), f'The format of a world file is "{FORMAT}".')
    for name, value in sections.items():
        if name not in SECTIONS and name != "format":
            yield Mistake((name,), f"There is no such section. There are: {', '.join(SECTIONS)}.")
        elif name in SECTIONS and value is not None:
            yield Mistake((name,), "A list is expected here.")


_MESSAGES = {
    "missing": "This property is required.",
    "extra_forbidden": "There is no such property here.",
    "dict_type": "An object is expected here.",
    "string_type": "A string is expected here.",
    "string_unicode": "The text holds half of a surrogate pair, which is no character.",
    "bool_type": "true or false is expected here.",
    "int_type": "A whole number is expected here.",
    "list_type": "A list is expected here.",
    "string_too_short": "This can't be empty.",
    "string_too_long": "This has more than {max_length} characters.",
    "greater_than_equal": "This can't be less than {ge}.",
    "less_than_equal": "This can't be more than {le}.",
    "literal_error": "One of these is expected here: {expected}.",
    "value_error": "{error}",
}
_NUL = "The text holds a NUL character, which can't be stored."


_PLAIN: Mapping[Any, Callable[..., CoreSchema]] = {
    object: form.any_schema,
    bool: partial(form.bool_schema, strict=True),
    int: partial(form.int_schema, strict=True),
}
"""By the forms of properties."""


def _value(part: Property) -> CoreSchema:
    if isinstance(part.form, Section):
        state = _object(part.form, has_required=True)
        return state if part.default is None else form.list_schema(state)
    if isinstance(part.form, tuple):
        return form.literal_schema([*part.form])
    if part.form in _PLAIN:
        return _PLAIN[part.form](**part.limits)
    text = form.str_schema(**part.limits)
    if part.rule is not None:
        return form.no_info_after_validator_function(part.rule, text)
    return form.list_schema(text) if part.form is list else text


def _object(section: Section, *, has_required: bool = False) -> CoreSchema:
    """The form of a thing or state. A new thing's required properties are left to the plan, which knows what is new."""
    fields = {}
    for part in section.properties:
        is_required = has_required and part.default is REQUIRED
        value = _value(part) if is_required else form.nullable_schema(_value(part))
        fields[part.name] = form.typed_dict_field(value, required=is_required)
    if not has_required:
        fields["remove"] = form.typed_dict_field(form.bool_schema(strict=True), required=False)
    if section.kind is not None:
        for name in ("id", "key"):
            fields[name] = form.typed_dict_field(form.str_schema(**KEY_LIMITS), required=False)
    return form.typed_dict_schema(fields, cls_name=section.name, extra_behavior="forbid")


_OBJECTS: Mapping[str, CoreSchema] = {name: _object(section) for name, section in SECTIONS.items()}
_VALIDATORS = {name: SchemaValidator(schema) for name, schema in _OBJECTS.items()}


def document_schema() -> dict[str, Json]:
    """The JSON Schema of world documents, for editors and CI."""
    lists = {name: form.nullable_schema(form.list_schema(schema)) for name, schema in _OBJECTS.items()}
    sections = {name: form.typed_dict_field(schema, required=False) for name, schema in lists.items()}
    sections["format"] = form.typed_dict_field(form.literal_schema([FORMAT]), required=True)
    document = form.typed_dict_schema(sections, cls_name="World", extra_behavior="forbid")
    return GenerateJsonSchema().generate(document)


def read_item(section: Section, index: int, raw: Json) -> tuple[Item | None, list[Mistake]]:
    """Read one thing of a document: its well-formed properties, and the mistakes in the others."""
    mistakes: list[Mistake] = []
    try:
        _VALIDATORS[section.name].validate_python(raw)
    except ValidationError as error:
        details = error.errors(include_url=False)
        mistakes = [Mistake((section.name, index, *each["loc"]), _message(each)) for each in details]
    if not isinstance(raw, dict):
        return None, mistakes
    for name in (part.name for part in section.properties if part.form is object and part.name in raw):
        mistakes.extend(
            Mistake((section.name, index, name, *place), reason) for place, reason in mistakes_in_json(raw[name])
        )
    malformed = frozenset(str(each.path[2]) for each in mistakes)
    values = {name: raw[name] for name in raw if name not in malformed and name not in {"versions", "draft"}}
    return Item(section, index, values, malformed, _users_of(raw, malformed)), mistakes


def _users_of(flow: Mapping[str, Json], malformed: frozenset[str]) -> tuple[str, ...]:
    """The users that the versions and the draft of a flow name."""
    versions, draft = (None if name in malformed else flow.get(name) for name in ("versions", "draft"))
    named = [*(each.get("publishedBy") for each in versions or ()), *([] if draft is None else [draft.get("author")])]
    return tuple(user for user in named if user is not None)


def _message(details: ErrorDetails) -> str:
    context: Mapping[str, Any] = details.get("ctx", {})
    if details["type"] == "string_pattern_mismatch":
        if "\0" in details["input"]:
            return _NUL
        return "An e-mail address is expected here." if "@" in context["pattern"] else "This can't be blank."
    return _MESSAGES.get(details["type"], details["msg"]).format_map(context)
