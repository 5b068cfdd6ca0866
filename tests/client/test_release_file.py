"""Release files: what they say, and every mistake at once with its line and path."""

from pathlib import Path

import pytest

from app.client.api import MISTAKES, Stopped
from app.client.release_file import ReleaseFile

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
  - 7
start: "yes"
start: true
mappings:
  equal-names: perhaps
  ids: {credential_a: 3}
colour: red
"""


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
        "release.yaml:1: $.from: String should have at least 1 character.",
        "release.yaml:1: $.to: This property is missing.",
        "release.yaml:2: $.flows: Input should be a valid list.",
        "release.yaml:5: $.except[1]: Input should be a valid string.",
        "release.yaml:7: $.start: This property stands here twice.",
        "release.yaml:9: $.mappings.equal-names: Input should be a valid boolean.",
        "release.yaml:10: $.mappings.ids.credential_a: Input should be a valid string.",
        "release.yaml:11: $.colour: There is no such property here.",
    ]


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        ("", "release.yaml:1: $.from: This property is missing."),
        ("- from\n", "release.yaml:1: $: Input should be a valid dictionary or instance of Release."),
        ("from: Development\nto: [", "release.yaml:2: $: expected the node content, but found '<stream end>'"),
        ("from: a\n---\nto: b\n", "release.yaml:2: $: but found another document"),
        ("from: !!python/name:os.system a\n", "release.yaml:1: $: could not determine a constructor"),
    ],
)
def test_what_is_no_release_file_is_told_likewise(tmp_path: Path, text: str, mistake: str) -> None:
    [first, *_] = mistakes_of(tmp_path, text)
    assert first.startswith(mistake)


def test_a_file_that_is_no_text_is_told_likewise(tmp_path: Path) -> None:
    (tmp_path / "release.yaml").write_bytes(b"from: \xff")
    with pytest.raises(Stopped, match="invalid start byte"):
        ReleaseFile(tmp_path / "release.yaml")
