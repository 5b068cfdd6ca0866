"""A world document as the plan takes it: its items, and the mistakes in its form, which a schema of pydantic describes."""

import json
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any, Never

from pydantic.json_schema import GenerateJsonSchema
from pydantic_core import CoreSchema, ErrorDetails, SchemaValidator, ValidationError
from pydantic_core import core_schema as form

from app.domain.content import json_mistakes, located
from app.domain.graph import Json
from app.domain.world.sections import FORMAT, KEY_LIMITS, REQUIRED, SECTIONS, Property, Section
from app.domain.world.things import FLOW_STATES, Item, Mistake
from app.json_keys import repeated_keys

Progress = Callable[[str, int, int], None]
"""Shows what is being done, how much of it is done, and how much there is to do."""
ITEMS_AT_A_TIME = 5000
TWICE = "This stands in the file twice."


class UnreadableDocument(Exception):
    """The text of a document can't be read as one; the argument is the mistake."""


def read_document(document: bytes | Json, progress: Progress) -> tuple[list[Item], list[Mistake]]:
    """The items of a document, the text of a file or a JSON value, and the mistakes in its form."""
    try:
        sections, mistakes = _decode(document) if isinstance(document, bytes) else (document, [])
    except UnreadableDocument as error:
        return [], [*error.args]
    if not isinstance(sections, dict):
        return [], [Mistake((), "A world file is an object.")]
    mistakes.extend(_mistakes_at_the_top(sections))
    lists = {name: raw for name, raw in sections.items() if name in SECTIONS and isinstance(raw, list)}
    items, total = list[Item](), sum(map(len, lists.values()))
    for name, things in lists.items():
        for index, raw in enumerate(things):
            item, mistakes_of_item = read_item(SECTIONS[name], index, raw)
            mistakes.extend(mistakes_of_item)
            if item is not None:
                items.append(item)
            if index % ITEMS_AT_A_TIME == 0:
                progress("Reading", len(items), total)
    progress("Reading", total, total)
    return items, mistakes


def _decode(text: bytes) -> tuple[Json, list[Mistake]]:
    """Decode a document; also answers the keys that stand twice in an object. Refuses a section that stands twice."""
    try:
        value = json.loads(text.decode("utf-8-sig"), parse_constant=_refuse_constant)
        twice = [Mistake((*repeated.path, repeated.key), TWICE) for repeated in repeated_keys(text, value)]
    except UnicodeDecodeError as error:
        reason = f"This isn't UTF-8: byte {error.start} fits nothing."
    except json.JSONDecodeError as error:
        reason = f"This isn't JSON: {error}."
    except RecursionError:
        reason = "This is nested too deeply to be read."
    except ValueError:
        reason = "A number in here has too many digits to be read."
    else:
        if twice and len(twice[0].path) == 1:
            raise UnreadableDocument(twice[0])
        return value, twice
    raise UnreadableDocument(Mistake((), reason))


def _refuse_constant(name: str) -> Never:
    raise UnreadableDocument(Mistake((), f"A number in here is none that JSON knows: {name}."))


def _mistakes_at_the_top(sections: Mapping[str, Json]) -> Iterator[Mistake]:
    """Mistakes in the properties of a document that aren't lists of a section."""
    if sections.get("format") != FORMAT:
        yield Mistake(("format",), f'The format of a world file is "{FORMAT}".')
    for name, value in sections.items():
        if name not in SECTIONS and name != "format":
            yield Mistake((name,), f"There is no such section. There are: {', '.join(SECTIONS)}.")
        elif name in SECTIONS and not isinstance(value, list | None):
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
    for name in section.json_properties & raw.keys():
        path = (section.name, index)
        mistakes.extend(
            Mistake((*path, *located(raw, each.path)), each.message) for each in json_mistakes(raw[name], (name,))
        )
    malformed = frozenset(str(each.path[2]) for each in mistakes)
    left_out = malformed | FLOW_STATES
    values = {name: raw[name] for name in raw if name not in left_out}
    return Item(section, index, values, malformed, {name: raw[name] for name in FLOW_STATES & raw.keys()}), mistakes


def _message(details: ErrorDetails) -> str:
    context: Mapping[str, Any] = details.get("ctx", {})
    if details["type"] == "string_pattern_mismatch":
        if "\0" in details["input"]:
            return _NUL
        return "An e-mail address is expected here." if "@" in context["pattern"] else "This can't be blank."
    return _MESSAGES.get(details["type"], details["msg"]).format_map(context)
