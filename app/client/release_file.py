"""Release files: YAML that names the flows of a release and its workspaces. Every mistake has its line and path."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from app.client.api import MISTAKES, Stopped

LONGEST_NAME = 255
DEEPEST = 2
"""Mappings in mappings are as deep as release files go."""
MESSAGES = {"missing": "This property is missing.", "extra_forbidden": "There is no such property here."}

Name = Annotated[str, Field(min_length=1, max_length=LONGEST_NAME)]
Location = tuple[str | int, ...]
Mistake = tuple[Location, str]


class FileSection(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, hide_input_in_errors=True)


class Mappings(FileSection):
    equal_names: bool = Field(default=False, alias="equal-names")
    ids: dict[str, str] = {}


class Release(FileSection):
    """The properties of a release file."""

    source: Name = Field(alias="from")
    destination: Name = Field(alias="to")
    flows: Annotated[list[Name] | None, BeforeValidator(lambda flows: None if flows == "all" else flows)] = None
    exclude: list[Name] = Field(default=[], alias="except")
    mappings: Mappings = Mappings()
    start: bool = False
    destination_changes: Literal["refuse", "overwrite"] = Field(default="refuse", alias="destination-changes")


class ReleaseFile:
    """A parsed release file, with the lines of its properties."""

    def __init__(self, path: Path) -> None:
        """Raise Stopped with all mistakes of the file."""
        self.name = path.name
        self.path = path
        try:
            self.text = path.read_text(encoding="utf-8")
            loader = yaml.SafeLoader(self.text)
            self._root = loader.get_single_node()
            content = None if self._root is None else loader.construct_document(self._root)
        except (yaml.YAMLError, UnicodeDecodeError) as error:
            mark = getattr(error, "problem_mark", None)
            line = 1 if mark is None else mark.line + 1
            raise Stopped(MISTAKES, f"{path}:{line}: $: {getattr(error, 'problem', None) or error}") from None
        mistakes: list[Mistake] = [
            ((*path, key), "This property stands here twice.") for path, key in duplicates(self._root)
        ]
        try:
            self.release = Release.model_validate({} if content is None else content)
        except ValidationError as error:
            mistakes += [(each["loc"], MESSAGES.get(each["type"], f"{each['msg']}.")) for each in error.errors()]
        if mistakes:
            raise self.stopped(mistakes)

    def stopped(self, mistakes: Iterable[Mistake]) -> Stopped:
        """The end of a command, with a line for each mistake in the order of the file."""
        lines = sorted((self._line(path), json_path(path), message) for path, message in mistakes)
        return Stopped(MISTAKES, *(f"{self.path}:{line}: {at}: {message}" for line, at, message in lines))

    def _line(self, path: Location) -> int:
        """The line of a property or item or, if it is missing, of the object that should have it."""
        node, line = self._root, 1
        for part in path:
            if isinstance(node, yaml.SequenceNode) and isinstance(part, int):
                node = node.value[part]
                line = node.start_mark.line + 1
            elif isinstance(node, yaml.MappingNode):
                pair = next((pair for pair in reversed(node.value) if pair[0].value == part), None)
                if pair is None:
                    break
                line, node = pair[0].start_mark.line + 1, pair[1]
        return line


def duplicates(node: yaml.Node | None, path: Location = ()) -> Iterator[Mistake]:
    """The keys that a mapping has twice; YAML would silently take the last."""
    if isinstance(node, yaml.MappingNode) and len(path) < DEEPEST:
        names = [key.value for key, _ in node.value]
        yield from ((path, name) for name in dict.fromkeys(names) if names.count(name) > 1)
        for key, value in node.value:
            yield from duplicates(value, (*path, str(key.value)))


def json_path(path: Location) -> str:
    return "$" + "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
