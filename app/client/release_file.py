"""Release files: YAML that names the flows of a release and its workspaces. Every mistake has its line and path."""

from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, ValidationInfo, field_validator
from pydantic_core import ErrorDetails

from app.client.api import MISTAKES, Stopped

LARGEST_FILE = 256 * 1024
"""Bytes: a thousand ids of flows take 32 KiB, a thousand mappings of ids 80 KiB."""
LONGEST_NAME = 255
SAME_WORKSPACE = "This is the workspace of `from` too: a release goes to another one."
MESSAGES = {
    "bool_parsing": "Expected true or false.",
    "bool_type": "Expected true or false.",
    "dict_type": "Expected a line `FROM: TO` for each mapping.",
    "extra_forbidden": "There is no such property here.",
    "list_type": "Expected a list of names or ids.",
    "literal_error": "Expected refuse or overwrite.",
    "missing": "This property is missing.",
    "model_type": "Expected properties, each on a line such as `from: Retail Development`.",
    "string_pattern_mismatch": "The text holds a NUL character, which no name has.",
    "string_too_long": f"Expected a name or an id, of at most {LONGEST_NAME} characters.",
    "string_too_short": "Expected a name or an id, and this is empty.",
    "string_type": "Expected text.",
    "string_unicode": "The text holds half of a surrogate pair, which is no character.",
    "value_error": SAME_WORKSPACE,
}

Name = Annotated[str, Field(min_length=1, max_length=LONGEST_NAME, pattern=r"^[^\x00]*$")]
Location = tuple[str | int, ...]
Mistake = tuple[Location, str]


class FileSection(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Mappings(FileSection):
    equal_names: bool = Field(default=False, alias="equal-names")
    ids: dict[Name, Name] = {}


class Release(FileSection):
    """The properties of a release file."""

    source: Name = Field(alias="from")
    destination: Name = Field(alias="to")
    flows: Annotated[list[Name] | None, BeforeValidator(lambda flows: None if flows == "all" else flows)] = None
    exclude: list[Name] = Field(default=[], alias="except")
    mappings: Mappings = Mappings()
    start: bool = False
    destination_changes: Literal["refuse", "overwrite"] = Field(default="refuse", alias="destination-changes")

    @field_validator("destination")
    @classmethod
    def is_another_workspace(cls, destination: str, info: ValidationInfo) -> str:
        if destination == info.data.get("source"):
            raise ValueError(SAME_WORKSPACE)
        return destination


DEEPEST = 2
NESTED = {"flows", "except", "mappings", "ids"}
"""Deepest level of properties whose lines are noted: aliases of YAML could make any number of deeper ones."""


class ReleaseFile:
    """A parsed release file, with the lines of its properties."""

    def __init__(self, path: Path) -> None:
        """Raise Stopped with all mistakes of the file."""
        self.path = path
        self._lines: dict[Location, int] = {}
        try:
            with path.open("rb") as file:
                content = file.read(LARGEST_FILE + 1)
            if len(content) > LARGEST_FILE:
                raise Stopped(MISTAKES, f"{path}:1: $: A release file has at most {LARGEST_FILE // 1024} KiB.")
            self.text = content.decode("utf-8-sig")
            # Of this loader all values are text: `no`, `1.10` and `2026-12-01` are names like others.
            loader = yaml.BaseLoader(self.text)
            root = loader.get_single_node()
            properties = {} if root is None else loader.construct_document(root)
        except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
            mark = getattr(error, "problem_mark", None)
            texts = [getattr(error, name, None) for name in ("context", "problem")]
            reason = ", ".join(filter(None, texts)) or str(error).partition("\n")[0]
            raise Stopped(MISTAKES, f"{path}:{1 if mark is None else mark.line + 1}: $: {reason}.") from None
        mistakes: list[Mistake] = [(path, "This property stands here twice.") for path in self._note_lines(root)]
        try:
            self.release = Release.model_validate(properties)
        except ValidationError as error:
            # Beyond the third part of a path pydantic only says that the key of a mapping is wrong.
            mistakes += ((each["loc"][:3], message_of(each)) for each in error.errors())
        if mistakes:
            raise self.stopped(mistakes)

    def stopped(self, mistakes: Iterable[Mistake]) -> Stopped:
        """The end of a command, with a line for each mistake in the order of the file."""
        lines = sorted((self._line(path), json_path(path), message) for path, message in mistakes)
        return Stopped(MISTAKES, *(f"{self.path}:{line}: {at}: {message}" for line, at, message in lines))

    def _line(self, path: Location) -> int:
        """The line of a property or item or, if it is missing, of the object that should have it."""
        return self._lines.get(path) or (self._line(path[:-1]) if path else 1)

    def _note_lines(self, node: yaml.Node | None, path: Location = ()) -> Iterator[Location]:
        """Note the lines, and answer the keys that a mapping has twice; YAML would silently take the last."""
        if isinstance(node, yaml.SequenceNode):
            self._lines |= {(*path, index): item.start_mark.line + 1 for index, item in enumerate(node.value)}
        if isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                at = (*path, key.value)
                if at in self._lines:
                    yield at
                elif key.value in NESTED and len(path) < DEEPEST:
                    yield from self._note_lines(value, at)
                self._lines[at] = key.start_mark.line + 1


def message_of(error: ErrorDetails) -> str:
    """The message about a wrong property; about an unknown one, with the nearest known name."""
    path = error["loc"]
    message = MESSAGES.get(error["type"], f"{error['msg']}.")
    section = Release if len(path) == 1 else Mappings
    names = [field.alias or name for name, field in section.model_fields.items()]
    if error["type"] == "extra_forbidden" and (nearest := get_close_matches(str(path[-1]), names, n=1)):
        return f"{message.removesuffix('.')}; the nearest is `{nearest[0]}`."
    return message


def json_path(path: Location) -> str:
    return "$" + "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
