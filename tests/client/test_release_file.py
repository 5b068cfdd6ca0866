"""Release files: what they say, and every mistake at once with its line and path."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from app.client.api import MISTAKES, Stopped
from app.client.release_file import MESSAGES, ReleaseFile

WHOLE = """\
from: Retail Development
to: workspace_01jgfjjz00ezfsd70hzbx5b6b8
flows:
  - Order intake
  - flow_01jgfjjz00egfse4cs6ndrkzt1
except: [Sandbox]
mappings:
  equal-names: true
  ids:
    credential_01jgfjjz00fpqryv2fvw0ehzns: credential_01jgfjjz00fpqryv2fvw0ehznt
start: true
destination-changes: overwrite
"""
MISTAKEN = """\
from: ""
flows: some
except:
  - Sandbox
  - [7]
start: "yes"
start: true
mappings:
  equal-names: perhaps
  ids: {credential_a: {}}
  equal-name: true
colour: red
exept: []
destination-changes: undo
"""
PROPERTIES = "Expected properties, each on a line such as `from: Retail Development`."


def read(folder: Path, text: str) -> ReleaseFile:
    path = folder / "release.yaml"
    path.write_text(text, encoding="utf-8")
    return ReleaseFile(path)


def mistakes_of(folder: Path, text: str) -> list[str]:
    with pytest.raises(Stopped) as stopped:
        read(folder, text)
    assert stopped.value.status == MISTAKES
    return [line.removeprefix(f"{folder}/") for line in stopped.value.reasons]


def test_a_file_says_what_goes_where(tmp_path: Path) -> None:
    release = read(tmp_path, WHOLE).release
    assert (release.source, release.destination) == ("Retail Development", "workspace_01jgfjjz00ezfsd70hzbx5b6b8")
    assert (release.flows, release.exclude) == (["Order intake", "flow_01jgfjjz00egfse4cs6ndrkzt1"], ["Sandbox"])
    assert (release.start, release.destination_changes) == (True, "overwrite")
    assert release.mappings.equal_names
    assert [*release.mappings.ids] == ["credential_01jgfjjz00fpqryv2fvw0ehzns"]


@pytest.mark.parametrize("flows", ["", "flows: all\n"])
def test_all_flows_are_released_unless_some_are_named(tmp_path: Path, flows: str) -> None:
    release = read(tmp_path, f"from: Development\nto: Production\n{flows}").release
    assert (release.flows, release.exclude, release.start, release.mappings.ids) == (None, [], False, {})
    assert (release.mappings.equal_names, release.destination_changes) == (False, "refuse")


def test_every_mistake_of_a_file_is_told_with_its_line_and_path(tmp_path: Path) -> None:
    assert mistakes_of(tmp_path, MISTAKEN) == [
        "release.yaml:1: $.from: Expected a name or an id, and this is empty.",
        "release.yaml:1: $.to: This property is missing.",
        "release.yaml:2: $.flows: Expected a list of names or ids.",
        "release.yaml:5: $.except[1]: Expected text.",
        "release.yaml:7: $.start: This property stands here twice.",
        "release.yaml:9: $.mappings.equal-names: Expected true or false.",
        "release.yaml:10: $.mappings.ids.credential_a: Expected text.",
        "release.yaml:11: $.mappings.equal-name: There is no such property here; the nearest is `equal-names`.",
        "release.yaml:12: $.colour: There is no such property here.",
        "release.yaml:13: $.exept: There is no such property here; the nearest is `except`.",
        "release.yaml:14: $.destination-changes: Expected refuse or overwrite.",
    ]


@pytest.mark.parametrize("value", ["", "~", "7", "{all: true}"])
def test_what_is_no_list_of_flows_is_not_taken_for_all_flows(tmp_path: Path, value: str) -> None:
    assert mistakes_of(tmp_path, f"from: a\nto: b\nflows: {value}\n") == [
        "release.yaml:3: $.flows: Expected a list of names or ids."
    ]


def test_names_that_other_readers_of_yaml_take_for_something_else_are_names(tmp_path: Path) -> None:
    release = read(tmp_path, "\ufefffrom: 2026-13-45\nto: 1.10\nflows: [no, 7]\nmappings: {ids: {on: off}}\n").release
    assert (release.source, release.destination, release.flows) == ("2026-13-45", "1.10", ["no", "7"])
    assert release.mappings.ids == {"on": "off"}


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        ("", "release.yaml:1: $.from: This property is missing."),
        ("# nothing yet\n", "release.yaml:1: $.from: This property is missing."),
        ("- from\n", f"release.yaml:1: $: {PROPERTIES}"),
        ("some text\n", f"release.yaml:1: $: {PROPERTIES}"),
        ('from = "a"\nto = "b"\n[mappings]\nequal-names = true\n', f"release.yaml:1: $: {PROPERTIES}"),
        ("from: a\nto: b\nmappings: yes\n", f"release.yaml:3: $.mappings: {PROPERTIES}"),
        (
            "from: a\nto: b\nmappings: {ids: [c]}\n",
            "release.yaml:3: $.mappings.ids: Expected a line `FROM: TO` for each",
        ),
        ("from: a\nto: a\n", "release.yaml:2: $.to: This is the workspace of `from` too"),
        (f"from: a\nto: {'b' * 256}\n", "release.yaml:2: $.to: Expected a name or an id, of at most 255 characters."),
        (
            "from: Development\nto: [",
            "release.yaml:2: $: while parsing a flow node, expected the node content, but found '<stream end>'.",
        ),
        (
            "from: a\n---\nto: b\n",
            "release.yaml:2: $: expected a single document in the stream, but found another document.",
        ),
        ("from: \0", "release.yaml:1: $: unacceptable character #x0000: special characters are not allowed."),
        ("from: [a]: b\n", "release.yaml:1: $: mapping values are not allowed here."),
        ("? [from]\n: a\n", "release.yaml:1: $: while constructing a mapping, found unhashable key."),
        ("[" * 10_000, "release.yaml:1: $: maximum recursion depth exceeded"),
    ],
)
def test_what_is_no_release_file_is_told_likewise(tmp_path: Path, text: str, mistake: str) -> None:
    [first, *_] = mistakes_of(tmp_path, text)
    assert first.startswith(mistake)


def test_a_mistake_that_we_have_no_words_for_is_told_in_those_of_the_library(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(MESSAGES, "literal_error")
    assert mistakes_of(tmp_path, "from: a\nto: b\ndestination-changes: undo\n") == [
        "release.yaml:3: $.destination-changes: Input should be 'refuse' or 'overwrite'."
    ]


def test_a_file_that_is_no_text_is_told_likewise(tmp_path: Path) -> None:
    (tmp_path / "release.yaml").write_bytes(b"from: \xff")
    with pytest.raises(Stopped, match="invalid start byte"):
        ReleaseFile(tmp_path / "release.yaml")


def test_no_more_is_read_of_a_file_than_a_release_takes() -> None:
    with pytest.raises(Stopped, match=r"/dev/zero:1: \$: A release file has at most 256 KiB\.") as stopped:
        ReleaseFile(Path("/dev/zero"))
    assert stopped.value.status == MISTAKES


@pytest.mark.parametrize(
    "text",
    [
        "".join(f"a{number}: b\n" for number in range(20_000)),
        "flows: a\n" * 20_000,
        f"a: &a {{{', '.join(f'k{number}: v' for number in range(9_000))}}}\n"
        + "".join(f"m{n}: *a\n" for n in range(9_000)),
        "a0: &a0 {b: c}\n"
        + "".join(f"a{n}: &a{n} {{flows: *a{n - 1}, ids: *a{n - 1}, mappings: *a{n - 1}}}\n" for n in range(1, 99))
        + "mappings: *a98\n",
    ],
    ids=["unknown", "twice", "wide", "deep"],
)
def test_lines_are_noted_in_linear_time(tmp_path: Path, text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Counted, since machines differ: how many lines are noted, for any number of mistakes and aliases."""
    noted = 0
    original = ReleaseFile._note_lines

    def counted(file: ReleaseFile, node: yaml.Node | None, path: tuple[str | int, ...] = ()) -> Iterator[Any]:
        nonlocal noted
        noted += len(node.value) if node is not None else 0
        return original(file, node, path)

    monkeypatch.setattr(ReleaseFile, "_note_lines", counted)
    assert mistakes_of(tmp_path, text)
    assert noted <= 2 * len(text)


@pytest.mark.parametrize(
    ("line", "mistake"),
    [
        (r'to: "\ud800"', "release.yaml:2: $.to: The text holds half of a surrogate pair, which is no character."),
        (r'to: "a\0b"', "release.yaml:2: $.to: The text holds a NUL character, which no name has."),
        (
            "to: X\nmappings: {ids: {a: ''}}",
            "release.yaml:3: $.mappings.ids.a: Expected a name or an id, and this is empty.",
        ),
        (
            "to: X\nmappings:\n  ids:\n    a: b\n    '': b",
            "release.yaml:6: $.mappings.ids.: Expected a name or an id, and this is empty.",
        ),
        (
            'to: X\nmappings: {ids: {a: "\\ud800"}}',
            "release.yaml:3: $.mappings.ids.a: The text holds half of a surrogate pair, which is no character.",
        ),
        (
            'to: X\nmappings: {ids: {"\\ud800": a}}',
            (
                "release.yaml:3: $.mappings.ids.\ufffd\ufffd\ufffd: "
                "The text holds half of a surrogate pair, which is no character."
            ),
        ),
    ],
)
def test_a_text_that_no_name_has_is_a_mistake_of_its_line(tmp_path: Path, line: str, mistake: str) -> None:
    assert mistakes_of(tmp_path, f"from: Retail Development\n{line}\n") == [mistake]
