"""The form of a world document as pydantic models, made of its sections: for reading, and for its JSON Schema."""

from collections.abc import Mapping
from functools import cache
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, create_model
from pydantic_core import ErrorDetails, PydanticCustomError

from app.domain.graph import Json
from app.domain.id_prefixes import kind_of
from app.domain.world.sections import FORMAT, KEY_LIMITS, REQUIRED, SECTIONS, Property, Rule, Section
from app.domain.world.things import Item, Mistake

_MESSAGES = {
    "missing": "This property is required.",
    "extra_forbidden": "There is no such property here.",
    "model_type": "An object is expected here.",
    "string_type": "A string is expected here.",
    "bool_type": "true or false is expected here.",
    "int_type": "A whole number is expected here.",
    "list_type": "A list is expected here.",
    "string_too_short": "This can't be empty.",
    "string_too_long": "This has more than {max_length} characters.",
    "greater_than_equal": "This can't be less than {ge}.",
    "less_than_equal": "This can't be more than {le}.",
    "literal_error": "One of these is expected here: {expected}.",
    "rule": "{reason}",
}
_PATTERNS = {r"\S": "This can't be blank."}
_ELSEWHERE = "string_unicode"
"""Halves of characters, which `odd_texts` finds too."""


class _Object(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


def _held_to(rule: Rule) -> AfterValidator:
    def check(value: str) -> str:
        reason = rule(value)
        if reason is not None:
            raise PydanticCustomError("rule", "{reason}", {"reason": reason})
        return value

    return AfterValidator(check)


def _no_id(key: str) -> str | None:
    return None if kind_of(key) is None else "A key can't look like one of Flowport's ids."


def _annotation(each: Property) -> Any:  # noqa: ANN401 - whatever pydantic takes for a type
    form: Any = each.form
    if isinstance(form, Section):
        state: Any = _model(form, is_state=True)
        return list[state] if each.default == () else state
    if isinstance(form, tuple):
        return Literal[form]
    if form is object:
        return Any
    limited: Any = Annotated[str if form is list else form, Field(**each.limits)]
    if each.rule is not None:
        return Annotated[limited, _held_to(each.rule)]
    if form is list:
        return list[limited]
    return limited


def _field(each: Property, *, is_state: bool) -> tuple[Any, Any]:
    annotation = _annotation(each)
    if is_state and each.default is REQUIRED:
        return annotation, Field(alias=each.name)
    return annotation | None if annotation is not Any else Any, Field(None, alias=each.name)


@cache
def _model(section: Section, *, is_state: bool = False) -> type[BaseModel]:
    """What is required of a new thing is for the plan to say, which knows what is new."""
    fields: dict[str, Any] = {f"{each.name}_": _field(each, is_state=is_state) for each in section.properties}
    if not is_state:
        fields["remove_"] = bool, Field(default=False, alias="remove")
    if section.kind is not None:
        fields["id_"] = str, Field("", alias="id")
        fields["key_"] = Annotated[str, Field(**KEY_LIMITS), _held_to(_no_id)], Field("", alias="key")
    return create_model(section.name, __base__=_Object, **fields)


MODELS: Mapping[str, type[BaseModel]] = {name: _model(section) for name, section in SECTIONS.items()}


def _optional(annotation: Any) -> Any:  # noqa: ANN401 - of pydantic's types
    return annotation | None


def document_schema() -> dict[str, Json]:
    """The JSON Schema of world documents, for editors and CI."""
    sections: dict[str, Any] = {name: (_optional(list[model]), None) for name, model in MODELS.items()}  # type: ignore[valid-type]
    sections["format"] = Literal[FORMAT], ...
    document = create_model("World", __base__=_Object, **sections)
    return document.model_json_schema()


def read_item(section: Section, index: int, raw: Json) -> tuple[Item | None, list[Mistake]]:
    """What a document says of a thing, without what isn't in its form, and everything that is wrong with that."""
    errors: list[ErrorDetails] = []
    try:
        MODELS[section.name].model_validate(raw)
    except ValidationError as error:
        errors = [each for each in error.errors(include_url=False) if each["type"] != _ELSEWHERE]
    mistakes = [Mistake((section.name, index, *each["loc"]), _message(each)) for each in errors]
    if not isinstance(raw, dict):
        return None, mistakes
    malformed = frozenset(str(each["loc"][0]) for each in errors)
    if section.name != "flows":
        values = {name: value for name, value in raw.items() if name not in malformed} if malformed else raw
        return Item(section, index, values, malformed), mistakes
    values = {name: raw[name] for name in raw if name not in malformed and name not in {"versions", "draft"}}
    versions, draft = (None if name in malformed else raw.get(name) for name in ("versions", "draft"))
    by = [*((each, "publishedBy") for each in versions or ()), *([] if draft is None else [(draft, "author")])]
    users = tuple(user for state, name in by if isinstance(user := state.get(name), str))
    return Item(section, index, values, malformed, len(by), is_published=bool(versions), users=users), mistakes


def _message(details: ErrorDetails) -> str:
    context: Mapping[str, Any] = details.get("ctx", {})
    if details["type"] == "string_pattern_mismatch":
        return _PATTERNS.get(context["pattern"], "An e-mail address is expected here.")
    return _MESSAGES.get(details["type"], details["msg"]).format_map(context)
